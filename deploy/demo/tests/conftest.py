"""An installation of its own for the sample: empty databases, topics of its own, a clock that stands on a Thursday evening."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from deploy.cli.up import SERVICES
from shared.moments import MovableClock, uuid7
from shared.testing.databases import template, with_database
from shared.testing.fixtures import migrations_of
from shared.testing.processes import Child, Nursery, free_port
from shared.testing.stack import TestStack

EVENING = datetime.fromisoformat("2026-11-26T17:30:00+07:00")
"""A Thursday after closing: the sample day is this day."""


@dataclass(frozen=True)
class Empty:
    """Where nobody has filed anything yet."""

    stack: TestStack
    nursery: Nursery
    home: Path
    tag: str

    @property
    def urls(self) -> dict[str, str]:
        """The databases."""
        return {service: with_database(self.stack.admin_url, f"{service}_{self.tag}") for service in SERVICES}

    @property
    def clock(self) -> MovableClock:
        """The time of its process."""
        return MovableClock(self.home / "clock")

    def up(self, sample: str) -> Child:
        """`gandan up` as a newcomer starts it: no service is named."""
        port = free_port()
        env = {
            "GANDAN_HOME": str(self.home), "GANDAN_CLOCK": str(self.clock.path), "GANDAN_TOPIC_PREFIX": f"{self.tag}.", "GANDAN_SAMPLE": sample,
            "GANDAN_DATABASE_URL": with_database(self.stack.admin_url, f"{{service}}_{self.tag}"), "GANDAN_KAFKA": self.stack.bootstrap,
            "GANDAN_SLOT": "only", "GANDAN_LOG_LEVEL": "warning",
        }  # fmt: skip
        return self.nursery.gandan("up", "--port", str(port), env=env, log=self.home / "up.log", port=port)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where processes come from."""
    with Nursery() as running:
        yield running


@pytest_asyncio.fixture
async def empty(stack: TestStack, nursery: Nursery, tmp_path: Path) -> AsyncIterator[Empty]:
    """The installation; its databases are dropped afterwards."""
    made = Empty(stack, nursery, tmp_path, f"s{uuid7().hex[-10:]}")
    made.clock.move_to(EVENING)
    admin = await asyncpg.connect(stack.admin_url)
    try:
        for service in SERVICES:
            source = await template(stack.admin_url, service, migrations_of(service))
            await admin.execute(f"CREATE DATABASE {service}_{made.tag} TEMPLATE {source}")
        yield made
        for service in SERVICES:
            await admin.execute(f"DROP DATABASE {service}_{made.tag} WITH (FORCE)")
    finally:
        await admin.close()
