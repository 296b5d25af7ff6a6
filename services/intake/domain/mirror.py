"""A dossier that another system owns, followed here: what its source says becomes the commands that lead there. Pure.

A skipped status is inferred: its facts are stated and marked. The source's slip is the promise; the lawful date stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.domain.dossier import Dossier, Procedure, dates, reckoned
from services.intake.domain.filing import accept, await_answer, refuse, stop, withdraw
from services.intake.domain.pauses import pause, resume
from services.intake.domain.payments import confirm_payment, require_payment
from services.intake.domain.portal_status import NoWay, Standing, Step, state_of, way
from services.intake.domain.settling import assign, return_result, settle
from services.intake.domain.sources import Event, Reason, Rejected
from services.intake.domain.states import State
from services.intake.domain.supplements import request_supplement, supply
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.law import Office

AS_OFTEN_AS_IT_LIKES = 32_000
"""How often a source asks for papers is counted there."""
_REASONS = frozenset(
    {"wrong-place", "not-complete", "not-eligible", "duplicate", "own-wish", "other-agency", "verification"}
)
_RUNNING = frozenset({State.ACCEPTED, State.IN_PROGRESS})
STATUS = "status"
"""The field a source corrects."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of one event: the dossier as it stands now, its facts in order, and the statuses that were inferred."""

    dossier: Dossier
    facts: tuple[Fact, ...] = ()
    inferred: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Told:
    """An event as one step of it needs it."""

    event: Event
    source: str
    office: Office

    @property
    def data(self) -> Mapping[str, Any]:
        return self.event.data

    @property
    def reason_class(self) -> str:
        note = self.data.get("note_code")
        return note if note in _REASONS else "other"

    def at(self, dossier: Dossier, *names: str) -> datetime:
        """The first of these times that is said, never before what happened last."""
        said = next((self.data[name] for name in (*names, "at") if self.data.get(name)), None)
        return max(said or self.event.time or dossier.submitted_at, dossier.last_event_at)


def begin(
    event: Event, procedure: Procedure, *, id: UUID, recipient: UUID, verifier: str, source: str, tells_citizens: bool, office: Office, now: datetime
) -> Followed:  # fmt: skip
    """A dossier heard of for the first time, in whatever status."""
    data = event.data
    submitted_at = min(data["submitted_at"], now)
    backfill = bool(data.get("backfill"))
    dossier = Dossier(
        id=id, code=event.key, procedure=procedure.code, procedure_version=procedure.version, unit=data["unit"], channel=data["channel"],
        receiving_unit=data["unit"], subject_kind=data.get("subject_kind", "citizen"), state=State.SUBMITTED, recipient=recipient, submitted_at=submitted_at,
        received_at=min(data.get("received_at") or submitted_at, now), limit=procedure.limit, pause_mode=procedure.pause_mode,
        max_supplements=AS_OFTEN_AS_IT_LIKES, source=source, appointment_at=data.get("appointment_at"), backfilled_at=now if backfill else None,
    )  # fmt: skip
    if data["status"] == 1:
        dossier = await_answer(dossier, dossier.submitted_at, office)
    submitted = facts.DossierSubmitted(
        occurred_at=submitted_at, dossier=id, code=dossier.code, procedure=dossier.procedure, procedure_version=dossier.procedure_version,
        unit=dossier.unit, channel=dossier.channel, subject_kind=dossier.subject_kind, recipient=recipient, submitted_at=submitted_at,
        received_at=dossier.received_at, answer_due_at=dossier.answer_due_at, lookup_verifier=verifier, components=0, source=source,
        tells_citizens=not tells_citizens, backfill=backfill,
    )  # fmt: skip
    followed = follow(dossier, event, source, office, now)
    return replace(followed, facts=(submitted, *followed.facts))


def follow(dossier: Dossier, event: Event, source: str, office: Office, now: datetime) -> Followed:
    """A known dossier, and what its source says of it now; `Rejected` where no arrow leads there."""
    told = _Told(_not_ahead(event, now), source, office)
    to = state_of(event.data["status"], finished=event.data.get("finished_at") is not None)
    here = Standing(dossier.state, accepted=dossier.settlement is not None)
    try:
        steps = _way(here, to, told)
    except NoWay as error:
        if not error.backward:
            raise Rejected(Reason.IMPOSSIBLE_STATUS, "/data/status") from None
        if not event.data.get("correction"):
            raise Rejected(Reason.BACKWARD_STATUS, "/data/status") from None
        return _taken_back(dossier, to, told)
    return _walked(dossier, steps, told)


def _way(here: Standing, to: State, told: _Told) -> tuple[Step, ...]:
    """The commands to go; a dossier with an appointment was accepted, whatever it waits for now."""
    if here.state is State.SUBMITTED and to is State.AWAITING_SUPPLEMENT and told.data.get("appointment_at"):
        accepted = Standing(State.ACCEPTED, accepted=True)
        return (Step("accept", accepted), *way(accepted, to))
    return way(here, to)


_PAST = ("at", "received_at", "submitted_at", "finished_at", "returned_at")


def _not_ahead(event: Event, now: datetime) -> Event:
    """A clock that is a little ahead moves nothing into the future."""
    ahead = {name: now for name in _PAST if name in event.data and event.data[name] > now}
    if not ahead and (event.time is None or event.time <= now):
        return event
    return replace(event, data={**event.data, **ahead}, time=event.time and min(event.time, now))


