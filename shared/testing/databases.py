"""Databases for tests: each is cloned from a migrated template, so that every test begins with an empty store."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.moments import uuid7
from shared.store.migrate import migrate

_LOCK = 7_140_055


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _chain(location: Path) -> str:
    """A digest of a service's migrations and the frame's SQL: another chain is another template."""
    digest = hashlib.sha256()
    for path in sorted([*location.rglob("*.py"), *Path("shared/store").glob("*.sql")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


async def template(admin_url: str, service: str, location: Path) -> str:
    """The name of the migrated template of a service, made once whoever comes first."""
    name = f"template_{service}_{_chain(location)}"
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", _LOCK)
        if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await admin.execute(f"DROP DATABASE IF EXISTS {name}_raw")
            await admin.execute(f"CREATE DATABASE {name}_raw")
            await migrate(with_database(admin_url, f"{name}_raw"), location)
            await admin.execute(f"ALTER DATABASE {name}_raw RENAME TO {name}")
    finally:
        await admin.close()
    return name


@asynccontextmanager
async def cloned(admin_url: str, service: str, location: Path) -> AsyncIterator[str]:
    """The URL of a fresh database for one test, dropped afterwards."""
    source, name = await template(admin_url, service, location), f"t_{service}_{uuid7().hex}"
    admin = await asyncpg.connect(admin_url)
    try:
        await _create(admin, name, source)
        yield with_database(admin_url, name)
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


async def _create(admin: asyncpg.Connection, name: str, source: str) -> None:
    """Copy the template; another worker may be copying it at the same moment, which PostgreSQL refuses."""
    for pause in (0.05, 0.1, 0.2, 0.5, 1, 2):
        try:
            await admin.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY FILE_COPY")
        except asyncpg.ObjectInUseError:
            await asyncio.sleep(pause)
        else:
            return
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
