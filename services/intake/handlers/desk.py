"""Where clerks work: the unit-of-work factory, the shelf of reference data, and what every handler says at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.intake import domain
from services.intake.domain import (
    ANSWER,
    SETTLEMENT,
    TRANSFER,
    Dossier,
    Office,
    Officer,
    Procedure,
    Submission,
    Term,
    Unit,
)
from shared.contracts.envelope import Fact
from shared.kernel import Caller
from shared.law import ZONE, breach_at
from shared.store import deadlines, vault
from shared.store.law import StandingLaw
from shared.store.together import Together
from shared.store.unit_of_work import Work, Works


@dataclass(slots=True)
class Shelf:
    """Reference data in memory: units and the versions of procedures, read again by a timer."""

    units: Mapping[str, Unit] = field(default_factory=dict)
    procedures: Mapping[str, Sequence[Procedure]] = field(default_factory=dict)
    """Every version of a procedure, the newest first."""
    staff: Sequence[Officer] = ()
    """Everybody in the directory."""

    def unit(self, code: str, field: str = "/unit") -> Unit:
        """The unit with this code; refused by the field's name."""
        if code not in self.units:
            raise domain.UnknownUnit(field=field, unit=code)
        return self.units[code]

    def version(self, code: str, number: int) -> Procedure | None:
        """A version of a procedure by its number."""
        return next((each for each in self.procedures.get(code, ()) if each.version == number), None)

    def procedure(self, code: str, on: date) -> Procedure:
        """The version of a procedure in force on a day, else the newest, which is refused then; refused by the field's name."""
        if code not in self.procedures:
            raise domain.UnknownProcedure(field="/procedure", procedure=code)
        versions = self.procedures[code]
        return next((version for version in versions if version.counts_on(on)), versions[0])


@dataclass(slots=True)
class Desk:
    """What a handler works with."""

    works: Works
    shelf: Shelf = field(default_factory=Shelf)
    standing: StandingLaw = field(default_factory=StandingLaw)
    """Days, hours and rules as acts have left them."""
    together: Together = field(init=False)
    """Group commit of filings and commands."""
    sources: Together = field(init=False)
    """Group commit of what several source systems tell, a few events each."""

    def __post_init__(self) -> None:
        self.together, self.sources = Together(self.works), Together(self.works)

    def office_at(self, at: datetime, unit: str) -> Office:
        """What counts for what a unit received at an instant."""
        return self.standing.law.office_at(at, unit)


@dataclass(frozen=True, slots=True, repr=False)
class Filing:
    """A submission with the people in it."""

    submission: Submission
    submitter: vault.Details
    owner: vault.Details | None = None
    summary: str | None = None
    form: Mapping[str, Any] | None = None
    """What was filled in online."""
    sets: int = 1
    """Of the papers."""


def today_of(desk: Desk) -> date:
    """The day it is in Vietnam."""
    return desk.works.clock().astimezone(ZONE).date()


def acting(who: Caller, role: str) -> Caller:
    """The same caller in this of their roles: what the facts say about who acted."""
    return who if who.principal.acting == role else replace(who, principal=replace(who.principal, acting=role))


def state(work: Work, before: Dossier | None, dossier: Dossier, *stated: Fact, hints: Sequence[object] = ()) -> None:
    """Say what happened, how the deadlines stand, and what a repeat of the command is answered."""
    for fact in stated:
        work.record(fact)
    for each in schedules(dossier, before):
        work.deadline(each)
    shown = domain.snapshot(dossier, work.who)
    work.answers({**shown, "hints": hints} if hints else shown)


def schedules(dossier: Dossier, before: Dossier | None = None) -> Iterator[deadlines.Schedule]:
    """How those of its deadlines stand that were moved since `before`."""
    for kind in (ANSWER, SETTLEMENT, TRANSFER):
        term: Term | None = getattr(dossier, kind)
        if term is not None and (before is None or term is not getattr(before, kind)):
            yield schedule(dossier.id, kind, term, dossier.backfilled_at)


def schedule(aggregate: UUID, kind: str, term: Term, backfilled_at: datetime | None = None) -> deadlines.Schedule:
    """The deadline is the date on the slip; the row keeps the lawful clock; history announces nothing that was past when it came."""
    if (due := term.promise) is None:
        raise AssertionError("a clock is read when it is moved")
    warn_at, breached_at = None if due.completed else due.warn_at, breach_at(due)
    if backfilled_at is not None:
        warn_at = None if warn_at is not None and warn_at <= backfilled_at else warn_at
        breached_at = None if breached_at is not None and breached_at <= backfilled_at else breached_at
    return deadlines.Schedule(
        aggregate=aggregate, kind=kind, rule=due.rule or "", rule_version=due.version or 0, clock=term.clock.to_dict(), due_at=due.due_at,
        due_on=due.due_on, warn_at=warn_at, breach_at=breached_at, closed_at=term.clock.completed_at,
    )  # fmt: skip
