"""The SQL of promised dates beside lawful ones: in sum, and dossier by dossier in the order of codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.intake.domain import Dossier
from services.intake.domain.comparison import (
    EARLIER,
    LATER,
    SAME,
    SPANS,
    STANDING,
    STANDS,
    UNCOUNTED,
    UNPROMISED,
    Group,
)
from services.intake.store import _DOSSIER, dossier_of
from shared.store.db import Connection

_PROMISED = "(d.appointment_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"
_DONE = "coalesce((coalesce(d.settled_at, d.closed_at) AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, {today})"
_KIND = f"""CASE WHEN d.lawful_due_on IS NULL THEN '{UNCOUNTED}'
WHEN d.due_at IS NULL AND d.state IN ({", ".join(f"'{each}'" for each in sorted(STANDS))}) THEN '{STANDING}'
WHEN d.appointment_at IS NULL THEN '{UNPROMISED}' WHEN {_PROMISED} > d.lawful_due_on THEN '{LATER}'
WHEN {_PROMISED} < d.lawful_due_on THEN '{EARLIER}' ELSE '{SAME}' END"""
_DAYS = f"CASE WHEN {_KIND} IN ('{LATER}', '{EARLIER}', '{SAME}') THEN {_PROMISED} - d.lawful_due_on END"
_LATE = f"coalesce({{day}} < {_DONE.format(today='$2::date')} AND {_KIND} NOT IN ('{UNCOUNTED}', '{STANDING}'), false)"
_GROUPS = f"""SELECT procedure, {_KIND} AS kind, {_DAYS} AS days, {_LATE.format(day=_PROMISED)} AS late_by_slip,
{_LATE.format(day="d.lawful_due_on")} AS late_by_law, count(*) AS number FROM dossier d WHERE d.source = $1 GROUP BY 1, 2, 3, 4, 5"""
_BEHIND = {False: ("d.code > $2", "ASC"), True: ("d.code < $2", "DESC")}
_LISTED = {
    back: f"""{_DOSSIER} WHERE d.source = $1 AND ($2::text IS NULL OR {behind}) AND ($3::text IS NULL OR {_KIND} = $3)
AND ($4::int4 IS NULL OR {_DAYS} BETWEEN $4 AND $5) ORDER BY d.code {order} LIMIT $6"""
    for back, (behind, order) in _BEHIND.items()
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a source's dossiers: of one kind, or of one span of differences; all where neither is named."""

    kind: str | None = None
    span: str | None = None


async def groups(connection: Connection, source: str, today: date) -> Sequence[Group]:
    """All dossiers of a source, those that are alike together."""
    return [Group(**row) for row in await connection.fetch(_GROUPS, source, today)]


async def listed(
    connection: Connection, source: str, wanted: Wanted, *, after: str | None, back: bool, limit: int
) -> Sequence[Dossier]:
    """The dossiers of a source with their clocks, by code (`back`: the other way)."""
    low, high = SPANS[wanted.span] if wanted.span is not None else (None, None)
    rows = await connection.fetch(_LISTED[back], source, after, wanted.kind, low, high, limit)
    return [dossier_of(row) for row in rows]
