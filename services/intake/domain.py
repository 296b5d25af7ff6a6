"""Dossiers: states, what a command does to them, and what it is refused for. Pure.

Arrows as in the national portal's status codes 1..10; the clock runs in submitted (answer limit), accepted and
in-progress, and stands still in awaiting-supplement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.kernel import Invalid, Principal, Refused
from shared.law import ZONE, Calendar, Clock, Due, OfficeHours, rulebook, start

ANSWER, SETTLEMENT = "answer", "settlement"
"""Kinds of deadlines: accept or refuse what came online or by post; settle what was accepted."""


class State(StrEnum):
    """Where a dossier stands."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    IN_PROGRESS = "in-progress"
    AWAITING_SUPPLEMENT = "awaiting-supplement"
    SETTLED = "settled"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


PORTAL_STATUS: Mapping[State, int] = {
    State.SUBMITTED: 1, State.ACCEPTED: 2, State.REFUSED: 3, State.IN_PROGRESS: 4, State.AWAITING_SUPPLEMENT: 5,
    State.WITHDRAWN: 7, State.SETTLED: 9, State.RETURNED: 10,
}  # fmt: skip
"""The national portal's numbers of these states (law page, section 2)."""

PHASE: Mapping[State, str] = {
    State.SUBMITTED: "received", State.ACCEPTED: "being-resolved", State.IN_PROGRESS: "being-resolved",
    State.AWAITING_SUPPLEMENT: "waiting-for-you", State.SETTLED: "answered", State.RETURNED: "closed",
    State.REFUSED: "closed", State.WITHDRAWN: "closed",
}  # fmt: skip
"""The closed vocabulary of decisions 23 for every state."""

_WORKING = (State.ACCEPTED, State.IN_PROGRESS)
_OPEN = (State.SUBMITTED, *_WORKING, State.AWAITING_SUPPLEMENT)

ARROWS: Mapping[str, tuple[State, ...]] = {
    "accept": (State.SUBMITTED,),
    "refuse": (State.SUBMITTED,),
    "assign": _WORKING,
    "request-supplement": (State.SUBMITTED, *_WORKING),
    "supply": (State.AWAITING_SUPPLEMENT,),
    "settle": _WORKING,
    "return-result": (State.SETTLED,),
    "withdraw": _OPEN,
}
"""From which states a command may be given."""

_ROLES: Mapping[str, tuple[str, ...]] = {
    "accept": ("clerk",), "refuse": ("clerk",), "assign": ("head", "clerk"), "request-supplement": ("clerk",),
    "supply": ("citizen", "clerk"), "settle": ("handler", "head"), "return-result": ("clerk",), "withdraw": ("citizen", "clerk"),
}  # fmt: skip
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "accept": (), "refuse": ("reason_class", "reason"), "assign": ("officer",), "request-supplement": ("components", "reason"),
    "supply": ("components",), "settle": ("outcome",), "return-result": ("method",), "withdraw": ("reason_class", "reason"),
}  # fmt: skip


def roles_of(command: str) -> tuple[str, ...]:
    """Who may give a command (decisions 24)."""
    return _ROLES[command]


class NotYetAccepted(Refused):
    """The dossier has not been accepted yet."""


class AlreadyAccepted(Refused):
    """The dossier was accepted already."""


class AwaitingSupplement(Refused):
    """The dossier waits for papers of the applicant."""


class NotAwaitingSupplement(Refused):
    """No papers are awaited."""


class NotYetSettled(Refused):
    """There is no result yet."""


class AlreadySettled(Refused):
    """The dossier already has a result."""


class AlreadyClosed(Refused):
    """The dossier is closed."""


class TooManySupplements(Refused):
    """Papers were asked for as often as this procedure allows."""


class UnknownProcedure(Invalid):
    """There is no procedure with this code."""


class UnknownUnit(Invalid):
    """There is no unit with this code."""


class NotOfferedHere(Invalid):
    """This unit does not settle this procedure."""


class MissingComponent(Invalid):
    """A required paper is missing."""


class InTheFuture(Invalid):
    """This date lies in the future."""


class TooLongAgo(Invalid):
    """This date lies too far back."""


class CounterOnly(Invalid):
    """Only a clerk at the counter may file a dossier of this channel."""


class DateTooEarly(Invalid):
    """The date to answer by must lie after today."""


@dataclass(frozen=True, slots=True)
class Component:
    """A paper handed in: as original, copy or electronic, so many times."""

    name: str
    kind: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Procedure:
    """The version of a procedure that is in force."""

    code: str
    version: int
    name: str
    sector: str
    levels: tuple[str, ...]
    limit: str
    pause_mode: str
    max_supplements: int
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """An administrative unit that receives dossiers; `agency` begins its dossier codes."""

    code: str
    name: str
    level: str
    kind: str
    agency: str


