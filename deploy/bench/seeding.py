"""Rows by COPY: a store as it looks after years, made of real dossiers of the product, multiplied."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

import asyncpg

from shared.moments import uuid7

CHUNK = 2_000
_TABLES = ("dossier", "stream", "fact", "deadline", "person", "contact")
_WHERE = {
    "dossier": "id = $1", "stream": "id = $1", "fact": "aggregate = $1", "deadline": "aggregate = $1",
    "person": "id = (SELECT person FROM dossier WHERE id = $1)", "contact": "recipient = (SELECT recipient FROM dossier WHERE id = $1)",
}  # fmt: skip

_COLUMNS = """SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"""
"""Those COPY takes: PostgreSQL computes the generated ones again."""


@dataclass(frozen=True, slots=True)
class Mould:
    """One real dossier as COPY text per table, with a place for everything that must be unique."""

    lines: dict[str, str]
    own: Sequence[str]
    """Names of the places: ids of this dossier, its code."""

    def cast(self, number: int) -> dict[str, str]:
        """A new value for each place."""
        return {name: _code(number) if name == "code" else str(uuid7()) for name in self.own}


def _code(number: int) -> str:
    return f"H50.99-200101-{number:08d}"


async def mould(connection: Any, dossier: UUID) -> Mould:
    """Take a dossier out of the store as text."""
    unique = await connection.fetchrow("SELECT id, code, person, recipient FROM dossier WHERE id = $1", dossier)
    names = {str(value): name for name, value in unique.items()}
    facts = await connection.fetch("SELECT id FROM fact WHERE aggregate = $1", dossier)
    names |= {str(row["id"]): f"fact{n}" for n, row in enumerate(facts)}
    lines = {table: _open(await _text(connection, table, dossier), names) for table in _TABLES}
    return Mould(lines, list(names.values()))


async def _text(connection: Any, table: str, dossier: UUID) -> str:
    out, columns = BytesIO(), await connection.fetchval(_COLUMNS, table)
    await connection.copy_from_query(f"SELECT {columns} FROM {table} WHERE {_WHERE[table]}", dossier, output=out)
    return out.getvalue().decode()


def _open(text: str, names: dict[str, str]) -> str:
    """Replace what is unique by named places."""
    pattern = re.compile("|".join(map(re.escape, names)))
    return pattern.sub(lambda found: f"%({names[found[0]]})s", text.replace("%", "%%"))


async def multiply(url: str, dossiers: Sequence[UUID], number: int) -> None:
    """Copy these dossiers until there are `number` more; a few thousand at a time, table by table."""
    connection = await asyncpg.connect(url)
    try:
        moulds = [await mould(connection, dossier) for dossier in dossiers]
        for first in range(0, number, CHUNK):
            await _multiply(connection, moulds, range(first, min(first + CHUNK, number)))
        await connection.execute(f"ANALYZE {', '.join(_TABLES)}")
    finally:
        await connection.close()


async def _multiply(connection: Any, moulds: Sequence[Mould], numbers: range) -> None:
    made = [(moulds[n % len(moulds)], moulds[n % len(moulds)].cast(n)) for n in numbers]
    for table in _TABLES:
        text = "".join(mould_.lines[table] % values for mould_, values in made)
        await connection.copy_to_table(table, source=BytesIO(text.encode()), format="text")


async def copy(connection: Any, table: str, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    """Write rows by binary COPY, streamed."""
    await connection.copy_records_to_table(table, records=_streamed(rows), columns=columns)


async def _streamed(rows: Iterator[tuple[Any, ...]]) -> AsyncIterator[tuple[Any, ...]]:
    for row in rows:
        yield row
