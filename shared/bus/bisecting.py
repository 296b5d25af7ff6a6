"""Finding the guilty records of a batch that failed: divide until they stand alone, below savepoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from shared.bus.arrival import Arrival
from shared.bus.place import Lost
from shared.bus.sorting import Broken, Outcome
from shared.kernel import Refused
from shared.store.db import passes
from shared.store.unit_of_work import Work

T = TypeVar("T")
Run = Callable[[Work, Sequence[Arrival]], Awaitable[None]]
PARTS = 4
"""One guilty record of 500 is found by applying 670 below 18 savepoints; halving would take 1000 below as many."""


def comes_again(error: Exception) -> bool:
    """What rolls the whole batch back, to come again: no record is guilty of it."""
    return isinstance(error, (Lost, Broken)) or passes(error)


async def attempt(work: Work, run: Run, arrivals: Sequence[Arrival]) -> Exception | None:
    """Apply these below a savepoint; the error that rolled it back, or None. What passes by itself is raised."""
    mark = work.mark()
    try:
        async with work.db.transaction():
            await run(work, arrivals)
            await work.flush()
    except Exception as error:
        if comes_again(error):
            raise
        work.reset(mark)  # the savepoint is rolled back, bisection goes on
        return error
    return None


def divided(records: Sequence[T]) -> list[Sequence[T]]:
    """In four parts at most, in order."""
    step = -(-len(records) // PARTS) or 1
    return [records[start : start + step] for start in range(0, len(records), step)]


async def bisect(work: Work, run: Run, outcome: Outcome) -> None:
    """Apply what can be applied of a run that failed as a whole; a guilty record is parked, later records of its key are held behind it."""
    stack, guilty = divided(outcome.run)[::-1], set[tuple[str, UUID]]()
    while stack:
        free = _free(stack.pop(), guilty, outcome)
        error = await attempt(work, run, free) if free else None
        if error is None:
            outcome.tell(free)
        elif len(free) > 1:
            stack += divided(free)[::-1]
        elif isinstance(error, Refused):
            outcome.counts["refused", free[0].raw.topic] += 1
        else:
            guilty.add((free[0].raw.topic, free[0].key))
            outcome.hold_back(free[0], "handler", f"{type(error).__name__}: {error}"[:300])
            outcome.blame()


def _free(piece: Sequence[Arrival], guilty: set[tuple[str, UUID]], outcome: Outcome) -> list[Arrival]:
    """Those of a piece whose key is not guilty; the others are held behind."""
    for behind in (a for a in piece if (a.raw.topic, a.key) in guilty):
        outcome.hold_back(behind, "behind")
    return [a for a in piece if (a.raw.topic, a.key) not in guilty]
