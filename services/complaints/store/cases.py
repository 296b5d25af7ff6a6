"""Cases: rows <-> values, lists, histories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_
from sqlmodel import col, select

from services.complaints.domain import SNAPSHOT, Case, Kind, State, Term
from services.complaints.domain.case import case_values
from services.complaints.tables import CaseRow, PartyRow
from shared.kernel import NotFound, Stale
from shared.law import Clock
from shared.store import db
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_COLUMNS = ", ".join(f'"{name}"' for name in SNAPSHOT)
_CREATE = f"""INSERT INTO "case" ({_COLUMNS}, summary, points, written)
VALUES ({", ".join(f"${n}" for n in range(1, len(SNAPSHOT) + 2))}, '[]', '[]')"""
_SEEN, _POINTS, _WRITTEN = (f"${len(SNAPSHOT) + n}" for n in (1, 2, 3))
_SAVE = f"""UPDATE "case" SET {", ".join(f'"{name}" = ${n}' for n, name in enumerate(SNAPSHOT[1:], 2))},
points = coalesce({_POINTS}, points), written = written || {_WRITTEN}::jsonb WHERE id = $1 AND version = {_SEEN}"""
_LOCK = 'SELECT s.sequence, s.head FROM "case" c JOIN stream s ON s.id = c.id WHERE c.id = $1 FOR UPDATE'
_CASE = f"""SELECT {", ".join(f'c."{name}"' for name in SNAPSHOT)},
(SELECT jsonb_object_agg(d.kind, d.clock) FROM deadline d WHERE d.aggregate = c.id) AS terms,
ARRAY(SELECT recipient FROM party p WHERE p.submission = c.submission) AS parties FROM "case" c"""
_LOCK_MANY = 'SELECT s.id, s.sequence, s.head FROM "case" c JOIN stream s ON s.id = c.id WHERE c.id = ANY($1::uuid[]) ORDER BY c.id FOR UPDATE'
_MOVE = """UPDATE "case" c SET deadline = u.deadline, due_at = u.due_at, due_on = u.due_on, remaining_days = u.days, provisional = u.provisional
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::date[], $5::int4[], $6::bool[]) AS u(id, deadline, due_at, due_on, days, provisional)
WHERE c.id = u.id"""
_MANY = """SELECT id, code, unit, recipient, handler, source, tells_citizens FROM "case" WHERE id = ANY($1::uuid[])"""
_HISTORY = """SELECT sequence, id, type, occurred_at, recorded_at, actor, envelope FROM fact WHERE aggregate = $1 ORDER BY sequence"""
_DEADLINES = "SELECT kind, clock, revision, announced, last_due_at FROM deadline WHERE aggregate = $1 ORDER BY kind"


@dataclass(frozen=True, slots=True, repr=False)
class CaseTexts:
    """What stands in a case's row and never leaves: the extract, a complaint's contents, and what was written since."""

    summary: str
    points: Sequence[str]
    written: Sequence[Mapping[str, Any]]


def _case(row: Any) -> Case:
    kept = {name: row[name] for name in SNAPSHOT}
    kept["kind"], kept["state"] = Kind(kept["kind"]), State(kept["state"])
    kept["came_from"] = None if kept["came_from"] is None else State(kept["came_from"])
    if "parties" in row:
        kept["parties"] = frozenset(row["parties"])
        kept["terms"] = {name: Term(Clock.from_dict(clock)) for name, clock in (row["terms"] or {}).items()}
    return Case(**kept)


async def create(work: Work, case: Case, *, summary: str) -> None:
    """Write a new case's row."""
    work.starts(case.id)
    await work.db.execute(_CREATE, *case_values(case), summary)


async def load(work: Work, id: UUID) -> Case:
    """A case to be changed, locked, or `NotFound`.

    The lock is a statement of its own: a joined row that is not locked would be read as it stood before the wait.
    """
    tail = await work.db.fetchrow(_LOCK, id)
    if tail is None:
        raise NotFound
    work.knows(id, tail["sequence"], tail["head"])
    return await one(work.db, id)


async def save(
    work: Work, case: Case, *, points: Sequence[str] | None = None, written: Mapping[str, Any] | None = None
) -> None:
    """Write the next version, and the texts that stay here."""
    seen = case.version - 1
    added = [] if written is None else [written]
    done = await work.db.execute(_SAVE, *case_values(case), seen, None if points is None else list(points), added)
    if done != "UPDATE 1":
        raise Stale(seen=seen)


async def one(connection: Connection, id: UUID) -> Case:
    """A case to be read, or `NotFound`."""
    row = await connection.fetchrow(f"{_CASE} WHERE c.id = $1", id)
    if row is None:
        raise NotFound
    return _case(row)


