"""A batch in one transaction; where one of its members breaks it, the halves by themselves, down to the guilty one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from shared.kernel import Refused
from shared.store.db import passes

T = TypeVar("T")
R = TypeVar("R")


def broken_by(run: Callable[[], object]) -> Exception | None:
    """The error by which one member breaks, that the others go on; what passes by itself is raised."""
    try:
        run()
    except Exception as error:
        if passes(error):
            raise
        return error
    return None


async def by_halves(
    run: Callable[[Sequence[T]], Awaitable[Sequence[R]]], batch: Sequence[T], guilty: Callable[[Exception], R]
) -> Sequence[R]:
    """What becomes of each; of one that breaks even alone `guilty` tells. Refusals and what passes by itself are raised."""
    try:
        return await run(batch)
    except Exception as error:
        if isinstance(error, Refused) or passes(error):
            raise
        if len(batch) == 1:
            return [guilty(error)]
    middle = len(batch) // 2
    return [*await by_halves(run, batch[:middle], guilty), *await by_halves(run, batch[middle:], guilty)]
