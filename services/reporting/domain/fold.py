"""The fold: a line and the next fact of its dossier make the next line. Deterministic, no clock, no look-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias

from services.reporting.domain.line import UNKNOWN, DossierLine, begun
from shared.contracts.envelope import Fact
from shared.contracts.intake import (
    AppointmentMoved,
    DeadlineBreached,
    DeadlineMoved,
    DeadlineWarned,
    DossierAccepted,
    DossierAssigned,
    DossierCorrected,
    DossierEscalated,
    DossierPaused,
    DossierRated,
    DossierRefused,
    DossierResumed,
    DossierSettled,
    DossierStopped,
    DossierSubmitted,
    DossierSucceeded,
    DossierTransferAccepted,
    DossierTransferred,
    DossierTransferRejected,
    DossierWithdrawn,
    PaymentConfirmed,
    PaymentRequired,
    ResultReturned,
    SupplementRequested,
    SupplementSupplied,
)
from shared.law.zone import local

SETTLEMENT: Final = "settlement"
"""The deadline a citizen was promised."""
TRANSFER: Final = "transfer"
"""The limit another unit has to say whether it takes a dossier; any other kind is the answer to an online submission."""


Changes: TypeAlias = dict[str, Any]
"""Fields of a line that a fact changes; applied in one step."""


class Told(NamedTuple):
    """A fact as it reached us: its place in its dossier, when it was recorded, the trace it belongs to."""

    fact: Fact
    sequence: int
    recorded_at: datetime
    trace: str | None = None


def fold(line: DossierLine | None, told: Told) -> DossierLine:
    """The line after this fact; a placeholder begins where the first fact heard is not a submission.

    After its end a dossier only takes what belongs there: the return of the result, and announcements of its deadlines; a corrected status may open it again.
    """
    fact = told.fact
    before = line if line is not None else _begin(fact)
    kind = type(fact)
    changes = FOLDS[kind](before, fact) if before.open or kind in _AFTER_THE_END else {}
    return before._replace(**changes, version=told.sequence, last_at=told.recorded_at)


def day_of(at: datetime) -> date:
    """The local day of an instant."""
    return local(at).date()


def timing_of(settled_on: date, promised_on: date | None) -> str:
    """Before, on or over the promised day, judged by date (law page, section 4); unknown without a promise."""
    if promised_on is None:
        return UNKNOWN
    if settled_on == promised_on:
        return "on"
    return "before" if settled_on < promised_on else "over"


def _begin(fact: Any) -> DossierLine:
    at = fact.occurred_at
    return begun(fact.dossier, code=getattr(fact, "code", ""), unit=fact.unit, day=day_of(at), at=at)


def _submitted(_line: DossierLine, fact: DossierSubmitted) -> Changes:
    return {
        "code": fact.code, "unit": fact.unit, "procedure": fact.procedure, "procedure_version": fact.procedure_version, "channel": fact.channel,
        "subject_kind": fact.subject_kind, "recipient": fact.recipient, "components": fact.components,
        "lookup_verifier": fact.lookup_verifier, "received_on": day_of(fact.received_at or fact.submitted_at),
        "submitted_at": fact.submitted_at, "answer_due_at": fact.answer_due_at, "received_at": fact.received_at or fact.submitted_at, "source": fact.source,
    }  # fmt: skip


def _accepted(line: DossierLine, fact: DossierAccepted) -> Changes:
    return {
        "state": "accepted", "code": fact.code, "recipient": fact.recipient, "accepted_at": fact.occurred_at, "answer_due_at": None,
        "due_at": fact.due_at, "due_on": fact.due_on, "promised_on": fact.promised_on, "lawful_due_on": fact.lawful_due_on,
        "first_promised_on": line.first_promised_on or fact.promised_on, "rule": fact.rule, "rule_version": fact.rule_version,
        "provisional": fact.provisional, "paused_at": None, "started_at": fact.started_at, "stops": [], "promises": [fact.promised_on],
    }  # fmt: skip


def _refused(_line: DossierLine, fact: DossierRefused) -> Changes:
    return {**_ended("refused"), "refused_on": day_of(fact.occurred_at), "reason_class": fact.reason_class}


def _assigned(line: DossierLine, fact: DossierAssigned) -> Changes:
    state = "in-progress" if line.state in {"submitted", "accepted"} else line.state
    return {"state": state, "officer": fact.officer}


def _supplement_requested(line: DossierLine, fact: SupplementRequested) -> Changes:
    return {**_standing(line, fact, "awaiting-supplement"), "respond_by": fact.respond_by, "answer_due_at": None}


def _payment_required(line: DossierLine, fact: PaymentRequired) -> Changes:
    return {**_standing(line, fact, "awaiting-payment"), "respond_by": fact.respond_by}


def _paused(line: DossierLine, fact: DossierPaused) -> Changes:
    return _standing(line, fact, "paused")


def _standing(line: DossierLine, fact: SupplementRequested | PaymentRequired | DossierPaused, state: str) -> Changes:
    # a pause that begins after the due instant never moves the date: what is late stays late (decisions 17)
    late = _is_late(line, fact.occurred_at)
    return {
        "state": state, "paused_at": line.paused_at or fact.occurred_at, "paused_times": line.paused_times + 1,
        "remaining_working_hours": fact.remaining_working_hours, "due_at": line.due_at if late else None,
        "due_on": line.due_on if late else None, "stops": _stopped(line, fact.occurred_at),
    }  # fmt: skip


def _is_late(line: DossierLine, at: datetime) -> bool:
    """Whether the lawful due instant is over; where an appointment was moved, the slip's day is a later one."""
    if line.due_at is None:
        return False
    moved = line.due_on - line.lawful_due_on if line.due_on and line.lawful_due_on else timedelta(0)
    return at > line.due_at - moved


