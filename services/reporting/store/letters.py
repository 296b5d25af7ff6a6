"""Writing letters, cases, their limits and notices: whole batches, one array statement per table, rows in key order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from services.reporting.domain import CaseLine, CaseMoment, DeadlineLine, LetterLine, Limits, NoticeLine
from shared.store.db import Connection

_KEYS: Final = {"deadline_line": ("about", "kind")}


@lru_cache(maxsize=64)
def _upsert(name: str, fields: tuple[str, ...], version: int) -> str:
    keys = _KEYS.get(name, ("id",))
    changed = ", ".join(f"{field} = excluded.{field}" for field in fields if field not in keys)
    return f"""INSERT INTO {name}_{version} SELECT * FROM unnest($1::{name}_{version}[])
ON CONFLICT ({", ".join(keys)}) DO UPDATE SET {changed}"""


async def _save(db: Connection, version: int, name: str, fields: tuple[str, ...], rows: Iterable[Any]) -> None:
    written = sorted(rows, key=lambda row: (row[0].int, str(row[1])))
    if written:
        await db.execute(_upsert(name, fields, version), written)


async def letters(db: Connection, version: int, ids: Sequence[UUID]) -> dict[UUID, LetterLine]:
    """These letters, as far as they have begun."""
    found = await db.fetch(f"SELECT * FROM letter_line_{version} WHERE id = ANY($1::uuid[])", ids)
    return {row[0]: LetterLine(*row) for row in found}


async def cases(db: Connection, version: int, ids: Sequence[UUID]) -> dict[UUID, CaseLine]:
    """These cases, as far as they have begun."""
    found = await db.fetch(f"SELECT * FROM case_line_{version} WHERE id = ANY($1::uuid[])", ids)
    return {row[0]: CaseLine(*row) for row in found}


async def limits(db: Connection, version: int, about: Sequence[UUID]) -> dict[UUID, Limits]:
    """The limits of these letters and cases, by kind."""
    found: dict[UUID, Limits] = {}
    for row in await db.fetch(f"SELECT * FROM deadline_line_{version} WHERE about = ANY($1::uuid[])", about):
        found.setdefault(row[0], {})[row[1]] = DeadlineLine(*row)
    return found


async def notices(db: Connection, version: int, ids: Sequence[UUID]) -> dict[UUID, NoticeLine]:
    """These notices, as far as they have begun."""
    found = await db.fetch(f"SELECT * FROM notice_line_{version} WHERE id = ANY($1::uuid[])", ids)
    return {row[0]: NoticeLine(*row) for row in found}


async def save(
    db: Connection,
    version: int,
    *,
    letters: Mapping[UUID, LetterLine],
    cases: Mapping[UUID, CaseLine],
    limits: Mapping[UUID, Limits],
    moments: Sequence[CaseMoment],
) -> None:
    """Write these lines as they stand now, and add to the timelines."""
    await _save(db, version, "letter_line", LetterLine._fields, letters.values())
    await _save(db, version, "case_line", CaseLine._fields, cases.values())
    every = (line for kinds in limits.values() for line in kinds.values())
    await _save(db, version, "deadline_line", DeadlineLine._fields, every)
    await db.copy_records_to_table(f"case_timeline_{version}", records=moments, columns=CaseMoment._fields)


async def save_notices(db: Connection, version: int, changed: Mapping[UUID, NoticeLine]) -> None:
    """Write these notices as they stand now."""
    await _save(db, version, "notice_line", NoticeLine._fields, changed.values())
