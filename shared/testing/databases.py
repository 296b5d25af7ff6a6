"""Databases for tests: each is cloned from a migrated template, so that every test begins with an empty store."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
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


# What a database is made of: its columns and rights. A test that changed them leaves a database nobody may have again.
_SHAPE = """SELECT md5(string_agg(concat_ws('|', c.relname, c.relkind, c.relacl, c.relowner, a.attname, a.atttypid, a.attnotnull), ',' ORDER BY c.relname, a.attnum))
FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = 'public'::regnamespace"""
_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
_OTHERS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_FROM_ONE = "SELECT setval(format('%I', sequencename)::regclass, start_value, false) FROM pg_sequences WHERE last_value IS NOT NULL"


@dataclass(slots=True)
class _Clean:
    """A database between two tests, and what it looked like when it was new."""

    url: str
    shape: str
    seeds: dict[str, str]


@dataclass(slots=True)
class Databases:
    """Databases used one test after the other: emptying one takes 10 ms, making one up to a second."""

    admin_url: str
    free: dict[str, list[_Clean]] = field(default_factory=dict)
    leaving: AsyncExitStack = field(default_factory=AsyncExitStack)

    @asynccontextmanager
    async def borrowed(self, service: str, location: Path) -> AsyncIterator[str]:
        """The URL of an empty, migrated database; it is emptied and lent again."""
        free = self.free.setdefault(service, [])
        clean = free.pop() if free else await self._new(service, location)
        yield clean.url
        if await _wash(clean):
            free.append(clean)

    async def _new(self, service: str, location: Path) -> _Clean:
        url = await self.leaving.enter_async_context(cloned(self.admin_url, service, location))
        connection = await asyncpg.connect(url)
        try:
            return _Clean(url, await connection.fetchval(_SHAPE), await _contents(connection))
        finally:
            await connection.close()


async def _contents(connection: asyncpg.Connection) -> dict[str, str]:
    """A digest of every table that is not empty."""
    names = [row["relname"] for row in await connection.fetch(_TABLES)]
    found = {
        name: await connection.fetchval(f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{name}" t')
        for name in names
    }
    return {name: digest for name, digest in found.items() if digest is not None}


async def _wash(clean: _Clean) -> bool:
    """Empty every table that was empty at first; False when the database is not as it was."""
    connection = await asyncpg.connect(clean.url)
    try:
        await connection.execute(_OTHERS)
        await connection.execute("SET session_replication_role = replica")  # no triggers, no foreign keys
        names = [row["relname"] for row in await connection.fetch(_TABLES)]
        await connection.execute(";".join(f'DELETE FROM "{name}"' for name in names if name not in clean.seeds))
        await connection.execute(_FROM_ONE)
        return await connection.fetchval(_SHAPE) == clean.shape and await _contents(connection) == clean.seeds
    finally:
        await connection.close()


async def _create(admin: asyncpg.Connection, name: str, source: str) -> None:
    """Copy the template; another worker may be copying it at the same moment, which PostgreSQL refuses."""
    for pause in (0.05, 0.1, 0.2, 0.5, 1, 2):
        try:
            await admin.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
        except asyncpg.ObjectInUseError:
            await asyncio.sleep(pause)
        else:
            return
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
