"""Deliveries: the states of a notice on its way out, and what each answer of a provider makes of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias
from uuid import UUID

from shared.kernel import NotFound


class Channel(StrEnum):
    """A way out of the house; the inbox is no channel, it is the house."""

    EMAIL = "email"


class State(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    HELD = "held"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    NO_RECEIPT = "no-receipt"
    FAILED_TEMPORARY = "failed-temporary"
    FAILED_PERMANENT = "failed-permanent"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    SIMULATED_ACCEPTED = "simulated-accepted"
    SIMULATED_FAILED = "simulated-failed"


_ENDED_BY_US = frozenset({State.CANCELLED, State.EXPIRED, State.SUPERSEDED})

ARROWS: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.HELD, State.SENDING, State.FAILED_PERMANENT, State.SIMULATED_FAILED}) | _ENDED_BY_US,
    State.HELD: frozenset({State.PENDING, State.FAILED_PERMANENT}) | _ENDED_BY_US,
    State.SENDING: frozenset({
        State.ACCEPTED, State.PENDING, State.FAILED_PERMANENT, State.UNKNOWN, State.SIMULATED_ACCEPTED, State.SIMULATED_FAILED,
    }),
    State.UNKNOWN: frozenset({
        State.ACCEPTED, State.PENDING, State.FAILED_PERMANENT, State.SIMULATED_ACCEPTED, State.SIMULATED_FAILED,
    }) | _ENDED_BY_US,
    State.ACCEPTED: frozenset({State.DELIVERED, State.READ, State.FAILED_TEMPORARY, State.FAILED_PERMANENT, State.NO_RECEIPT}),
    State.FAILED_TEMPORARY: frozenset({State.DELIVERED, State.READ, State.FAILED_PERMANENT, State.NO_RECEIPT}),
    State.NO_RECEIPT: frozenset({State.DELIVERED, State.READ, State.FAILED_PERMANENT}),
    State.DELIVERED: frozenset({State.READ}),
    State.READ: frozenset(), State.FAILED_PERMANENT: frozenset(), State.CANCELLED: frozenset(), State.EXPIRED: frozenset(),
    State.SUPERSEDED: frozenset(), State.SIMULATED_ACCEPTED: frozenset(), State.SIMULATED_FAILED: frozenset(),
}  # fmt: skip
"""From where to where; what stands here with no arrow is final. Receipts (after `accepted`) are for channels that give any."""


class WrongMove(Exception):  # noqa: N818 - names a mistake of ours
    """A delivery cannot go from this state to that one."""


def move(old: State, new: State) -> State:
    """The new state; raises `WrongMove` when no arrow leads there."""
    if new not in ARROWS[old]:
        raise WrongMove(f"{old} -> {new}")
    return new


class NoSuchDelivery(NotFound):
    """There is no such delivery."""


# -- what a provider says ----------------------------------------------------------------------------------------------


class Fault(StrEnum):
    """Why a provider did not take a message: what follows depends on this alone."""

    ADDRESS = "address-permanent"
    CONTENT = "content-permanent"
    RECIPIENT = "recipient-refuses"
    TEMPORARY = "temporary"
    THROTTLED = "throttled"
    CONFIG = "config"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the message and said so."""

    code: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider surely does not have the message; `unreachable`: it could not even be asked."""

    fault: Fault
    code: str
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The message may have reached the provider, and nobody knows."""

    reason: str


Outcome: TypeAlias = Accepted | Rejected | InDoubt


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """A message ready to be handed over: its key stays the same however often it is sent."""

    key: str
    sender: str
    to: str
    content: bytes


class Provider(Protocol):
    """Somebody who carries messages; it must say whether bytes may have reached the other side, the engine decides."""

    @property
    def name(self) -> str:
        """As attempts are recorded under."""

    @property
    def simulates(self) -> bool:
        """Whether nothing really leaves the house."""

    async def send(self, letter: Letter, seconds: float) -> Outcome:
        """Hand a message over within this time; raises nothing."""

    async def close(self) -> None:
        """Let go of connections."""


# -- what follows ------------------------------------------------------------------------------------------------------

BACK_OFF = tuple(timedelta(seconds=s) for s in (10, 60, 300, 900, 1800, 3600, 7200))
"""Longest waits before the second try, the third and so on; the last one repeats."""

MOST_FAILURES = 60
"""Temporary failures until a channel gives up: about five days (RFC 5321, 4.5.4.1, asks for four to five)."""

