"""Fixtures of every test: stack, empty databases, unit of work, clock, topics of one's own. Loaded by the root conftest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

import pytest
import pytest_asyncio

from shared.bus import topics
from shared.moments import uuid7
from shared.settings import Keys
from shared.store.db import open_pool
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry, setup
from shared.testing import probe
from shared.testing import stack as stacks
from shared.testing.clock import StandingClock
from shared.testing.databases import Databases

MakeWorks = Callable[[str], Awaitable[Works]]


def migrations_of(service: str) -> Path:
    """Where the migrations of a service are; `probe` is the frame's own small one."""
    return probe.MIGRATIONS if service == "probe" else Path("services") / service / "migrations"


@pytest.fixture(scope="session")
def stack() -> Iterator[stacks.TestStack]:
    """Real PostgreSQL and real Kafka for the whole run."""
    with stacks.running() as running:
        yield running


@pytest.fixture(scope="session")
def keys() -> Keys:
    """Keys that are the same in every run."""
    return Keys(**{f.name: sha256(f.name.encode()).digest() for f in fields(Keys)})


@pytest.fixture
def clock() -> StandingClock:
    """A clock that stands on a Monday morning."""
    return StandingClock()


@pytest.fixture(scope="session")
def telemetry() -> Iterator[Telemetry]:
    """Telemetry that exports nothing."""
    made = setup("test", instance="test", version="0", otlp_endpoint=None, environment="test")
    yield made
    made.shutdown(1)


@pytest_asyncio.fixture(scope="session")
async def databases(stack: stacks.TestStack) -> AsyncIterator[Databases]:
    """The databases of this test process."""
    made = Databases(stack.admin_url)
    async with made.leaving:
        yield made


@pytest_asyncio.fixture
async def make_works(
    databases: Databases, keys: Keys, clock: StandingClock, telemetry: Telemetry
) -> AsyncIterator[MakeWorks]:
    """Call it with a service name: a unit-of-work factory on an empty, migrated database of that service."""
    async with AsyncExitStack() as leaving:

        async def make(service: str) -> Works:
            url = await leaving.enter_async_context(databases.borrowed(service, migrations_of(service)))
            pool = await open_pool(url, name=f"test-{service}", size=6, least=1)
            leaving.push_async_callback(pool.close)
            return Works(service, pool, clock, uuid7, keys, telemetry.tracing(service))

        yield make


@pytest_asyncio.fixture
async def probe_works(make_works: MakeWorks) -> Works:
    """A unit-of-work factory of the probe: the frame's tables, the vault and `probe_line`."""
    return await make_works("probe")


@pytest_asyncio.fixture
async def prefix(stack: stacks.TestStack) -> str:
    """All topics, made under a prefix of this test's own."""
    name = f"t{uuid7().hex[-12:]}."
    await topics.sync(stack.bootstrap, prefix=name)
    return name
