"""Where a dossier can stand, which commands lead from there, who may give them, and what each needs.

Arrows as in the national portal's status codes 1..10; the clock runs in submitted (answer limit), accepted and
in-progress, and stands still in awaiting-supplement.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from services.intake.domain import refusals
from shared.kernel import Refused

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
"""The national portal's numbers of these states."""

PHASE: Mapping[State, str] = {
    State.SUBMITTED: "received", State.ACCEPTED: "being-resolved", State.IN_PROGRESS: "being-resolved",
    State.AWAITING_SUPPLEMENT: "waiting-for-you", State.SETTLED: "answered", State.RETURNED: "closed",
    State.REFUSED: "closed", State.WITHDRAWN: "closed",
}  # fmt: skip
"""What each state means for the citizen: a closed vocabulary shared by all services."""

CLOSED = frozenset({State.RETURNED, State.REFUSED, State.WITHDRAWN})

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

NEEDS: Mapping[str, tuple[str, ...]] = {
    "accept": (), "refuse": ("reason_class", "reason"), "assign": ("officer",), "request-supplement": ("components", "reason"),
    "supply": ("components",), "settle": ("outcome",), "return-result": ("method",), "withdraw": ("reason_class", "reason"),
}  # fmt: skip
"""The fields each command needs."""


def roles_of(command: str) -> tuple[str, ...]:
    """Who may give a command: the citizen of the dossier, or these officers of its unit."""
    return _ROLES[command]


def check(command: str, state: State) -> None:
    """Refuse a command by the name of what stands against it."""
    if state not in ARROWS[command]:
        raise _refusal(command, state)(state=state.value, command=command)


def _refusal(command: str, state: State) -> type[Refused]:
    if state in CLOSED:
        return refusals.AlreadyClosed
    if state is State.SETTLED:
        return refusals.AlreadySettled
    if command == "supply":
        return refusals.NotAwaitingSupplement
    if state is State.AWAITING_SUPPLEMENT:
        return refusals.AwaitingSupplement
    if state is State.SUBMITTED:
        return refusals.NotYetAccepted
    return refusals.NotYetSettled if command == "return-result" else refusals.AlreadyAccepted
