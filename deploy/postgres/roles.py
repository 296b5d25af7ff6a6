"""One database and one role per service, each closed to the others: made when missing, given the password of the file."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from shared.store.db import TRANSIENT

_CLOSED = "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC"
_HAS_ROLE = "SELECT true FROM pg_roles WHERE rolname = $1"
_HAS_DATABASE = "SELECT true FROM pg_database WHERE datname = $1"


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """One line of a PostgreSQL password file: who reaches which database how."""

    host: str
    port: int
    database: str
    role: str
    password: str

    @staticmethod
    def read(line: str) -> Entry:
        """From `host:port:database:role:password`; `ValueError` when it is not of that form."""
        host, port, database, role, password = line.split(":")
        return Entry(host, int(port), database, role, password)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}:{self.database}:{self.role}:{self.password}"


def entries(text: str) -> list[Entry]:
    """The lines of a password file."""
    return [Entry.read(line) for line in text.splitlines() if line and not line.startswith("#")]


async def found(kept: Sequence[Entry]) -> list[str]:
    """Make what the file names, as the superuser of its first line; returns the databases made. Done twice it makes nothing."""
    root, *services = kept
    admin = await asyncpg.connect(
        host=root.host, port=root.port, user=root.role, password=root.password, database=root.database, timeout=10
    )
    try:
        await admin.execute(_CLOSED)
        return [entry.database for entry in services if await _founded(admin, entry)]
    finally:
        await admin.close()


async def _founded(admin: asyncpg.Connection, entry: Entry) -> bool:
    """Whether the database had to be made; its role has the password of the file afterwards."""
    verb = "ALTER" if await admin.fetchval(_HAS_ROLE, entry.role) else "CREATE"
    await _execute(admin, f"{verb} ROLE %I LOGIN PASSWORD %L", entry.role, entry.password)
    if made := not await admin.fetchval(_HAS_DATABASE, entry.database):
        await _execute(admin, "CREATE DATABASE %I OWNER %I", entry.database, entry.role)
    await _execute(admin, "REVOKE ALL ON DATABASE %I FROM PUBLIC", entry.database)
    return made


async def _execute(admin: asyncpg.Connection, statement: str, *values: str) -> None:
    """Statements about roles and databases take no parameters: PostgreSQL itself quotes the values."""
    places = ", ".join(f"${number}::text" for number in range(1, len(values) + 1))
    await admin.execute(await admin.fetchval(f"SELECT format('{statement}', {places})", *values))


def main() -> int:
    """`python -m deploy.postgres.roles`, with the password file named by PGPASSFILE."""
    path = Path(os.environ.get("PGPASSFILE", ".pgpass"))
    try:
        made = asyncio.run(found(entries(path.read_text())))
    except (*TRANSIENT, asyncpg.PostgresError, ValueError) as error:
        print(f"roles of {path}: {error}", file=sys.stderr)  # noqa: T201 - its output is for people
        return 1
    print(f"made {', '.join(made)}" if made else "every database is there")  # noqa: T201 - as above
    return 0


if __name__ == "__main__":
    sys.exit(main())
