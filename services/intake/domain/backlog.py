"""What a paper register tells: where a dossier stands, and when it came there; the facts are stated as history, by the same rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.intake.domain import refusals
from services.intake.domain.clocks import Term
from services.intake.domain.dossier import Dossier, Procedure, Submission, Unit, dates, reckoned
from services.intake.domain.filing import accept, check_lifetimes, refuse, stop, submit, withdraw
from services.intake.domain.pauses import pause
from services.intake.domain.payments import require_payment
from services.intake.domain.settling import assign, return_result, settle
from services.intake.domain.states import State
from services.intake.domain.supplements import request_supplement
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.law import Office, breach_at

_WAITING = (State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT, State.PAUSED)
_ENDED = (State.REFUSED, State.WITHDRAWN, State.STOPPED)
_RESULT = (State.SETTLED, State.RETURNED)
_NEEDED: dict[State, tuple[str, ...]] = {
    State.IN_PROGRESS: ("handler",), State.AWAITING_SUPPLEMENT: ("since", "missing"), State.AWAITING_PAYMENT: ("since", "amount"),
    State.PAUSED: ("handler", "since"), State.REFUSED: ("since",), State.WITHDRAWN: ("since",), State.STOPPED: ("since",),
    State.SETTLED: ("settled_at", "outcome"), State.RETURNED: ("settled_at", "outcome", "returned_at", "method"),
}  # fmt: skip
_ALLOWED: dict[str, frozenset[State]] = {
    "handler": frozenset(State) - {State.SUBMITTED, State.REFUSED},
    "since": frozenset((*_WAITING, *_ENDED)),
    "missing": frozenset({State.AWAITING_SUPPLEMENT}),
    "amount": frozenset({State.AWAITING_PAYMENT}),
    "settled_at": frozenset(_RESULT), "outcome": frozenset(_RESULT), "number": frozenset(_RESULT),
    "returned_at": frozenset({State.RETURNED}), "method": frozenset({State.RETURNED}),
    "promised_on": frozenset(State) - {State.SUBMITTED, State.REFUSED},
}  # fmt: skip


_HISTORY: dict[str, Any] = {"backfill": True}


@dataclass(frozen=True, slots=True)
class Past:
    """A dossier as a paper register has it; `since`: when it began to wait, or ended without a result."""

    code: str
    submission: Submission
    state: State
    received_at: datetime
    accepted_at: datetime | None = None
    promised_on: date | None = None
    handler: str | None = None
    since: datetime | None = None
    missing: tuple[str, ...] = ()
    amount: int | None = None
    reason_class: str = "other"
    settled_at: datetime | None = None
    outcome: str | None = None
    number: str | None = None
    returned_at: datetime | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A dossier of the past, and its facts in the order in which they happened."""

    dossier: Dossier
    stated: Sequence[Fact]


def check_past(past: Past, procedure: Procedure, unit: Unit, *, at: datetime) -> None:
    """What a line of a register is refused for, field by field."""
    if not unit.offers(procedure):
        levels = ", ".join(procedure.levels)
        raise refusals.NotOfferedHere(field="/unit", unit=unit.code, procedure=procedure.code, levels=levels)
    check_lifetimes(past.received_at, unit, procedure)
    _check_fields(past)
    _check_order(past, at)


def _check_fields(past: Past) -> None:
    for name in _NEEDED.get(past.state, ()):
        if not getattr(past, name):
            raise refusals.PastIncomplete(field=f"/{name}", state=past.state.value)
    for name, states in _ALLOWED.items():
        if getattr(past, name) and past.state not in states:
            raise refusals.PastContradicts(field=f"/{name}", state=past.state.value)
    if past.state is State.SUBMITTED and (past.submission.channel == "direct" or past.accepted_at is not None):
        raise refusals.PastContradicts(field="/state", state=past.state.value)


def _check_order(past: Past, at: datetime) -> None:
    """Each moment lies behind the one before it, and none in the future."""
    before = past.received_at
    for name in ("received_at", "accepted_at", "since", "settled_at", "returned_at"):
        moment: datetime | None = getattr(past, name)
        if moment is None:
            continue
        if moment > at:
            raise refusals.InTheFuture(field=f"/{name}")
        if moment < before:
            raise refusals.PastOutOfOrder(field=f"/{name}")
        before = moment


