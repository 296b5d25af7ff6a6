"""The SQL of letters and visits that source systems tell of: whole batches at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from services.intake.domain.letters import LETTER, Letter, letter_values
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_COLUMNS = ", ".join(LETTER)
_KNOWN = f"SELECT {_COLUMNS} FROM source_letter WHERE code = ANY($1::text[]) ORDER BY id FOR UPDATE"
_SAVE = f"""INSERT INTO source_letter ({_COLUMNS}) VALUES ({", ".join(f"${n}" for n in range(1, len(LETTER) + 1))})
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in LETTER[1:])}"""
_COUNT = """INSERT INTO visit_count AS v (source, unit, day, counter, visits, served, mean_wait_minutes, counted_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::int4[], $6::int4[], $7::int4[], $8::timestamptz[])
ON CONFLICT (source, unit, day, counter) DO UPDATE SET visits = excluded.visits, served = excluded.served,
mean_wait_minutes = excluded.mean_wait_minutes, counted_at = excluded.counted_at WHERE v.counted_at <= excluded.counted_at"""
_VISITS = """SELECT source, unit, day, counter, visits, served, mean_wait_minutes, counted_at FROM visit_count
WHERE unit = $1 AND day BETWEEN $2 AND $3 ORDER BY day, counter, source"""

Window: TypeAlias = tuple[str, str, date, str]
"""Who counted (a source), unit, day, and the window's name."""


async def known(work: Work, codes: Iterable[str]) -> Mapping[str, Letter]:
    """The letters with these codes, locked, whoever keeps them."""
    return {row["code"]: Letter(**row) for row in await work.db.fetch(_KNOWN, sorted(set(codes)))}


async def save(work: Work, letters: Sequence[Letter]) -> None:
    """Write new letters, and those that changed."""
    if letters:
        await work.db.executemany(_SAVE, [letter_values(each) for each in sorted(letters, key=lambda each: each.id)])


async def count(work: Work, counted: Mapping[Window, Mapping[str, Any]]) -> None:
    """Write what was counted; an older count of the same window and day changes nothing."""
    if not counted:
        return
    keys = sorted(counted)
    told = [counted[key] for key in keys]
    await work.db.execute(
        _COUNT, *map(list, zip(*keys, strict=True)), [each["visits"] for each in told],
        [each["served"] for each in told], [each.get("mean_wait_minutes") for each in told], [each["at"] for each in told],
    )  # fmt: skip


async def visits(connection: Connection, unit: str, first: date, last: date) -> Sequence[Any]:
    """The counts of a unit's windows on these days, in order."""
    rows: Sequence[Any] = await connection.fetch(_VISITS, unit, first, last)
    return rows
