"""Handlers that make mistakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.bus.arrival import Arrival
from shared.bus.consumer import Apply
from shared.store.unit_of_work import Work
from shared.testing.probe.lines import fold


class BugError(Exception):
    """A handler's mistake."""


def buggy(guilty: Callable[[Arrival], bool], error: Exception) -> Apply:
    """The fold, with a mistake for some facts, made after it has written."""

    async def apply(work: Work, arrivals: Sequence[Arrival]) -> None:
        await fold(work, arrivals)
        if any(guilty(arrival) for arrival in arrivals):
            raise error

    return apply


def amount_is(amount: int) -> Callable[[Arrival], bool]:
    return lambda arrival: getattr(arrival.fact, "amount", None) == amount