def remember(
    past: Past, procedure: Procedure, *, id: UUID, recipient: UUID, verifier: str, at: datetime, office: Office
) -> Recorded:
    """What happened, step by step, each at its own moment; a limit that was broken by now is told as broken, too."""
    dossier, stated = submit(
        past.submission, procedure, id=id, code=past.code, recipient=recipient, verifier=verifier, at=past.received_at, office=office
    )  # fmt: skip
    if past.state not in {State.SUBMITTED, State.REFUSED}:
        dossier, stated = _taken_on(dossier, stated, past, office)
    for step in _steps(past):
        dossier, fact = step(dossier, office)
        stated.append(fact)
    broken = [_breach(dossier, kind, term) for kind, term in _broken(dossier, at)]
    in_order = sorted([*stated, *broken], key=lambda fact: fact.occurred_at)
    return Recorded(dossier, [replace(fact, **_HISTORY) for fact in in_order])


def _taken_on(dossier: Dossier, stated: list[Fact], past: Past, office: Office) -> tuple[Dossier, list[Fact]]:
    """Accepted, with the date that stands on the paper slip where the register has it."""
    submitted, *accepted = stated
    acceptance = accepted[0] if accepted else None
    if acceptance is None:
        dossier, acceptance = accept(dossier, at=past.accepted_at or past.received_at, office=office)
    lawful_on = dossier.settling.due.due_on if dossier.settling.due else None
    if past.promised_on is not None and lawful_on is not None and past.promised_on != lawful_on:
        dossier = _promised(dossier, past.promised_on, lawful_on, office)
        acceptance = replace(acceptance, **dates(dossier))
    return dossier, [submitted, acceptance]


def _promised(dossier: Dossier, promised_on: date, lawful_on: date, office: Office) -> Dossier:
    if promised_on < dossier.received_at.date():
        raise refusals.PastOutOfOrder(field="/promised_on")
    if not office.calendar.is_working_day(promised_on):
        raise refusals.NotAWorkingDay(field="/promised_on")
    days = office.calendar.count_working_days(lawful_on, promised_on)
    moved = reckoned(dossier.having(first_promised_on=None), dossier.settling.move(days, office))
    return dossier.having(**moved)


def _steps(past: Past) -> list[Any]:
    """What came after acceptance, each a command that is given at its moment."""
    steps: list[Any] = []
    begun = past.accepted_at or past.received_at
    if past.handler is not None:
        steps.append(lambda d, _o: assign(d, officer=past.handler or "", at=begun))
    if past.since is not None:
        steps.append(_standing_or_ended(past, past.since))
    if past.settled_at is not None:
        at = past.settled_at
        steps.append(lambda d, o: settle(d, outcome=past.outcome or "", number=past.number, at=at, office=o))
    if past.returned_at is not None:
        returned = past.returned_at
        steps.append(lambda d, _o: return_result(d, method=past.method or "", at=returned))
    return steps


def _standing_or_ended(past: Past, at: datetime) -> Any:
    match past.state:
        case State.AWAITING_SUPPLEMENT:
            return lambda d, o: request_supplement(d, components=past.missing, respond_by=None, at=at, office=o)
        case State.AWAITING_PAYMENT:
            return lambda d, o: require_payment(
                d, amount=past.amount or 0, notice_no=None, respond_by=None, at=at, office=o
            )
        case State.PAUSED:
            return lambda d, o: pause(d, reason_class=past.reason_class, at=at, office=o)
    end = {State.REFUSED: refuse, State.WITHDRAWN: withdraw, State.STOPPED: stop}[past.state]
    return lambda d, o: end(d, reason_class=past.reason_class, at=at, office=o)


def _broken(dossier: Dossier, at: datetime) -> list[tuple[str, Term]]:
    """The limits that were broken by now, and before they ended."""
    found = []
    for kind, term in (("answer", dossier.answer), ("settlement", dossier.settlement)):
        broken_at = breach_at(term.promise) if term is not None and term.promise is not None else None
        if term is None or broken_at is None or broken_at > at:
            continue
        ended = term.clock.completed_at
        if ended is None or ended >= broken_at:
            found.append((kind, term))
    return found


def _breach(dossier: Dossier, kind: str, term: Term) -> facts.DeadlineBreached:
    due = term.promise
    if due is None or due.due_at is None or due.due_on is None or (broken_at := breach_at(due)) is None:
        raise AssertionError("a limit that was broken had a due date")
    return facts.DeadlineBreached(
        occurred_at=broken_at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, kind=kind, revision=1,
        due_at=due.due_at, due_on=due.due_on, officer=dossier.handler,
    )  # fmt: skip
