"""The stack tests run on: the embedded one by default, containers when `GANDAN_TEST_STACK=containers`. The same tests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy import local

HOME = Path(os.environ.get("GANDAN_TEST_HOME", ".local/test"))


@dataclass(frozen=True, slots=True)
class TestStack:
    """Where PostgreSQL (as superuser) and Kafka answer; `home` is None on containers."""

    __test__ = False

    admin_url: str
    bootstrap: str
    home: Path | None


@contextmanager
def running() -> Iterator[TestStack]:
    """Start or attach to the stack; it stops when the last test process lets go."""
    if os.environ.get("GANDAN_TEST_STACK") == "containers":
        with _containers() as stack:
            yield stack
        return
    with local.start(HOME) as stack:
        asyncio.run(_trust_the_machine(stack.admin_url))
        yield TestStack(stack.admin_url, stack.bootstrap, stack.home)


async def _trust_the_machine(admin_url: str) -> None:
    """No fsync in the tests' own home: a new database takes 30 ms, not 600. What kill -9 leaves is complete all the same."""
    admin = await asyncpg.connect(admin_url)
    try:
        if await admin.fetchval("SHOW fsync") == "on":
            await admin.execute("ALTER SYSTEM SET fsync = off")
            await admin.execute("SELECT pg_reload_conf()")
    finally:
        await admin.close()


@contextmanager
def _containers() -> Iterator[TestStack]:
    from shared.testing.containers import containers  # noqa: PLC0415 - testcontainers needs an engine, and its import is slow

    with containers() as (admin_url, bootstrap):
        yield TestStack(admin_url, bootstrap, None)