def _walked(dossier: Dossier, steps: Sequence[Step], told: _Told) -> Followed:
    stated: list[Fact] = []
    dossier = _with_new_slip(dossier, steps, told, stated)
    for number, step in enumerate(steps, 1):
        dossier, fact = _COMMANDS[step.command](dossier, told)
        stated.append(_marked(fact, told, inferred=number < len(steps)))
    return Followed(dossier, tuple(stated), tuple(step.status for step in steps[:-1]))


def _marked(fact: Fact, told: _Told, *, inferred: bool = False) -> Fact:
    marks: Any = {"source": told.source, "backfill": bool(told.data.get("backfill")), "inferred": inferred}
    return replace(fact, **marks)


def _with_new_slip(dossier: Dossier, steps: Sequence[Step], told: _Told, stated: list[Fact]) -> Dossier:
    """The source's slip says another day now: an apology where the clock runs, else what the next command promises."""
    appointment = told.data.get("appointment_at")
    if appointment is None or appointment == dossier.appointment_at:
        return dossier
    dossier = dossier.having(appointment_at=appointment)
    if dossier.settlement is None or dossier.settlement.ended:
        return dossier
    old, term = dossier.promised_on, dossier.settlement.promise_for(appointment, told.office)
    if dossier.state not in _RUNNING:
        return dossier.having(settlement=term)
    moved = dossier.next(apologies=dossier.apologies + 1, **reckoned(dossier, term))
    if old is not None and moved.promised_on != old and not steps:
        fact = facts.AppointmentMoved(
            occurred_at=told.at(dossier), dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient,
            reason_class="other", old_promised_on=old, signer=told.source, **dates(moved),
        )  # fmt: skip
        stated.append(_marked(fact, told))
    return moved


_Command = Callable[[Dossier, _Told], tuple[Dossier, Fact]]


def _accept(dossier: Dossier, told: _Told) -> tuple[Dossier, Fact]:
    """Accepted when it was received, where its source says when."""
    at = told.at(dossier, "received_at") if dossier.answer is not None else dossier.received_at
    return accept(dossier, at=at, office=told.office)


_COMMANDS: Mapping[str, _Command] = {
    "accept": _accept,
    "refuse": lambda d, t: refuse(d, reason_class=t.reason_class, at=t.at(d, "finished_at"), office=t.office),
    "assign": lambda d, t: assign(d, officer=t.source, at=t.at(d)),
    "request-supplement": lambda d, t: request_supplement(d, components=(), respond_by=None, at=t.at(d), office=t.office),
    "supply": lambda d, t: supply(d, at=t.at(d), office=t.office),
    "require-payment": lambda d, t: require_payment(d, amount=None, notice_no=None, respond_by=None, at=t.at(d), office=t.office),
    "confirm-payment": lambda d, t: confirm_payment(d, paid_at=t.at(d), at=t.at(d), office=t.office),
    "pause": lambda d, t: pause(d, reason_class=t.reason_class, at=t.at(d), office=t.office),
    "resume": lambda d, t: resume(d, at=t.at(d), office=t.office),
    "settle": lambda d, t: settle(d, outcome=t.data.get("outcome", "granted"), number=None, at=t.at(d, "finished_at"), office=t.office),
    "return-result": lambda d, t: return_result(d, method="counter", at=t.at(d, "returned_at")),
    "withdraw": lambda d, t: withdraw(d, reason_class=t.reason_class, at=t.at(d), office=t.office),
    "stop": lambda d, t: stop(d, reason_class=t.reason_class, at=t.at(d, "finished_at"), office=t.office),
}  # fmt: skip


def _taken_back(dossier: Dossier, to: State, told: _Told) -> Followed:
    """A status that was wrong: the dossier stands where it stood before, and the fact says so (never an edit)."""
    reopened = dossier.having(
        state=to, settled_at=None, returned_at=None, closed_at=None, respond_by=None,
        outcome=None, appointment_at=told.data.get("appointment_at") or dossier.appointment_at,
    )  # fmt: skip
    if to in {State.SETTLED, State.RETURNED}:
        reopened = reopened.having(settled_at=dossier.settled_at, outcome=dossier.outcome, closed_at=None)
    back = reopened.having(**_clock_taken_back(reopened, to, told))
    corrected, fact = correct_status(back, reason_class=told.data["reason_class"], at=told.at(dossier))
    return Followed(corrected, (_marked(fact, told),))


def _clock_taken_back(dossier: Dossier, to: State, told: _Told) -> dict[str, Any]:
    if dossier.settlement is None or to is State.SETTLED:
        return {}
    office = told.office
    if to is State.SUBMITTED:
        return {"settlement": dossier.settlement if dossier.settlement.ended else dossier.settlement.end(told.at(dossier), office),
                "due_at": None, "due_on": None, "promised_on": None, "lawful_due_on": None}  # fmt: skip
    term = dossier.settlement.reopen(office)
    still = to in {State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT, State.PAUSED}
    at = max(told.at(dossier.having(settlement=term)), term.clock.events[-1].at)
    if still and not term.clock.paused:
        term = term.pause(at, office)
    elif not still and term.clock.paused:
        term = term.resume(at, office)
    return reckoned(dossier, term)


def correct_status(dossier: Dossier, *, reason_class: str, at: datetime) -> tuple[Dossier, facts.DossierCorrected]:
    """The correction of a status, with the dates that count again."""
    return dossier.next(), facts.DossierCorrected(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, field=STATUS,
        reason_class=reason_class, state=dossier.state.value, **dates(dossier),
    )  # fmt: skip
