"""Letters: rows <-> values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from services.complaints.domain import SCREENING, SUBMISSION, Stage, Submission, Term
from services.complaints.domain.submission import submission_values
from services.complaints.tables import PartyRow, SubmissionRow
from shared.kernel import NotFound, Stale
from shared.law import Clock
from shared.store import db
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_OWN = ("body", "about_project", "about_decision_no", "late_reason")
_CREATE = f"""INSERT INTO submission ({", ".join(SUBMISSION)}, {", ".join(_OWN)})
VALUES ({", ".join(f"${n}" for n in range(1, len(SUBMISSION) + len(_OWN) + 1))})"""
_SEEN, _REASON, _WRITTEN = (f"${len(SUBMISSION) + n}" for n in (1, 2, 3))
_SAVE = f"""UPDATE submission SET {", ".join(f"{name} = ${n}" for n, name in enumerate(SUBMISSION[1:], 2))}, reason = coalesce({_REASON}, reason),
written = written || {_WRITTEN}::jsonb WHERE id = $1 AND version = {_SEEN}"""
_LOCK_ALL = "SELECT 1 FROM submission WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_FOLLOWED = "SELECT EXISTS (SELECT FROM submission WHERE linked_with = $1)"
_LOCK = "SELECT t.sequence, t.head FROM submission s JOIN stream t ON t.id = s.id WHERE s.id = $1 FOR UPDATE"
_LOCK_MANY = """SELECT t.id, t.sequence, t.head FROM submission s JOIN stream t ON t.id = s.id WHERE s.id = ANY($1::uuid[])
ORDER BY s.id FOR UPDATE"""
_MOVE = """UPDATE submission s SET due_at = u.due_at, due_on = u.due_on
FROM unnest($1::uuid[], $2::timestamptz[], $3::date[]) AS u(id, due_at, due_on) WHERE s.id = u.id"""
_ONE = f"""SELECT {", ".join(f"s.{name}" for name in SUBMISSION)}, d.clock AS screening,
ARRAY(SELECT recipient FROM party p WHERE p.submission = s.id) AS parties
FROM submission s LEFT JOIN deadline d ON d.aggregate = s.id AND d.kind = '{SCREENING}'"""
_NUMBER = """INSERT INTO receipt_counter AS c (unit, day, last) VALUES ($1, $2, 1)
ON CONFLICT (unit, day) DO UPDATE SET last = c.last + 1 RETURNING last"""


@dataclass(frozen=True, slots=True, repr=False)
class LetterTexts:
    """What stands in a letter's row and never leaves: what was written in it and with each command, why it was guided or filed."""

    body: str
    about_project: str | None = None
    about_decision_no: str | None = None
    late_reason: str | None = None
    reason: str | None = None
    written: Sequence[Mapping[str, Any]] = ()


def _submission(row: Any) -> Submission:
    kept = {name: row[name] for name in SUBMISSION}
    kept["state"], kept["passed_on_by"] = Stage(kept["state"]), tuple(kept["passed_on_by"])
    if "parties" in row:
        kept["parties"] = frozenset(row["parties"])
        kept["screening"] = None if row["screening"] is None else Term(Clock.from_dict(row["screening"]))
    return Submission(**kept)


async def next_receipt(work: Work, unit: str, day: date) -> str:
    """`DT.<unit>-YYMMDD-NNNN`, the next number of that unit and day; taken late, since its row stays locked."""
    number = await work.db.fetchval(_NUMBER, unit, day)
    return f"DT.{unit}-{day:%y%m%d}-{number:04d}"


async def create(work: Work, submission: Submission, texts: LetterTexts) -> None:
    """Write a new letter's row."""
    work.starts(submission.id)
    own = (texts.body, texts.about_project, texts.about_decision_no, texts.late_reason)
    await work.db.execute(_CREATE, *submission_values(submission), *own)


async def load(work: Work, id: UUID) -> Submission:
    """A letter to be screened, locked, or `NotFound`."""
    tail = await work.db.fetchrow(_LOCK, id)
    if tail is None:
        raise NotFound
    work.knows(id, tail["sequence"], tail["head"])
    return await one(work.db, id)


