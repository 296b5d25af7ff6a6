"""SQL of the calendar desk: acts of law, how far the counting after them has come, and the dates of dossiers that moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from services.intake.domain import Dossier
from services.intake.domain.acts import Act, ActState
from shared.kernel import NotFound
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_NAMES = tuple(f.name for f in fields(Act))
_ACT = ", ".join(_NAMES)
_PROPOSE = f"INSERT INTO law_act ({_ACT}) VALUES ({', '.join(f'${n}' for n in range(1, len(_NAMES) + 1))})"
_SAVE = "UPDATE law_act SET state = $2, version = $3, confirmed_by = $4, confirmed_at = $5, content = $6 WHERE id = $1"
_CONFIRMED = "SELECT count(*) FROM law_act WHERE key = $1 AND state = 'confirmed'"
_BY_STATE = f"SELECT {_ACT} FROM law_act WHERE ($1::text IS NULL OR state = $1) ORDER BY id DESC LIMIT $2"
_PROGRESS = """SELECT act, sum(seen)::int AS seen, sum(moved)::int AS moved, sum(unknown)::int AS unknown, max(failed) AS failed, bool_and(finished_at IS NOT NULL) AS finished
FROM recount WHERE act = ANY($1::uuid[]) GROUP BY act"""
_MOVE = """UPDATE dossier d SET answer_due_at = u.answer_due_at, due_at = u.due_at, due_on = u.due_on, remaining_working_hours = u.hours,
provisional = u.provisional, moved_by = u.moved_by, lawful_due_on = u.lawful_due_on
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::date[], $5::float8[], $6::bool[], $7::int4[], $8::date[])
AS u(id, answer_due_at, due_at, due_on, hours, provisional, moved_by, lawful_due_on) WHERE d.id = u.id"""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the counting after an act has come: dossiers looked at, limits moved, dossiers left for want of a calendar, dossiers passed over since they break."""

    seen: int
    moved: int
    unknown: int
    failed: int
    finished: bool


async def lock(work: Work) -> None:
    """One change of the law's data at a time."""
    await work.db.execute("SELECT pg_advisory_xact_lock(7140072)")


async def propose(work: Work, act: Act) -> None:
    """Keep an act."""
    await work.db.execute(_PROPOSE, *(getattr(act, name) for name in _NAMES))


async def save(work: Work, act: Act) -> None:
    """Keep what became of an act."""
    await work.db.execute(_SAVE, act.id, act.state, act.version, act.confirmed_by, act.confirmed_at, act.content)


async def act(connection: Connection, id: UUID) -> Act:
    """An act, or `NotFound`."""
    row = await connection.fetchrow(f"SELECT {_ACT} FROM law_act WHERE id = $1", id)
    if row is None:
        raise NotFound
    return _act(row)


async def acts(connection: Connection, state: str | None, most: int) -> Sequence[Act]:
    """Acts, newest first."""
    return [_act(row) for row in await connection.fetch(_BY_STATE, state, most)]


async def changes(connection: Connection, key: str) -> int:
    """How many acts changed this record."""
    number: int = await connection.fetchval(_CONFIRMED, key)
    return number


async def progress(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """How far the counting after these acts has come."""
    rows = await connection.fetch(_PROGRESS, list(ids))
    return {
        row["act"]: Progress(row["seen"], row["moved"], row["unknown"], row["failed"], row["finished"]) for row in rows
    }


def _act(row: Any) -> Act:
    return Act(**{**{name: row[name] for name in _NAMES}, "state": ActState(row["state"])})


async def move(work: Work, dossiers: Sequence[Dossier]) -> None:
    """Write the dates of dossiers that are locked; their versions stay."""
    columns = (
        "id",
        "answer_due_at",
        "due_at",
        "due_on",
        "remaining_working_hours",
        "provisional",
        "moved_by",
        "lawful_due_on",
    )
    await work.db.execute(_MOVE, *([getattr(each, name) for each in dossiers] for name in columns))
