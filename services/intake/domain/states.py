"""Where a dossier can stand, which commands lead from there, who may give them, and what each needs.

Arrows as in the national portal's status codes 1..10; the clock runs in submitted (answer limit), accepted and
in-progress, and stands still in awaiting-supplement, awaiting-payment and paused.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from services.intake.domain import refusals
from shared.kernel import Refused
from shared.law import NotPaused

ANSWER, SETTLEMENT, TRANSFER = "answer", "settlement", "transfer"
"""Kinds of deadlines: accept or refuse what came online or by post; settle what was accepted; take what is passed on."""


class State(StrEnum):
    """Where a dossier stands."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    IN_PROGRESS = "in-progress"
    AWAITING_SUPPLEMENT = "awaiting-supplement"
    AWAITING_PAYMENT = "awaiting-payment"
    PAUSED = "paused"
    SETTLED = "settled"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"


PORTAL_STATUS: Mapping[State, int] = {
    State.SUBMITTED: 1, State.ACCEPTED: 2, State.REFUSED: 3, State.IN_PROGRESS: 4, State.AWAITING_SUPPLEMENT: 5,
    State.AWAITING_PAYMENT: 6, State.WITHDRAWN: 7, State.PAUSED: 8, State.STOPPED: 8, State.SETTLED: 9, State.RETURNED: 10,
}  # fmt: skip
"""The national portal's numbers of these states; its 8 may resume (paused) or not (stopped)."""

PHASE: Mapping[State, str] = {
    State.SUBMITTED: "received", State.ACCEPTED: "being-resolved", State.IN_PROGRESS: "being-resolved",
    State.PAUSED: "being-resolved", State.AWAITING_SUPPLEMENT: "waiting-for-you", State.AWAITING_PAYMENT: "waiting-for-you",
    State.SETTLED: "answered", State.RETURNED: "closed", State.REFUSED: "closed", State.WITHDRAWN: "closed", State.STOPPED: "closed",
}  # fmt: skip
"""What each state means for the citizen: a closed vocabulary shared by all services."""

CLOSED = frozenset({State.RETURNED, State.REFUSED, State.WITHDRAWN, State.STOPPED})

_WORKING = (State.ACCEPTED, State.IN_PROGRESS)
_WAITING = (State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT)
_OPEN = (State.SUBMITTED, *_WORKING, *_WAITING)

ARROWS: Mapping[str, tuple[State, ...]] = {
    "accept": (State.SUBMITTED,),
    "refuse": (State.SUBMITTED,),
    "assign": _WORKING,
    "request-supplement": (State.SUBMITTED, *_WORKING),
    "supply": (State.AWAITING_SUPPLEMENT,),
    "require-payment": _WORKING,
    "confirm-payment": (State.AWAITING_PAYMENT,),
    "pause": (State.IN_PROGRESS,),
    "resume": (State.PAUSED,),
    "move-appointment": _WORKING,
    "settle": (*_WORKING, State.PAUSED),
    "return-result": (State.SETTLED,),
    "withdraw": (*_OPEN, State.PAUSED),
    "stop": (*_WORKING, *_WAITING, State.PAUSED),
    "correct": (*_OPEN, State.PAUSED, State.SETTLED),
    "rate": (State.RETURNED,),
    "transfer": _WORKING,
    "accept-transfer": _WORKING,
    "reject-transfer": _WORKING,
}
"""From which states a command may be given."""

WHILE_OFFERED = frozenset({"accept-transfer", "reject-transfer", "withdraw", "stop", "correct", "move-appointment"})
"""What may be done while another unit is asked to take the dossier: its answer, and what the unit accountable owes the citizen."""

_ROLES: Mapping[str, tuple[str, ...]] = {
    "accept": ("clerk",), "refuse": ("clerk",), "assign": ("head", "clerk"), "request-supplement": ("clerk",),
    "supply": ("citizen", "clerk"), "settle": ("handler", "head"), "return-result": ("clerk",), "withdraw": ("citizen", "clerk"),
    "require-payment": ("clerk",), "confirm-payment": ("citizen", "clerk"), "pause": ("handler", "head"), "resume": ("handler", "head"),
    "move-appointment": ("head", "clerk"), "stop": ("citizen", "clerk"), "correct": ("clerk",), "rate": ("citizen",),
    "transfer": ("head", "clerk"), "accept-transfer": ("head", "clerk"), "reject-transfer": ("head", "clerk"),
}  # fmt: skip

NEEDS: Mapping[str, tuple[str, ...]] = {
    "accept": (), "refuse": ("reason_class", "reason"), "assign": ("officer",), "request-supplement": ("components", "reason"),
    "supply": ("components",), "settle": ("outcome",), "return-result": ("method",), "withdraw": ("reason_class", "reason"),
    "require-payment": ("amount", "purpose"), "confirm-payment": ("reference", "paid_at"), "pause": ("reason_class", "reason"), "resume": (),
    "move-appointment": ("new_due_on", "reason_class", "reason", "signer"), "stop": ("reason_class", "reason"),
    "correct": ("field", "value", "reason_class", "reason"), "rate": ("score",),
    "transfer": ("to_unit", "reason_class", "reason", "papers"), "accept-transfer": (), "reject-transfer": ("reason_class", "reason"),
}  # fmt: skip
"""The fields each command needs."""

_STANDING: Mapping[State, type[Refused]] = {
    State.AWAITING_SUPPLEMENT: refusals.AwaitingSupplement, State.AWAITING_PAYMENT: refusals.AwaitingPayment, State.PAUSED: refusals.Paused,
}  # fmt: skip
_NOTHING_ASKED: Mapping[str, type[Refused]] = {
    "supply": refusals.NotAwaitingSupplement, "confirm-payment": refusals.NotAwaitingPayment, "resume": NotPaused,
    "accept-transfer": refusals.NotInTransfer, "reject-transfer": refusals.NotInTransfer,
}  # fmt: skip
_BEFORE_THE_RESULT: Mapping[str, type[Refused]] = {
    "pause": refusals.NotYetAssigned, "return-result": refusals.NotYetSettled, "rate": refusals.NotYetSettled,
}  # fmt: skip


OF_THE_CITIZEN = frozenset({"rate", "withdraw"})
"""What a citizen may do with a dossier that another system owns: the act is kept here and told there."""


def roles_of(command: str) -> tuple[str, ...]:
    """Who may give a command: the citizen of the dossier, or these officers of its unit."""
    return _ROLES[command]


def check(command: str, state: State) -> None:
    """Refuse a command by the name of what stands against it in this state."""
    if state not in ARROWS[command]:
        raise _refusal(command, state)(state=state.value, command=command)


def standing(state: State) -> type[Refused]:
    """The name of what a dossier without a date waits for, or that it ended while it waited."""
    ended = refusals.AlreadyClosed if state in CLOSED else refusals.AlreadySettled
    return _STANDING.get(state, ended)


def _refusal(command: str, state: State) -> type[Refused]:
    if state in CLOSED:
        return refusals.AlreadyClosed
    if state is State.SETTLED:
        return refusals.NotYetReturned if command == "rate" else refusals.AlreadySettled
    if command in _NOTHING_ASKED:
        return _NOTHING_ASKED[command]
    if state in _STANDING:
        return _STANDING[state]
    if state is State.SUBMITTED:
        return refusals.NotYetAccepted
    return _BEFORE_THE_RESULT.get(command, refusals.AlreadyAccepted)