async def load_many(work: Work, ids: Sequence[UUID]) -> Sequence[Submission]:
    """Those of these letters that are there, to be changed, locked."""
    for tail in await work.db.fetch(_LOCK_MANY, ids):
        work.knows(tail["id"], tail["sequence"], tail["head"])
    return [_submission(row) for row in await work.db.fetch(f"{_ONE} WHERE s.id = ANY($1::uuid[]) ORDER BY s.id", ids)]


async def move(work: Work, moved: Sequence[Submission]) -> None:
    """Write the dates of letters that are locked; their versions stay."""
    names = ("id", "due_at", "due_on")
    await work.db.execute(_MOVE, *([getattr(each, name) for each in moved] for name in names))


async def load_both(work: Work, id: UUID, other: UUID) -> tuple[Submission, Submission | None]:
    """A letter to be linked, and the other one where it is there; both locked, in an order of their own, so that no two wait in turn."""
    await work.db.execute(_LOCK_ALL, [id, other])
    letter = await load(work, id)
    try:
        return letter, await one(work.db, other)
    except NotFound:
        return letter, None


async def is_followed(work: Work, id: UUID) -> bool:
    """Whether another letter is linked with this one."""
    found: bool = await work.db.fetchval(_FOLLOWED, id)
    return found


async def save(
    work: Work, submission: Submission, *, reason: str | None = None, written: Mapping[str, Any] | None = None
) -> None:
    """Write the next version, and the texts that stay here."""
    seen, added = submission.version - 1, [] if written is None else [written]
    done = await work.db.execute(_SAVE, *submission_values(submission), seen, reason, added)
    if done != "UPDATE 1":
        raise Stale(seen=seen)


async def one(connection: Connection, id: UUID) -> Submission:
    """A letter to be read, or `NotFound`."""
    row = await connection.fetchrow(f"{_ONE} WHERE s.id = $1", id)
    if row is None:
        raise NotFound
    return _submission(row)


async def by_receipt(connection: Connection, receipt_no: str) -> Submission | None:
    """A letter by its receipt number."""
    row = await connection.fetchrow(f"{_ONE} WHERE s.receipt_no = $1", receipt_no)
    return None if row is None else _submission(row)


async def texts(connection: Connection, id: UUID) -> LetterTexts:
    """What was written."""
    row = await connection.fetchrow(f"SELECT {', '.join(_OWN)}, reason, written FROM submission WHERE id = $1", id)
    return LetterTexts(**row)


async def many(work: Work, ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Receipt number, unit, recipient and owner of these letters."""
    found = await work.db.fetch(
        "SELECT id, receipt_no AS code, unit, recipient, source, tells_citizens FROM submission WHERE id = ANY($1::uuid[])",
        ids,
    )
    return {row["id"]: row for row in found}


@dataclass(frozen=True, slots=True)
class Letters:
    """Which letters: those of a person, or those of units; None: of every unit."""

    recipient: UUID | None = None
    units: frozenset[str] | None = frozenset()
    state: str | None = None
    unit: str | None = None


async def listed(
    connection: Connection, wanted: Letters, *, after: UUID | None, back: bool, limit: int
) -> Sequence[Submission]:
    """Letters newest first (`back`: oldest first), beginning behind the id `after`; without clock and people."""
    id_ = col(SubmissionRow.id)
    where = _where(wanted)
    if after is not None:
        where.append(id_ > after if back else id_ < after)
    statement = select(*(getattr(SubmissionRow, name) for name in SUBMISSION)).where(*where)
    rows = await db.rows(connection, statement.order_by(id_.asc() if back else id_.desc()).limit(limit))
    return [_submission(row) for row in rows]


def _where(wanted: Letters) -> list[ColumnElement[bool]]:
    row, where = SubmissionRow, list[ColumnElement[bool]]()
    if wanted.recipient is not None:
        mine = select(PartyRow.submission).where(col(PartyRow.recipient) == wanted.recipient)
        where.append(col(row.id).in_(mine))
    elif wanted.units is not None:
        where.append(col(row.unit).in_(sorted(wanted.units)))
    if wanted.state is not None:
        where.append(col(row.state) == wanted.state)
    if wanted.unit is not None:
        where.append(col(row.unit) == wanted.unit)
    return where
