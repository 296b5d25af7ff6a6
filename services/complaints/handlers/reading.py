"""What is shown, each to those who may see it: letters, cases, their limits, histories and people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.complaints import domain
from services.complaints.domain import Case, Submission, refusals
from services.complaints.domain.case import UNIT_READERS
from services.complaints.domain.stages import SCREENERS
from services.complaints.handlers.desk import Desk, today
from services.complaints.store import cases, people, submissions
from services.complaints.store.cases import CaseTexts, Scope, Wanted
from services.complaints.store.submissions import Letters, LetterTexts
from shared.contracts import complaints as facts
from shared.kernel import Caller, NotFound, Principal
from shared.law import Clock, Due, Rule, explain
from shared.store import vault
from shared.store.db import Connection

# -- letters ---------------------------------------------------------------------------------------------------------


async def read_letter(desk: Desk, who: Principal, id: UUID) -> tuple[Submission, LetterTexts | None, Sequence[Case]]:
    """Where a letter stands, its text for those who may read it, and its cases."""
    async with desk.works.reading() as connection:
        submission = await submissions.one(connection, id)
        if not domain.may_see_letter(submission, who):
            raise NotFound
        texts = await submissions.texts(connection, id) if domain.may_read_letter(submission, who) else None
        return submission, texts, await cases.of_letter(connection, id)


async def list_letters(
    desk: Desk, who: Principal, *, state: str | None, unit: str | None, after: UUID | None, back: bool, limit: int
) -> Sequence[Submission]:
    """A citizen's own letters; for officers, those of the units they screen for, newest first."""
    if who.acting == "citizen":
        wanted = Letters(_own(who), None, state, unit)
    elif domain.sees_province(who):
        wanted = Letters(None, None, state, unit)
    else:
        wanted = Letters(None, who.units if who.has(*SCREENERS) else frozenset(), state, unit)
    async with desk.works.reading() as connection:
        return await submissions.listed(connection, wanted, after=after, back=back, limit=limit)


def _own(who: Principal) -> UUID:
    if who.recipient is None:
        raise refusals.IdentityUnknown
    return who.recipient


# -- cases -----------------------------------------------------------------------------------------------------------


async def _readable(connection: Connection, who: Principal, id: UUID) -> Case:
    """A case this principal may see; anything else is not found."""
    case = await cases.one(connection, id)
    if not domain.is_readable_by(case, who):
        raise NotFound
    return case


async def read_case(desk: Desk, who: Principal, id: UUID) -> tuple[Case, CaseTexts]:
    """Where a case stands, and what was written."""
    async with desk.works.reading() as connection:
        return await _readable(connection, who, id), await cases.texts(connection, id)


async def read_history(desk: Desk, who: Principal, id: UUID) -> tuple[Case, Sequence[Any]]:
    """Every fact of a case in order."""
    async with desk.works.reading() as connection:
        return await _readable(connection, who, id), await cases.history(connection, id)


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a case and why its date is what it is, day by day."""

    kind: str
    rule: Rule
    due: Due
    due_at: datetime | None
    due_on: date | None
    revision: int
    announced: str
    completed_at: datetime | None
    steps: tuple[str, ...]


async def read_deadlines(desk: Desk, who: Principal, id: UUID, lang: str) -> Sequence[Limit]:
    """Every limit of a case with its explanation."""
    async with desk.works.reading() as connection:
        case = await _readable(connection, who, id)
        return [_limit(desk, case, row, lang) for row in await cases.deadlines(connection, id)]


def _limit(desk: Desk, case: Case, row: Any, lang: str) -> Limit:
    clock, office = Clock.from_dict(row["clock"]), desk.office_at(case.received_at)
    due = office.due(clock)
    if clock.rule is None:
        raise AssertionError("every limit of a case stands under a rule")
    return Limit(
        row["kind"], clock.rule, due, due.due_at, due.due_on, row["revision"], row["announced"], clock.completed_at,
        explain(clock, office.calendar, office.hours, lang),
    )  # fmt: skip


def explanation(desk: Desk, case: Case, lang: str) -> tuple[str, ...]:
    """Why the date a citizen sees is what it is."""
    if case.deadline is None:
        return ()
    office = desk.office_at(case.received_at)
    return explain(case.term(case.deadline).clock, office.calendar, office.hours, lang)


async def list_cases(
    desk: Desk, who: Principal, wanted: Wanted, *, after: UUID | None, back: bool, limit: int
) -> Sequence[Case]:
    """Cases of one's units and those assigned to one, newest first; the provincial inspectorate: all; a citizen: their own."""
    if who.acting == "citizen":
        return await list_own_cases(desk, who, wanted, after=after, back=back, limit=limit)
    scope = Scope(
        everything=domain.sees_province(who), units=who.units if who.has(*UNIT_READERS) else frozenset(),
        handler=who.subject if who.has("handler") else None, handler_units=who.units,
    )  # fmt: skip
    return await _listed(desk, scope, wanted, after=after, back=back, limit=limit)


async def list_own_cases(
    desk: Desk, who: Principal, wanted: Wanted, *, after: UUID | None, back: bool, limit: int
) -> Sequence[Case]:
    """The cases this person is a party of, newest first, in whatever role they are here."""
    return await _listed(desk, Scope(recipient=_own(who)), wanted, after=after, back=back, limit=limit)


async def _listed(desk: Desk, scope: Scope, wanted: Wanted, **page: Any) -> Sequence[Case]:
    async with desk.works.reading() as connection:
        return await cases.listed(connection, scope, wanted, today=today(desk.works.clock()), **page)


# -- people ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class Named:
    """One of a case's people, opened from the vault."""

    role: str
    details: vault.Details


async def open_people(desk: Desk, who: Principal, id: UUID, purpose: str) -> Sequence[Named]:
    """The people of a case, for a purpose; opening is itself a fact, unpublished."""
    async with desk.works.begin(Caller(who)) as work:
        case = await _readable(work.db, who, id)
        if not domain.may_open_people(case, who):
            raise NotFound
        rows = await people.sealed(work.db, case.submission)
        read = facts.IdentityRead(occurred_at=work.now, case=id, unit=case.unit, purpose=purpose)
        work.record(read, published=False)
    opened = [(row["role"], vault.disclosed(desk.works.keys, row)) for row in rows]
    if any(details is None for _, details in opened):
        raise refusals.PersonForgotten
    return [Named(role, details) for role, details in opened if details is not None]
