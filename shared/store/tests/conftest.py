"""A database that belongs to a role like a service's, and not to the superuser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from shared.moments import uuid7
from shared.settings import Keys
from shared.store.db import open_pool
from shared.store.migrate import migrate
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing import probe
from shared.testing.clock import StandingClock
from shared.testing.databases import with_database
from shared.testing.stack import TestStack


@pytest_asyncio.fixture
async def role_url(stack: TestStack) -> AsyncIterator[str]:
    """The URL of an empty database owned by a role without any special right."""
    name = f"r_{uuid7().hex}"
    admin = await asyncpg.connect(stack.admin_url)
    await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
    await admin.execute(f"CREATE DATABASE {name} OWNER {name}")
    server = stack.admin_url.rpartition("@")[2]
    yield with_database(f"postgresql://{name}:secret@{server}", name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.execute(f"DROP ROLE {name}")
    await admin.close()


@pytest_asyncio.fixture
async def service_role_works(
    role_url: str, clock: StandingClock, keys: Keys, telemetry: Telemetry
) -> AsyncIterator[Works]:
    """The probe migrated and used by its own role."""
    await migrate(role_url, probe.MIGRATIONS)
    pool = await open_pool(role_url, name="role", size=2)
    yield Works("probe", pool, clock, uuid7, keys, telemetry.tracing("probe"))
    await pool.close()
