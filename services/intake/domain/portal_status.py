"""The national portal's numbers 1..10: the commands that lead from where a dossier stands to what its source says. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from services.intake.domain.states import ARROWS, PORTAL_STATUS, State

SETTLING_STOPPED = 8
"""May resume (paused) or not (stopped): stopped when the source says that it is finished."""


class Standing(NamedTuple):
    """Where a dossier stands; papers asked for before acceptance lead back to submitted, later ones to settlement."""

    state: State
    accepted: bool


class Step(NamedTuple):
    """One command, and where it leads."""

    command: str
    to: Standing

    @property
    def status(self) -> int:
        """The portal's number of where it leads."""
        return PORTAL_STATUS[self.to.state]


_LEADS_TO: Mapping[str, State] = {
    "accept": State.ACCEPTED, "refuse": State.REFUSED, "assign": State.IN_PROGRESS, "request-supplement": State.AWAITING_SUPPLEMENT,
    "require-payment": State.AWAITING_PAYMENT, "confirm-payment": State.IN_PROGRESS, "pause": State.PAUSED, "resume": State.IN_PROGRESS,
    "settle": State.SETTLED, "return-result": State.RETURNED, "withdraw": State.WITHDRAWN, "stop": State.STOPPED,
}  # fmt: skip


class NoWay(Exception):  # noqa: N818 - an answer
    """No arrow leads there; `backward`: the dossier may have stood there before."""

    def __init__(self, *, backward: bool) -> None:
        super().__init__()
        self.backward = backward


def state_of(status: int, *, finished: bool) -> State:
    """What a portal number means; 8 with a date of finishing is a dossier stopped for good, else one that pauses."""
    if status == SETTLING_STOPPED:
        return State.STOPPED if finished else State.PAUSED
    return next(state for state, number in PORTAL_STATUS.items() if number == status)


def way(standing: Standing, to: State) -> tuple[Step, ...]:
    """The fewest commands that lead there, in order; none when it stands there already. `NoWay`."""
    if standing.state is to:
        return ()
    if (steps := _search(standing, to)) is None:
        raise NoWay(backward=_was_before(to, standing.state))
    return steps


@lru_cache(maxsize=256)
def _search(standing: Standing, to: State) -> tuple[Step, ...] | None:
    """Breadth first along the arrows."""
    ways: deque[tuple[Step, ...]] = deque([()])
    seen = {standing}
    while ways:
        steps = ways.popleft()
        here = steps[-1].to if steps else standing
        if here.state is to:
            return steps
        for step in _steps(here):
            if step.to not in seen:
                seen.add(step.to)
                ways.append((*steps, step))
    return None


def _steps(here: Standing) -> Iterator[Step]:
    for command, leads_to in _LEADS_TO.items():
        if here.state in ARROWS[command]:
            yield Step(command, Standing(leads_to, here.accepted or command == "accept"))
    if here.state is State.AWAITING_SUPPLEMENT:
        yield Step("supply", Standing(State.IN_PROGRESS if here.accepted else State.SUBMITTED, here.accepted))


def _was_before(to: State, now: State) -> bool:
    """Whether a dossier that stands here now may have stood there before."""
    return any(_search(Standing(to, accepted), now) is not None for accepted in (False, True))
