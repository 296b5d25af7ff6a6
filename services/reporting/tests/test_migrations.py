from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine

from services.reporting.app import BLUEPRINT
from services.reporting.domain import FOLD_VERSION, PROJECTIONS
from services.reporting.domain.line import begun
from services.reporting.tests.facts import MONDAY, Dossier
from shared.moments import uuid7
from shared.store.migrate import migrate
from shared.testing.databases import with_database
from shared.testing.stack import TestStack

pytestmark = pytest.mark.postgres

FIRST = 42
"""Columns of a dossier's line in the first release."""


def _to_the_first(connection: Any) -> None:
    config = Config()
    config.set_main_option("script_location", str(BLUEPRINT.migrations))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


@pytest_asyncio.fixture
async def first(stack: TestStack) -> AsyncIterator[str]:
    """A store of the first release, with a dossier in version 3 of the projection beside version 1."""
    name = f"t_reporting_{uuid7().hex}"
    admin, url = await asyncpg.connect(stack.admin_url), with_database(stack.admin_url, name)
    await admin.execute(f"CREATE DATABASE {name}")
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.run_sync(_to_the_first)
    await engine.dispose()
    yield url
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


async def _lived(url: str) -> None:
    db = await asyncpg.connect(url)
    for table in PROJECTIONS[:5]:
        await db.execute(f"CREATE TABLE {table}_3 (LIKE {table}_1 INCLUDING ALL)")
    old = begun(Dossier().id, code="H50.12-261123-0001", unit="19360", day=MONDAY.date(), at=MONDAY)[:FIRST]
    marks = ", ".join(f"${n}" for n in range(1, FIRST + 1))
    await db.execute(f"INSERT INTO dossier_line_3 VALUES ({marks})", *old)
    await db.execute("UPDATE projection_active SET version = 3")
    await db.execute("INSERT INTO offsets VALUES ('reporting.live', 'intake.dossiers', 0, 'cluster', 10)")
    await db.close()


async def test_a_store_of_the_first_release_keeps_its_lines_and_is_told_to_be_rebuilt(first: str) -> None:
    await _lived(first)
    assert await migrate(first, BLUEPRINT.migrations)
    db = await asyncpg.connect(first)
    row = await db.fetchrow("SELECT code, stops, promises, started_at FROM dossier_line_3")
    assert tuple(row) == ("H50.12-261123-0001", [], [], None)
    for version in (1, 3):
        for table in PROJECTIONS:
            assert await db.fetchval("SELECT to_regclass($1) IS NOT NULL", f"{table}_{version}"), (table, version)
    assert await db.fetchval("SELECT fold_version FROM projection_active") == 1
    await db.close()


async def test_a_store_that_has_read_nothing_begins_with_the_fold_of_its_day(first: str) -> None:
    assert await migrate(first, BLUEPRINT.migrations)
    db = await asyncpg.connect(first)
    assert await db.fetchval("SELECT fold_version FROM projection_active") == FOLD_VERSION
    await db.close()