@dataclass(frozen=True, slots=True)
class Office:
    """What days and hours count: the calendar and the office hours a clock is read with."""

    calendar: Calendar
    hours: OfficeHours


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person or a clerk hands in; people stand apart, in the vault."""

    procedure: str
    unit: str
    channel: str
    components: tuple[Component, ...]
    subject_kind: str = "citizen"
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """One dossier; every change makes a new value with the next version."""

    id: UUID
    code: str
    procedure: str
    procedure_version: int
    unit: str
    channel: str
    subject_kind: str
    state: State
    recipient: UUID
    submitted_at: datetime
    received_at: datetime
    limit: str
    pause_mode: str
    max_supplements: int
    version: int = 1
    lookup_number: int = 0
    accepted_at: datetime | None = None
    settled_at: datetime | None = None
    returned_at: datetime | None = None
    closed_at: datetime | None = None
    handler: str | None = None
    supplements: int = 0
    before_supplement: State | None = None
    respond_by: date | None = None
    answer_due_at: datetime | None = None
    due_at: datetime | None = None
    due_on: date | None = None
    remaining_working_hours: float | None = None
    provisional: bool = False
    promised_on: date | None = None
    lawful_due_on: date | None = None
    first_promised_on: date | None = None
    outcome: str | None = None
    result_number: str | None = None
    answer: Clock | None = None
    settlement: Clock | None = None

    @property
    def phase(self) -> str:
        """What it means for the citizen."""
        return PHASE[self.state]


_CLOCKS = ("answer", "settlement")
SNAPSHOT = tuple(f.name for f in fields(Dossier) if f.name not in _CLOCKS)


def snapshot(dossier: Dossier, who: Principal) -> dict[str, Any]:
    """What this principal is shown of a dossier: plain values, no clocks, nothing personal."""
    shown: dict[str, Any] = {name: getattr(dossier, name) for name in SNAPSHOT}
    return shown | {"phase": dossier.phase, "actions": actions(dossier, who)}


def actions(dossier: Dossier, who: Principal) -> list[dict[str, Any]]:
    """The commands this principal may give now, with the fields each needs."""
    allowed = (command for command, states in ARROWS.items() if dossier.state in states and _may(command, dossier, who))
    return [{"name": command, "needs": list(_NEEDS[command])} for command in allowed]


def _may(command: str, dossier: Dossier, who: Principal) -> bool:
    officer = who.may_act_for(dossier.unit) and who.has(*(role for role in _ROLES[command] if role != "citizen"))
    return officer or ("citizen" in _ROLES[command] and who.recipient == dossier.recipient)


def check(command: str, dossier: Dossier) -> None:
    """Refuse a command by the name of what stands against it."""
    if dossier.state in ARROWS[command]:
        return
    raise _refusal(command, dossier.state)(state=dossier.state.value, command=command)


def _refusal(command: str, state: State) -> type[Refused]:
    if state in {State.RETURNED, State.REFUSED, State.WITHDRAWN}:
        return AlreadyClosed
    if state is State.SETTLED:
        return AlreadySettled
    if command == "supply":
        return NotAwaitingSupplement
    if state is State.AWAITING_SUPPLEMENT:
        return AwaitingSupplement
    if state is State.SUBMITTED:
        return NotYetAccepted
    return NotYetSettled if command == "return-result" else AlreadyAccepted


LONGEST_BACKLOG = timedelta(days=366)
"""A paper dossier may be entered at most so long after it was received."""


def check_submission(submission: Submission, procedure: Procedure, unit: Unit, *, at: datetime, counter: bool) -> None:
    """What a submission is refused for, field by field."""
    if unit.level not in procedure.levels:
        raise NotOfferedHere(
            field="/unit", unit=unit.code, procedure=procedure.code, levels=", ".join(procedure.levels)
        )
    if submission.channel == "direct" and not counter:
        raise CounterOnly(field="/channel")
    if (received := submission.received_at) is not None:
        if received > at:
            raise InTheFuture(field="/received_at")
        if received < at - LONGEST_BACKLOG:
            raise TooLongAgo(field="/received_at", days=LONGEST_BACKLOG.days)
    given = {component.name for component in submission.components}
    missing = [name for name in procedure.required if name not in given]
    if counter and submission.channel == "direct" and missing:
        raise MissingComponent(field="/components", missing="; ".join(missing))


def submit(
    submission: Submission,
    procedure: Procedure,
    *,
    id: UUID,
    code: str,
    recipient: UUID,
    verifier: str,
    at: datetime,
    office: Office,
) -> tuple[Dossier, list[Fact]]:
    """Receive a dossier; what came over the counter is accepted at once, else an officer answers in time."""
    received = submission.received_at or at
    dossier = Dossier(
        id=id, code=code, procedure=procedure.code, procedure_version=procedure.version, unit=submission.unit, channel=submission.channel,
        subject_kind=submission.subject_kind, state=State.SUBMITTED, recipient=recipient, submitted_at=at, received_at=received,
        limit=procedure.limit, pause_mode=procedure.pause_mode, max_supplements=procedure.max_supplements,
    )  # fmt: skip
    if submission.channel != "direct":
        dossier = _run_answer(dossier, received, office)
    stated: list[Fact] = [_submitted(dossier, verifier, len(submission.components))]
    if submission.channel == "direct":
        dossier, accepted = _accept(dossier, since=received, at=at, office=office)
        stated.append(accepted)
    return dossier, stated


def _submitted(dossier: Dossier, verifier: str, components: int) -> facts.DossierSubmitted:
    return facts.DossierSubmitted(
        occurred_at=dossier.submitted_at, dossier=dossier.id, code=dossier.code, procedure=dossier.procedure,
        procedure_version=dossier.procedure_version, unit=dossier.unit, channel=dossier.channel, subject_kind=dossier.subject_kind,
        recipient=dossier.recipient, submitted_at=dossier.submitted_at, received_at=dossier.received_at,
        answer_due_at=dossier.answer_due_at, lookup_verifier=verifier, components=components,
    )  # fmt: skip


def _run_answer(dossier: Dossier, since: datetime, office: Office) -> Dossier:
    """Start the limit to answer (8 working hours)."""
    rule = rulebook().rule("one-stop.online-answer", on=since.astimezone(ZONE).date())
    clock = start(rule, since)
    return replace(dossier, answer=clock, answer_due_at=clock.due(office.calendar, office.hours).due_at)


def _end_answer(dossier: Dossier, at: datetime) -> Dossier:
    ended = dossier.answer.complete(at) if dossier.answer is not None else None
    return replace(dossier, answer=ended, answer_due_at=None)


def _reckon(dossier: Dossier, clock: Clock, office: Office) -> tuple[Dossier, Due]:
    """Read the settlement clock: the lawful date, and the promise that follows it."""
    due = clock.due(office.calendar, office.hours)
    paused = clock.paused and due.due_at is None
    dossier = replace(
        dossier, settlement=clock, due_at=due.due_at, due_on=due.due_on, remaining_working_hours=due.remaining_working_hours if paused else None,
        provisional=due.provisional, promised_on=due.due_on or dossier.promised_on, lawful_due_on=due.due_on or dossier.lawful_due_on,
        first_promised_on=dossier.first_promised_on or due.due_on,
    )  # fmt: skip
    return dossier, due


def _accept(
    dossier: Dossier, *, since: datetime, at: datetime, office: Office
) -> tuple[Dossier, facts.DossierAccepted]:
    rule = rulebook().rule("one-stop.settlement", on=dossier.received_at.astimezone(ZONE).date())
    clock = start(rule, since, limit=dossier.limit, mode=dossier.pause_mode)
    dossier, due = _reckon(replace(_end_answer(dossier, at), state=State.ACCEPTED, accepted_at=at), clock, office)
    if due.due_at is None or due.due_on is None:
        raise AssertionError("a clock that was just started has a due date")
    fact = facts.DossierAccepted(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, rule=rule.id, rule_version=rule.version,
        started_at=due.starts_at, due_at=due.due_at, due_on=due.due_on, promised_on=due.due_on, lawful_due_on=due.due_on, provisional=due.provisional,
    )  # fmt: skip
    return dossier, fact


def _next(dossier: Dossier, **changes: Any) -> Dossier:
    return replace(dossier, version=dossier.version + 1, **changes)


def accept(dossier: Dossier, *, at: datetime, office: Office) -> tuple[Dossier, facts.DossierAccepted]:
    """Accept what came online or by post: settlement starts now (decisions 17)."""
    check("accept", dossier)
    return _accept(_next(dossier), since=at, at=at, office=office)


def refuse(dossier: Dossier, *, reason_class: str, at: datetime) -> tuple[Dossier, facts.DossierRefused]:
    """Do not accept a dossier, for a reason."""
    check("refuse", dossier)
    refused = _end_answer(_next(dossier, state=State.REFUSED, closed_at=at), at)
    return refused, facts.DossierRefused(
        occurred_at=at,
        dossier=dossier.id,
        code=dossier.code,
        unit=dossier.unit,
        recipient=dossier.recipient,
        reason_class=reason_class,
    )


def assign(dossier: Dossier, *, officer: str, at: datetime) -> tuple[Dossier, facts.DossierAssigned]:
    """Give a dossier to an officer; giving it again is a new fact, also to the same officer."""
    check("assign", dossier)
    assigned = _next(dossier, state=State.IN_PROGRESS, handler=officer)
    return assigned, facts.DossierAssigned(occurred_at=at, dossier=dossier.id, unit=dossier.unit, officer=officer)


def request_supplement(
    dossier: Dossier, *, components: Sequence[str], respond_by: date | None, at: datetime, office: Office
) -> tuple[Dossier, facts.SupplementRequested]:
    """Ask the applicant for papers; the settlement clock stands still, the answer limit is met."""
    check("request-supplement", dossier)
    if dossier.supplements >= dossier.max_supplements:
        raise TooManySupplements(allowed=dossier.max_supplements)
    by = respond_by or _applicant_limit(at, office)
    if by <= at.astimezone(ZONE).date():
        raise DateTooEarly(field="/respond_by")
    waiting = _next(
        dossier,
        state=State.AWAITING_SUPPLEMENT,
        supplements=dossier.supplements + 1,
        before_supplement=dossier.state,
        respond_by=by,
    )
    waiting = _end_answer(waiting, at) if dossier.state is State.SUBMITTED else waiting
    if waiting.settlement is not None:
        waiting, _ = _reckon(waiting, waiting.settlement.pause(at), office)
    return waiting, facts.SupplementRequested(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, respond_by=by,
        components=len(components), remaining_working_hours=waiting.remaining_working_hours,
    )  # fmt: skip


def _applicant_limit(at: datetime, office: Office) -> date:
    rule = rulebook().rule("one-stop.applicant-answer", on=at.astimezone(ZONE).date())
    due = start(rule, at).due(office.calendar, office.hours)
    if due.due_on is None:
        raise AssertionError("a clock that was just started has a due date")
    return due.due_on


def supply(dossier: Dossier, *, at: datetime, office: Office) -> tuple[Dossier, facts.SupplementSupplied]:
    """Take the missing papers: back to submitted with a new answer limit, or on with the settlement."""
    check("supply", dossier)
    came_from = dossier.before_supplement
    supplied = _next(dossier, before_supplement=None, respond_by=None)
    if came_from is State.SUBMITTED:
        supplied = _run_answer(replace(supplied, state=State.SUBMITTED), at, office)
    elif supplied.settlement is not None:
        supplied, _ = _reckon(replace(supplied, state=State.IN_PROGRESS), supplied.settlement.resume(at), office)
    return supplied, facts.SupplementSupplied(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, due_at=supplied.due_at,
        due_on=supplied.due_on, promised_on=supplied.promised_on, lawful_due_on=supplied.lawful_due_on, answer_due_at=supplied.answer_due_at,
    )  # fmt: skip


def settle(dossier: Dossier, *, outcome: str, number: str | None, at: datetime) -> tuple[Dossier, facts.DossierSettled]:
    """There is a result: granted, or rejected with reasons."""
    check("settle", dossier)
    settled_on = at.astimezone(ZONE).date()
    settled = _next(
        dossier, state=State.SETTLED, settled_at=at, outcome=outcome, result_number=number, remaining_working_hours=None,
        settlement=dossier.settlement.complete(at) if dossier.settlement is not None else None,
    )  # fmt: skip
    return settled, facts.DossierSettled(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, outcome=outcome,
        settled_on=settled_on, promised_on=settled.promised_on, lawful_due_on=settled.lawful_due_on, timing=timing(settled_on, settled.promised_on),
    )  # fmt: skip


def timing(settled_on: date, promised_on: date | None) -> str:
    """`before`, `on` or `over` the promised date, by date alone (Form 06)."""
    if promised_on is None:
        return "unknown"
    return "before" if settled_on < promised_on else "on" if settled_on == promised_on else "over"


def return_result(dossier: Dossier, *, method: str, at: datetime) -> tuple[Dossier, facts.ResultReturned]:
    """Hand the result to the citizen."""
    check("return-result", dossier)
    returned = _next(dossier, state=State.RETURNED, returned_at=at, closed_at=at)
    return returned, facts.ResultReturned(
        occurred_at=at,
        dossier=dossier.id,
        code=dossier.code,
        unit=dossier.unit,
        recipient=dossier.recipient,
        method=method,
    )


def withdraw(dossier: Dossier, *, reason_class: str, at: datetime) -> tuple[Dossier, facts.DossierWithdrawn]:
    """The applicant takes the dossier back before there is a result."""
    check("withdraw", dossier)
    withdrawn = _next(dossier, state=State.WITHDRAWN, closed_at=at, respond_by=None, remaining_working_hours=None)
    withdrawn = (
        _end_answer(withdrawn, at)
        if withdrawn.answer is not None and withdrawn.answer.completed_at is None
        else withdrawn
    )
    if withdrawn.settlement is not None:
        withdrawn = replace(withdrawn, settlement=withdrawn.settlement.complete(at))
    return withdrawn, facts.DossierWithdrawn(
        occurred_at=at,
        dossier=dossier.id,
        code=dossier.code,
        unit=dossier.unit,
        recipient=dossier.recipient,
        reason_class=reason_class,
    )