THROTTLED_FOR = timedelta(minutes=5)
CONFIG_FOR = timedelta(minutes=5)
"""How long nothing is tried after the provider refused us ourselves: a person has to act."""

RESEND_AFTER = timedelta(minutes=5)
"""A statutory message in doubt is sent once more, with the same key, so that the other side can tell."""

CONTACT_WAIT = timedelta(hours=24)
"""A contact may come later than the fact; after this the channel fails for want of an address."""

COOL_DOWN = timedelta(days=30)
"""An address whose server refuses us for its owner is left in peace for so long."""


class AddressState(StrEnum):
    """What is known against an address: it does not exist, or its owner's server refuses us for a while."""

    BOUNCED = "bounced"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try that is under way: the `n`-th of its delivery."""

    delivery: UUID
    n: int
    statutory: bool
    failures: int
    doubts: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a delivery after a try; `after`: when it may be looked at again, None for never."""

    state: State
    code: str | None
    after: timedelta | None
    failures: int
    doubts: int
    outcome: str
    address: AddressState | None = None


def verdict(attempt: Attempt, outcome: Outcome, chance: float, *, simulated: bool = False) -> Verdict:
    """What follows from an outcome; `chance` in 0..1 spreads the waits (full jitter)."""
    made = _verdict(attempt, outcome, chance)
    state = _SIMULATED.get(made.state, made.state) if simulated else made.state
    return Verdict(
        move(State.SENDING, state), made.code, made.after, made.failures, made.doubts, made.outcome, made.address
    )


def is_delivered(verdict: Verdict) -> bool:
    """Whether a provider has the message for good; what a sandbox took went nowhere."""
    return verdict.state is State.ACCEPTED


def has_failed(verdict: Verdict) -> bool:
    """Whether the channel will not carry the notice any more."""
    return verdict.state is State.FAILED_PERMANENT


_SIMULATED = {State.ACCEPTED: State.SIMULATED_ACCEPTED, State.FAILED_PERMANENT: State.SIMULATED_FAILED}
_AGAINST = {Fault.ADDRESS: AddressState.BOUNCED, Fault.RECIPIENT: AddressState.BLOCKED}


def _verdict(attempt: Attempt, outcome: Outcome, chance: float) -> Verdict:
    if isinstance(outcome, Accepted):
        return Verdict(State.ACCEPTED, None, None, attempt.failures, attempt.doubts, "accepted")
    if isinstance(outcome, InDoubt):
        return _in_doubt(attempt, outcome)
    return _rejected(attempt, outcome, chance)


def _in_doubt(attempt: Attempt, outcome: InDoubt) -> Verdict:
    once_more = attempt.statutory and attempt.doubts == 0
    after = RESEND_AFTER if once_more else None
    return Verdict(State.UNKNOWN, outcome.reason, after, attempt.failures, attempt.doubts + 1, "in-doubt")


def _rejected(attempt: Attempt, outcome: Rejected, chance: float) -> Verdict:
    fault, failures = outcome.fault, attempt.failures
    if fault is Fault.CONFIG:
        return Verdict(State.PENDING, outcome.code, CONFIG_FOR, failures, attempt.doubts, fault.value)
    if fault not in {Fault.TEMPORARY, Fault.THROTTLED} or failures + 1 >= MOST_FAILURES:
        return Verdict(
            State.FAILED_PERMANENT, outcome.code, None, failures, attempt.doubts, fault.value, _AGAINST.get(fault)
        )
    after = THROTTLED_FOR if fault is Fault.THROTTLED else BACK_OFF[min(failures, len(BACK_OFF) - 1)] * chance
    return Verdict(State.PENDING, outcome.code, after, failures + 1, attempt.doubts, fault.value)


@dataclass(frozen=True, slots=True)
class Reach:
    """How a recipient can be reached when a delivery is due."""

    address: str | None
    against: AddressState | None = None
    muted: bool = False


def readiness(reach: Reach, *, mutable: bool, expires_at: datetime | None, now: datetime) -> tuple[State, str | None]:
    """Whether a due delivery may be sent (`sending`), else where it goes and why."""
    if expires_at is not None and expires_at <= now:
        return move(State.PENDING, State.EXPIRED), None
    if mutable and reach.muted:
        return move(State.PENDING, State.CANCELLED), "unsubscribed"
    if reach.address is None:
        return move(State.PENDING, State.HELD), None
    if reach.against is not None:
        return move(State.PENDING, State.FAILED_PERMANENT), f"address-{reach.against}"
    return move(State.PENDING, State.SENDING), None
