"""The SQL of letters and visits that source systems tell of: whole batches at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from services.intake.domain.letters import LETTER, Letter, letter_values
from services.intake.tables.letters import SourceLetterRow
from shared.store.db import Connection, arrays, names
from shared.store.unit_of_work import Work

_KNOWN = f"SELECT {names(LETTER)} FROM source_letter WHERE code = ANY($1::text[]) ORDER BY id FOR UPDATE"
_SAVE = f"""INSERT INTO source_letter ({names(LETTER)}) SELECT * FROM {arrays(SourceLetterRow, LETTER)}
ON CONFLICT (id) DO UPDATE SET {", ".join(f'"{name}" = excluded."{name}"' for name in LETTER[1:])} RETURNING 1"""
_NUMBERS = ("visits", "served", "mean_wait_minutes")
_COUNT = f"""INSERT INTO visit_count AS v (source, unit, day, counter, {", ".join(_NUMBERS)}, counted_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::int4[], $6::int4[], $7::int4[], $8::timestamptz[])
ON CONFLICT (source, unit, day, counter) DO UPDATE SET counted_at = greatest(v.counted_at, excluded.counted_at),
{", ".join(f"{name} = CASE WHEN v.counted_at <= excluded.counted_at THEN excluded.{name} ELSE v.{name} END" for name in _NUMBERS)} RETURNING 1"""
_VISITS = """SELECT source, unit, day, counter, visits, served, mean_wait_minutes, counted_at FROM visit_count
WHERE unit = $1 AND day BETWEEN $2 AND $3 ORDER BY day, counter, source"""

Window: TypeAlias = tuple[str, str, date, str]
"""Who counted (a source), unit, day, and the window's name."""


async def known(work: Work, codes: Iterable[str]) -> Mapping[str, Letter]:
    """The letters with these codes, locked, whoever keeps them."""
    return await work.ask(_known, frozenset(codes))


async def _known(connection: Connection, wanted: Sequence[frozenset[str]]) -> Sequence[Mapping[str, Letter]]:
    rows = await connection.fetch(_KNOWN, sorted(frozenset[str]().union(*wanted)))
    letters = {row["code"]: Letter(**row) for row in rows}
    return [{code: letters[code] for code in codes if code in letters} for codes in wanted]


def save(work: Work, letters: Iterable[Letter]) -> None:
    """Write new letters, and those that changed."""
    work.rows_along(_SAVE, (letter_values(each) for each in sorted(letters, key=lambda each: each.id)))


def count(work: Work, counted: Mapping[Window, Mapping[str, Any]]) -> None:
    """Write what was counted; an older count of the same window and day changes nothing."""
    rows = ((*window, *(told.get(name) for name in _NUMBERS), told["at"]) for window, told in sorted(counted.items()))
    work.rows_along(_COUNT, rows)


async def visits(connection: Connection, unit: str, first: date, last: date) -> Sequence[Any]:
    """The counts of a unit's windows on these days, in order."""
    rows: Sequence[Any] = await connection.fetch(_VISITS, unit, first, last)
    return rows