async def load_many(work: Work, ids: Sequence[UUID]) -> Sequence[Case]:
    """Those of these cases that are there, to be changed, locked."""
    for tail in await work.db.fetch(_LOCK_MANY, ids):
        work.knows(tail["id"], tail["sequence"], tail["head"])
    return [_case(row) for row in await work.db.fetch(f"{_CASE} WHERE c.id = ANY($1::uuid[]) ORDER BY c.id", ids)]


async def move(work: Work, moved: Sequence[Case]) -> None:
    """Write the dates of cases that are locked; their versions stay."""
    names = ("id", "deadline", "due_at", "due_on", "remaining_days", "provisional")
    await work.db.execute(_MOVE, *([getattr(each, name) for each in moved] for name in names))


async def first_of(work: Work, submission: UUID) -> Case | None:
    """The first case of a letter to be changed, locked; None where there is none yet."""
    id_ = await work.db.fetchval(
        'SELECT id FROM "case" WHERE submission = $1 AND level = 1 ORDER BY code LIMIT 1', submission
    )
    return None if id_ is None else await load(work, id_)


async def of_letter(connection: Connection, submission: UUID) -> Sequence[Case]:
    """The cases of a letter, in the order of its parts."""
    return [
        _case(row)
        for row in await connection.fetch(
            f"{_CASE} WHERE c.submission = $1 ORDER BY length(c.code), c.code", submission
        )
    ]


async def texts(connection: Connection, id: UUID) -> CaseTexts:
    """What was written in and about a case."""
    return CaseTexts(**await connection.fetchrow('SELECT summary, points, written FROM "case" WHERE id = $1', id))


async def many(work: Work, ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Code, unit, recipient, handler and owner of these cases."""
    return {row["id"]: row for row in await work.db.fetch(_MANY, ids)}


async def history(connection: Connection, id: UUID) -> Sequence[Any]:
    """The facts of a case in order."""
    rows: Sequence[Any] = await connection.fetch(_HISTORY, id)
    return rows


async def deadlines(connection: Connection, id: UUID) -> Sequence[Any]:
    """The deadline rows of a case."""
    rows: Sequence[Any] = await connection.fetch(_DEADLINES, id)
    return rows


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose cases a list holds: a person's; else those of units (or asked of them) and those assigned to an officer there."""

    recipient: UUID | None = None
    everything: bool = False
    units: frozenset[str] = frozenset()
    handler: str | None = None
    handler_units: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of a list; None: any. `overdue`: past the date that counts now, or not."""

    state: str | None = None
    kind: str | None = None
    unit: str | None = None
    handler: str | None = None
    overdue: bool | None = None
    due_before: date | None = None


async def listed(
    connection: Connection, scope: Scope, wanted: Wanted, *, today: date, after: UUID | None, back: bool, limit: int
) -> Sequence[Case]:
    """Cases newest first (`back`: oldest first), beginning behind the id `after`; without clocks and people."""
    id_ = col(CaseRow.id)
    where = [*_scope(scope), *_filters(wanted, today)]
    if after is not None:
        where.append(id_ > after if back else id_ < after)
    statement = select(*(getattr(CaseRow, name) for name in SNAPSHOT)).where(*where)
    rows = await db.rows(connection, statement.order_by(id_.asc() if back else id_.desc()).limit(limit))
    return [_case(row) for row in rows]


def _scope(scope: Scope) -> list[ColumnElement[bool]]:
    row = CaseRow
    if scope.everything:
        return []
    if scope.recipient is not None:
        mine = select(PartyRow.submission).where(col(PartyRow.recipient) == scope.recipient)
        return [col(row.submission).in_(mine)]
    units, assigned = sorted(scope.units), sorted(scope.handler_units)
    asked = and_(col(row.to_unit).in_(units), col(row.state) == State.TRANSFERRING.value)
    own = and_(col(row.handler) == scope.handler, col(row.unit).in_(assigned)) if scope.handler else false()
    return [or_(col(row.unit).in_(units), col(row.appealed_to).in_(units), asked, own)]


def _filters(wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    plain = {name: getattr(wanted, name) for name in ("state", "kind", "unit", "handler")}
    where = [col(getattr(CaseRow, name)) == value for name, value in plain.items() if value is not None]
    due_on = col(CaseRow.due_on)
    if wanted.due_before is not None:
        where.append(due_on < wanted.due_before)
    if wanted.overdue is not None:
        where.append(func.coalesce(due_on < today, false()).is_(wanted.overdue))
    return where
