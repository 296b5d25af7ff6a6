"""Migrations: one Alembic chain per service, forward only, run under a lock at start or by `gandan migrate`."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import asyncpg

from shared.store.db import plain_url

_LOCK = 7_140_044
"""Advisory lock held while migrating, so that several starting processes migrate once."""


def frame_sql(name: str) -> list[str]:
    """The statements of a frozen SQL file beside this module (`frame_0001.sql`), for use in a migration."""
    text = re.sub(r"--.*", "", files("shared.store").joinpath(name).read_text())
    return [statement.strip() for statement in text.split(";\n") if statement.strip()]


def newest(location: Path) -> str:
    """The last revision of a chain: its file with the highest number."""
    return max(path.stem for path in (location / "versions").glob("[0-9]*.py"))[:4]


async def current(url: str) -> str | None:
    """The revision a database stands at; None for an empty one."""
    connection = await asyncpg.connect(plain_url(url), timeout=10)
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return revision
    finally:
        await connection.close()


async def migrate(url: str, location: Path) -> bool:
    """Bring a database to the newest revision; False when it stood there already (Alembic is not even imported)."""
    if await current(url) == newest(location):
        return False
    from sqlalchemy import text  # noqa: PLC0415 - a start without migrations does without these imports
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415

    engine = create_async_engine(plain_url(url).replace("postgresql://", "postgresql+asyncpg://", 1))
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            await connection.run_sync(_upgrade, location)
    finally:
        await engine.dispose()
    return True


def _upgrade(connection: Any, location: Path) -> None:
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(location))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def run() -> None:
    """The body of every service's `migrations/env.py`."""
    from alembic import context  # noqa: PLC0415

    context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