def _stopped(line: DossierLine, at: datetime) -> list[datetime]:
    """The settlement clock stops, where it has started and does not stand still already."""
    return line.stops if line.started_at is None or len(line.stops) % 2 else [*line.stops, at]


def _supplement_supplied(line: DossierLine, fact: SupplementSupplied) -> Changes:
    # papers asked for before acceptance lead back to submitted; afterwards the work goes on
    return {
        "state": "submitted" if line.accepted_at is None else "in-progress", "paused_at": None, "remaining_working_hours": None,
        "respond_by": None, "due_at": fact.due_at or line.due_at, "due_on": fact.due_on or line.due_on,
        "promised_on": fact.promised_on or line.promised_on, "lawful_due_on": fact.lawful_due_on or line.lawful_due_on,
        "first_promised_on": line.first_promised_on or fact.promised_on, "answer_due_at": fact.answer_due_at, **_gone_on(line, fact),
    }  # fmt: skip


def _going_on(line: DossierLine, fact: PaymentConfirmed | DossierResumed) -> Changes:
    return {
        "state": "in-progress", "paused_at": None, "remaining_working_hours": None, "respond_by": None, "due_at": fact.due_at,
        "due_on": fact.due_on, "promised_on": fact.promised_on, "lawful_due_on": fact.lawful_due_on,
        "first_promised_on": line.first_promised_on or fact.promised_on, **_gone_on(line, fact),
    }  # fmt: skip


def _moved(line: DossierLine, fact: AppointmentMoved) -> Changes:
    # only allowed before the promised day is over, so that no day before it is judged otherwise by the new one
    return {
        "due_at": fact.due_at, "due_on": fact.due_on, "promised_on": fact.promised_on, "lawful_due_on": fact.lawful_due_on,
        "first_promised_on": line.first_promised_on or fact.old_promised_on, "promises": [*line.promises[:-1], fact.promised_on],
    }  # fmt: skip


def _recounted(line: DossierLine, fact: DeadlineMoved) -> Changes:
    # what the slip says stays a promise; the day it is judged by is the later one of both
    if fact.kind != SETTLEMENT:
        return {"answer_due_at": fact.due_at if line.answer_due_at else None, "answer_late": False}
    if not line.open or line.due_at is None:
        return {"lawful_due_on": fact.lawful_due_on or line.lawful_due_on}
    return {
        "due_at": fact.due_at, "due_on": fact.due_on, "lawful_due_on": fact.lawful_due_on or line.lawful_due_on, "provisional": fact.provisional,
        **({"warned": False, "breached": False} if fact.due_on != line.due_on else {}),
    }  # fmt: skip


def _gone_on(
    line: DossierLine, fact: SupplementSupplied | PaymentConfirmed | DossierResumed | DossierCorrected
) -> Changes:
    """The settlement clock goes on, where it stood still."""
    promised_on = fact.promised_on or line.promised_on
    if len(line.stops) % 2 == 0 or promised_on is None:
        return {}
    return {"stops": [*line.stops, fact.occurred_at], "promises": [*line.promises, promised_on]}


def _settled(line: DossierLine, fact: DossierSettled) -> Changes:
    promised_on = fact.promised_on or line.promised_on
    return {
        **_ended("settled"), "promised_on": promised_on, "lawful_due_on": fact.lawful_due_on or line.lawful_due_on,
        "first_promised_on": line.first_promised_on or promised_on, "settled_on": fact.settled_on, "outcome": fact.outcome,
        "timing": timing_of(fact.settled_on, _latest(promised_on, fact.lawful_due_on or line.lawful_due_on)),
    }  # fmt: skip


def _latest(promised_on: date | None, lawful_due_on: date | None) -> date | None:
    """The day promised, or the lawful one where a change of the calendar moved it behind that."""
    return max((day for day in (promised_on, lawful_due_on) if day is not None), default=None)


def _returned(line: DossierLine, fact: ResultReturned) -> Changes:
    returned = {"state": "returned", "returned_at": fact.occurred_at, "return_method": fact.method}
    if line.open:
        return {**_settled_unheard(line, fact), **returned}
    return returned if line.state == "settled" else {}


def _settled_unheard(line: DossierLine, fact: ResultReturned | DossierCorrected) -> Changes:
    """Its settlement was not heard of; what comes after it happens to no dossier without one."""
    day = day_of(fact.occurred_at)
    timing = timing_of(day, _latest(line.promised_on, line.lawful_due_on))
    return {
        **_ended("settled"),
        "settled_on": day,
        "timing": timing,
        "refused_on": None,
        "withdrawn_on": None,
        "reason_class": None,
    }


