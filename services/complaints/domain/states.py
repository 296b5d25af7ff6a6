"""What each kind of case can go through: a table kind -> state -> command -> next state, who may command, what each needs.

A kind that has no table is not taken here yet; adding one adds a column of this table, its commands, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from services.complaints.domain import refusals
from shared.kernel import Refused


class Kind(StrEnum):
    """What the law makes of a part of a letter."""

    COMPLAINT = "complaint"
    DENUNCIATION = "denunciation"
    PETITION = "petition"
    FEEDBACK = "feedback"
    INFORMATION_REQUEST = "information-request"
    CONDUCT_REPORT = "conduct-report"


class State(StrEnum):
    """Where a case stands."""

    OPENED = "opened"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    VERIFYING = "verifying"
    DIALOGUE_HELD = "dialogue-held"
    SUSPENDED = "suspended"
    DECIDED = "decided"
    DELIVERED = "delivered"
    APPEALED = "appealed"
    IN_PROGRESS = "in-progress"
    ANSWERED = "answered"
    RATED = "rated"
    TRANSFERRING = "transferring"
    WITHDRAWN = "withdrawn"


BACK = None
"""Back to where the case stood before it was suspended."""

Arrows = Mapping[State, Mapping[str, State | None]]

_VERIFICATION: dict[str, State | None] = {
    "schedule-dialogue": State.VERIFYING, "record-dialogue": State.DIALOGUE_HELD, "suspend": State.SUSPENDED, "extend": State.VERIFYING,
    "decide": State.DECIDED, "withdraw": State.WITHDRAWN, "appeal": State.APPEALED, "assign": State.VERIFYING,
}  # fmt: skip
_TRANSFER: Mapping[str, State | None] = {
    "accept-transfer": State.OPENED, "reject-transfer": State.OPENED, "withdraw": State.WITHDRAWN,
}  # fmt: skip
_COMPLAINT: Arrows = {
    State.OPENED: {
        "accept": State.ACCEPTED, "refuse": State.REFUSED, "transfer": State.TRANSFERRING, "withdraw": State.WITHDRAWN,
    },
    State.TRANSFERRING: _TRANSFER,
    State.ACCEPTED: {
        "assign": State.VERIFYING, "suspend": State.SUSPENDED, "extend": State.ACCEPTED, "withdraw": State.WITHDRAWN, "appeal": State.APPEALED,
    },
    State.VERIFYING: _VERIFICATION,
    State.DIALOGUE_HELD: {
        **_VERIFICATION, "schedule-dialogue": State.DIALOGUE_HELD, "extend": State.DIALOGUE_HELD, "assign": State.DIALOGUE_HELD,
    },
    State.SUSPENDED: {"resume": BACK, "withdraw": State.WITHDRAWN},
    State.DECIDED: {"deliver": State.DELIVERED},
    State.DELIVERED: {"appeal": State.APPEALED},
    State.REFUSED: {}, State.APPEALED: {}, State.WITHDRAWN: {},
}  # fmt: skip
_FEEDBACK: Arrows = {
    State.OPENED: {"assign": State.IN_PROGRESS, "transfer": State.TRANSFERRING, "withdraw": State.WITHDRAWN},
    State.TRANSFERRING: _TRANSFER,
    State.IN_PROGRESS: {
        "assign": State.IN_PROGRESS, "answer": State.ANSWERED, "transfer": State.TRANSFERRING, "withdraw": State.WITHDRAWN,
    },
    State.ANSWERED: {"publish": State.ANSWERED, "rate": State.RATED, "reopen": State.OPENED},
    State.RATED: {"publish": State.RATED, "reopen": State.OPENED},
    State.WITHDRAWN: {},
}  # fmt: skip

ARROWS: Mapping[Kind, Arrows] = {Kind.COMPLAINT: _COMPLAINT, Kind.FEEDBACK: _FEEDBACK, Kind.PETITION: _FEEDBACK}

PHASE: Mapping[State, str] = {
    State.OPENED: "under-review", State.REFUSED: "closed", State.ACCEPTED: "being-resolved", State.VERIFYING: "being-resolved",
    State.DIALOGUE_HELD: "being-resolved", State.SUSPENDED: "being-resolved", State.DECIDED: "answered", State.DELIVERED: "answered",
    State.APPEALED: "transferred", State.IN_PROGRESS: "being-resolved", State.ANSWERED: "answered", State.RATED: "closed",
    State.TRANSFERRING: "under-review", State.WITHDRAWN: "closed",
}  # fmt: skip
"""What each state means for the citizen: a closed vocabulary shared by all services."""

ROLES: Mapping[str, tuple[str, ...]] = {
    "accept": ("head", "clerk"), "refuse": ("head", "clerk"), "assign": ("head", "clerk"), "transfer": ("head", "clerk"),
    "accept-transfer": ("head", "clerk"), "reject-transfer": ("head", "clerk"), "schedule-dialogue": ("handler", "head"),
    "record-dialogue": ("handler", "head"), "suspend": ("head",), "resume": ("head",), "extend": ("head",), "decide": ("head",),
    "deliver": ("clerk", "handler", "head"), "answer": ("handler", "head"), "publish": ("head",), "rate": ("citizen",), "reopen": ("citizen",),
    "appeal": ("citizen",), "withdraw": ("citizen", "clerk"),
}  # fmt: skip
"""Who may give a command: a party of the case, the officer it is assigned to, or these officers of the accountable unit."""

NEEDS: Mapping[str, tuple[str, ...]] = {
    "accept": ("contents",), "refuse": ("ground", "reason"), "assign": ("officer",), "transfer": ("to_unit", "reason_class", "reason"),
    "accept-transfer": (), "reject-transfer": ("reason_class", "reason"), "schedule-dialogue": ("at", "place"),
    "record-dialogue": ("held_on", "outcome", "minutes"), "suspend": ("ground", "reason"), "resume": ("reason",), "extend": ("ground", "reason"),
    "decide": ("number", "findings"), "deliver": ("method",), "answer": ("outcome", "text"), "publish": ("text",), "rate": ("score",),
    "reopen": ("reason_class", "reason"), "appeal": ("reason",), "withdraw": ("reason_class", "reason"),
}  # fmt: skip
"""The fields each command needs."""

OF_THE_CITIZEN = frozenset({"rate", "withdraw", "reopen", "appeal"})
"""What a citizen may do with a case that another system owns: a rating is kept here, of the others that system hears, and answers."""

_BY_COMMAND: Mapping[str, type[Refused]] = {
    "resume": refusals.NotSuspended, "accept-transfer": refusals.NotInTransfer, "reject-transfer": refusals.NotInTransfer,
    "accept": refusals.AlreadyAccepted, "refuse": refusals.AlreadyAccepted, "transfer": refusals.AlreadyAccepted, "deliver": refusals.NotYetDecided,
    "publish": refusals.NotYetAnswered, "rate": refusals.NotYetAnswered, "reopen": refusals.NotYetAnswered,
}  # fmt: skip
_BY_STATE: Mapping[State, type[Refused]] = {
    State.SUSPENDED: refusals.CaseSuspended, State.TRANSFERRING: refusals.InTransfer, State.DELIVERED: refusals.AlreadyDelivered,
    State.ANSWERED: refusals.AlreadyAnswered, State.RATED: refusals.AlreadyAnswered, State.DECIDED: refusals.AlreadyDecided,
}  # fmt: skip
_ENDS_A_WAIT = frozenset({"resume", "accept-transfer", "reject-transfer"})
_IN_ONE_STATE: Mapping[tuple[State, str], type[Refused]] = {
    (State.RATED, "rate"): refusals.AlreadyRated, (State.DECIDED, "appeal"): refusals.NotYetDelivered,
}  # fmt: skip


def check_kind(kind: Kind) -> None:
    """Refuse a kind that is not taken here yet."""
    if kind is Kind.DENUNCIATION:
        raise refusals.DenunciationNotTakenHere
    if kind not in ARROWS:
        raise refusals.KindNotTakenHere(kind=kind.value)


def is_open(kind: Kind, state: State) -> bool:
    """Whether anything can still happen."""
    return bool(ARROWS[kind][state])


def follow(kind: Kind, state: State, command: str, came_from: State | None = None) -> State:
    """Where a command leads, or a refusal by the name of what stands against it."""
    arrows = ARROWS[kind]
    if command not in arrows[state]:
        raise _refusal(kind, state, command)(state=state.value, command=command, kind=kind.value)
    following = arrows[state][command] or came_from
    if following is None:
        raise AssertionError("a case that goes back came from somewhere")
    return following


def _refusal(kind: Kind, state: State, command: str) -> type[Refused]:
    if not is_open(kind, state):
        return refusals.CaseClosed
    if not any(command in commands for commands in ARROWS[kind].values()):
        return refusals.NotForThisKind
    by_state = None if command in _ENDS_A_WAIT else _BY_STATE.get(state)
    return _IN_ONE_STATE.get((state, command)) or by_state or _BY_COMMAND.get(command) or _too_early(kind, state)


def _too_early(kind: Kind, state: State) -> type[Refused]:
    if kind is Kind.COMPLAINT and state is State.OPENED:
        return refusals.NotYetAccepted
    return refusals.NotYetAssigned if state in {State.OPENED, State.ACCEPTED} else refusals.NotInThisState
