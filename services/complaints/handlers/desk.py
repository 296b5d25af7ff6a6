"""Where officers work: the unit-of-work factory, and what every handler says at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from services.complaints import domain
from services.complaints.domain import Case, Office, Submission, Term, Unit, refusals
from services.complaints.store import reference
from shared.contracts.envelope import Fact
from shared.kernel import Caller, Once, Principal
from shared.law import ZONE, breach_at
from shared.store import deadlines
from shared.store.db import Connection
from shared.store.law import StandingLaw
from shared.store.unit_of_work import Cause, Work, Works


@dataclass(frozen=True, slots=True)
class Desk:
    """What a handler works with."""

    works: Works
    standing: StandingLaw = field(default_factory=StandingLaw)
    """Days, hours and rules as acts have left them."""

    def office_at(self, at: datetime) -> Office:
        """The calendar, the province's office hours and the rules that count for what was received at an instant."""
        return self.standing.law.office_at(at)


async def refresh_law(desk: Desk) -> bool:
    """Read what acts changed of the law again."""
    async with desk.works.reading() as connection:
        await desk.standing.refresh(connection)
    return False


def today(at: datetime) -> date:
    """The day in Vietnam."""
    return at.astimezone(ZONE).date()


def acting(who: Caller, role: str) -> Caller:
    """The same caller in this of their roles: what the facts say about who acted."""
    return who if who.principal.acting == role else replace(who, principal=replace(who.principal, acting=role))


def nobody(once: Once | None) -> Caller:
    """A sender who is not named: nothing of their sign-in is kept, and their key is theirs alone, since it counts with the letter."""
    subject = f"{domain.ANONYMOUS}|{once.fingerprint.hex() if once else ''}"
    return Caller(Principal(subject, frozenset(), acting=domain.ANONYMOUS), once)


async def known_unit(connection: Connection, code: str, at: datetime, *, field: str) -> Unit:
    """The unit with this code; refused by the field's name, or, where no unit has arrived yet, as something that passes."""
    unit = await reference.unit(connection, code, today(at))
    if unit is not None:
        return unit
    if await reference.knows_units(connection):
        raise refusals.UnknownUnit(field=field, unit=code)
    raise refusals.ReferenceNotThere


def state_letter(
    work: Work, before: Submission | None, after: Submission, facts: Sequence[Fact], cause: Cause | None = None
) -> None:
    """Say what happened to a letter, and how its limit stands."""
    for fact in facts:
        work.record(owned(fact, after), cause=cause)
    _moved(work, after, _screening(before), _screening(after))
    work.answers(domain.submission_snapshot(after, work.who))


def _screening(submission: Submission | None) -> Mapping[str, Term]:
    if submission is None or submission.screening is None:
        return {}
    return {domain.SCREENING: submission.screening}


def state_case(work: Work, before: Case | None, after: Case, facts: Sequence[Fact], cause: Cause | None = None) -> None:
    """Say what happened to a case, and how its limits stand."""
    for fact in facts:
        work.record(owned(fact, after), cause=cause)
    _moved(work, after, {} if before is None else before.terms, after.terms)


def owned(fact: Fact, about: Submission | Case) -> Fact:
    """The fact with the system that owns what it is about, where one does."""
    if about.source is None:
        return fact
    marks: Any = {"source": about.source, "tells_citizens": about.tells_citizens}
    return replace(fact, **marks)


def _moved(work: Work, about: Submission | Case, before: Mapping[str, Term], after: Mapping[str, Term]) -> None:
    for kind, term in after.items():
        if term is not before.get(kind):
            work.deadline(_schedule(about, kind, term))


def _schedule(about: Submission | Case, kind: str, term: Term) -> deadlines.Schedule:
    """How a limit stands; history announces nothing that was past when it came."""
    if (due := term.due) is None:
        raise AssertionError("a clock is read when it is moved")
    warn_at, breached_at = None if due.completed else due.warn_at, breach_at(due)
    if (came_at := about.backfilled_at) is not None:
        warn_at = None if warn_at is not None and warn_at <= came_at else warn_at
        breached_at = None if breached_at is not None and breached_at <= came_at else breached_at
    return deadlines.Schedule(
        aggregate=about.id, kind=kind, rule=due.rule or "", rule_version=due.version or 0, clock=term.clock.to_dict(), due_at=due.due_at,
        due_on=due.due_on, warn_at=warn_at, breach_at=breached_at, closed_at=term.clock.completed_at,
    )  # fmt: skip