def _withdrawn(_line: DossierLine, fact: DossierWithdrawn) -> Changes:
    return {**_ended("withdrawn"), "withdrawn_on": day_of(fact.occurred_at), "reason_class": fact.reason_class}


def _stopped_on_request(_line: DossierLine, fact: DossierStopped) -> Changes:
    # counted as settled on its day, as what was withdrawn is (decisions 19)
    return {**_ended("stopped"), "withdrawn_on": day_of(fact.occurred_at), "reason_class": fact.reason_class}


def _handed_over(_line: DossierLine, fact: DossierTransferAccepted | DossierEscalated) -> Changes:
    # counted with whoever is accountable now, from its receipt on; no date moves, and the new unit names its own officer
    return {"unit": fact.unit, "officer": None}


def _corrected(line: DossierLine, fact: DossierCorrected) -> Changes:
    # a status that was wrong: the dossier stands again where it stood, and what came after that did not happen
    if fact.state is None:
        return {}
    not_returned: Changes = {"returned_at": None, "return_method": None}
    if fact.state == "settled":
        return {**(_settled_unheard(line, fact) if line.settled_on is None else {}), **not_returned, "state": "settled"}
    return {
        "state": fact.state, "open": True, "due_at": fact.due_at, "due_on": fact.due_on, "promised_on": fact.promised_on,
        "lawful_due_on": fact.lawful_due_on, "first_promised_on": line.first_promised_on or fact.promised_on, "answer_due_at": None,
        "remaining_working_hours": None, "respond_by": None, "refused_on": None, "withdrawn_on": None, "reason_class": None, "settled_on": None,
        "outcome": None, "timing": None, **not_returned, **_clock_corrected(line, fact),
    }  # fmt: skip


def _clock_corrected(line: DossierLine, fact: DossierCorrected) -> Changes:
    if fact.state == "submitted":
        return {"accepted_at": None, "started_at": None, "paused_at": None, "stops": [], "promises": []}
    if fact.state in _STILL:
        times = line.paused_times + (line.paused_at is None)
        return {"paused_at": line.paused_at or fact.occurred_at, "paused_times": times, "stops": _stopped(line, fact.occurred_at)}  # fmt: skip
    if len(line.stops) % 2:
        return {"paused_at": None, **_gone_on(line, fact)}
    promised = [*line.promises[:-1], fact.promised_on] if line.promises and fact.promised_on else line.promises
    return {"paused_at": None, "promises": promised}


_STILL: Final = frozenset({"awaiting-supplement", "awaiting-payment", "paused"})


def _unmoved(_line: DossierLine, _fact: DossierRated | DossierTransferred | DossierTransferRejected) -> Changes:
    return {}


def _succeeded(_line: DossierLine, fact: DossierSucceeded) -> Changes:
    # the counters follow: what was received by the unit that ended counts for the one that settles it
    return {"unit": fact.unit, "officer": None}


def _ended(state: str) -> Changes:
    return {
        "state": state, "open": False, "due_at": None, "due_on": None, "answer_due_at": None, "paused_at": None,
        "remaining_working_hours": None, "respond_by": None,
    }  # fmt: skip


def _warned(_line: DossierLine, fact: DeadlineWarned) -> Changes:
    return {"warned": True} if fact.kind == SETTLEMENT else {}


def _breached(_line: DossierLine, fact: DeadlineBreached) -> Changes:
    if fact.kind == TRANSFER:
        return {}
    return {"breached": True} if fact.kind == SETTLEMENT else {"answer_late": True}


FOLDS: Final[Mapping[type[Fact], Callable[[DossierLine, Any], Changes]]] = {
    DossierSubmitted: _submitted,
    DossierAccepted: _accepted,
    DossierRefused: _refused,
    DossierAssigned: _assigned,
    SupplementRequested: _supplement_requested,
    SupplementSupplied: _supplement_supplied,
    PaymentRequired: _payment_required,
    PaymentConfirmed: _going_on,
    DossierPaused: _paused,
    DossierResumed: _going_on,
    AppointmentMoved: _moved,
    DossierStopped: _stopped_on_request,
    DossierCorrected: _corrected,
    DossierRated: _unmoved,
    DossierTransferred: _unmoved,
    DossierTransferAccepted: _handed_over,
    DossierTransferRejected: _unmoved,
    DossierEscalated: _handed_over,
    DossierSettled: _settled,
    ResultReturned: _returned,
    DossierWithdrawn: _withdrawn,
    DeadlineWarned: _warned,
    DeadlineBreached: _breached,
    DossierSucceeded: _succeeded,
    DeadlineMoved: _recounted,
}
"""How each fact changes a line; a fact that is not here is not read."""

_AFTER_THE_END: Final = frozenset(
    {DossierSubmitted, ResultReturned, DossierCorrected, DeadlineWarned, DeadlineBreached, DossierSucceeded}
)
