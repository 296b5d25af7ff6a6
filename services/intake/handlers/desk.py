"""Where clerks work: the unit-of-work factory, the shelf of reference data, and what every handler says at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.intake import domain
from services.intake.domain import ANSWER, SETTLEMENT, Dossier, Office, Procedure, Submission, Term, Unit
from shared.contracts.envelope import Fact
from shared.kernel import Caller
from shared.law import ZONE, breach_at, office_hours, official_calendar
from shared.store import deadlines, vault
from shared.store.together import Together
from shared.store.unit_of_work import Work, Works


@dataclass(slots=True)
class Shelf:
    """Reference data in memory: units and the procedure versions in force, read again by a timer."""

    units: Mapping[str, Unit] = field(default_factory=dict)
    procedures: Mapping[str, Procedure] = field(default_factory=dict)

    def unit(self, code: str) -> Unit:
        """The unit with this code; refused by the field's name."""
        if code not in self.units:
            raise domain.UnknownUnit(field="/unit", unit=code)
        return self.units[code]

    def procedure(self, code: str) -> Procedure:
        """The procedure with this code; refused by the field's name."""
        if code not in self.procedures:
            raise domain.UnknownProcedure(field="/procedure", procedure=code)
        return self.procedures[code]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a handler works with."""

    works: Works
    shelf: Shelf
    together: Together
    """Group commit of filings and commands."""


@dataclass(frozen=True, slots=True, repr=False)
class Filing:
    """A submission with the people in it."""

    submission: Submission
    submitter: vault.Details
    owner: vault.Details | None = None
    summary: str | None = None


def office_at(at: datetime) -> Office:
    """The calendar and office hours that count at an instant."""
    return Office(official_calendar(), office_hours(at.astimezone(ZONE).date()))


def acting(who: Caller, role: str) -> Caller:
    """The same caller in this of their roles: what the facts say about who acted."""
    return who if who.principal.acting == role else replace(who, principal=replace(who.principal, acting=role))


def state(work: Work, before: Dossier | None, dossier: Dossier, *stated: Fact) -> None:
    """Say what happened, how the deadlines stand, and what a repeat of the command is answered."""
    for fact in stated:
        work.record(fact)
    for kind in (ANSWER, SETTLEMENT):
        term: Term | None = getattr(dossier, kind)
        if term is not None and (before is None or term is not getattr(before, kind)):
            work.deadline(schedule(dossier, kind, term))
    work.answers(domain.snapshot(dossier, work.who))


def schedule(dossier: Dossier, kind: str, term: Term) -> deadlines.Schedule:
    """The deadline is the date on the slip; the row keeps the lawful clock; history announces nothing that was past when it came."""
    if (due := term.promise) is None:
        raise AssertionError("a clock is read when it is moved")
    warn_at, breached_at = None if due.completed else due.warn_at, breach_at(due)
    if dossier.backfilled_at is not None:
        warn_at = None if warn_at is not None and warn_at <= dossier.backfilled_at else warn_at
        breached_at = None if breached_at is not None and breached_at <= dossier.backfilled_at else breached_at
    return deadlines.Schedule(
        aggregate=dossier.id, kind=kind, rule=due.rule or "", rule_version=due.version or 0, clock=term.clock.to_dict(), due_at=due.due_at,
        due_on=due.due_on, warn_at=warn_at, breach_at=breached_at, closed_at=term.clock.completed_at,
    )  # fmt: skip
