"""Servers of our own, processes of our own, and a new province for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from deploy import local
from deploy.tests.province import Ground, Province, founded
from shared.testing.processes import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where processes come from."""
    with Nursery() as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def session_ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    """PostgreSQL and Kafka that nobody else uses."""
    ground = Ground(tmp_path_factory.mktemp("ground") / "home")
    ground.start()
    admin = await asyncpg.connect(ground.stack.admin_url)
    await admin.execute("ALTER SYSTEM SET fsync = off")  # kill -9 loses nothing all the same, only a power cut would
    await admin.execute("SELECT pg_reload_conf()")
    await admin.close()
    yield ground
    ground.stack.close()
    local.stop(ground.home)


@pytest_asyncio.fixture
async def ground(session_ground: Ground) -> Ground:
    """The same, whole again after what the test before did to it."""
    for server in ("postgres", "kafka"):
        await session_ground.release(server)
    return session_ground


@pytest_asyncio.fixture
async def province(ground: Ground, nursery: Nursery, tmp_path: Path) -> AsyncIterator[Province]:
    """A new province; its processes are started by the test and killed after it."""
    async with founded(ground, nursery, tmp_path) as made:
        yield made
