"""The league of units: how surely the promise is kept, how long it takes, how old the backlog is."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

LEAST_SETTLED: Final = 30
"""A unit with fewer settled dossiers is shown and not ranked: chance would decide its place."""
Z: Final = 1.959964
"""Of a 95 % interval."""


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's score): between these two it surely enough lies, also for few cases."""
    if whole == 0:
        return 0.0, 1.0
    share, spread = part / whole, Z * Z / whole
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / whole + spread / whole / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Standing:
    """One unit in the league; working days are those between receipt and result, without pauses.

    `median`, `p90` are None where nothing was settled, `backlog_days` (median age of what is open) where nothing is open.
    """

    unit: str
    settled: int
    on_time: int
    median: float | None
    p90: float | None
    open: int
    overdue: int
    backlog_days: float | None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the on-time rate surely enough lies."""
        return wilson(self.on_time, self.settled)

    @property
    def ranked(self) -> bool:
        """Whether there is enough to rank it by."""
        return self.settled >= LEAST_SETTLED


def ranking(units: list[Standing]) -> list[tuple[int | None, Standing]]:
    """Ranked by the lower end of the interval, then by speed; equals share a place; the others follow by name, unranked."""
    ranked = sorted((unit for unit in units if unit.ranked), key=_order)
    placed: list[tuple[int | None, Standing]] = []
    for number, unit in enumerate(ranked, 1):
        same = bool(placed) and _order(placed[-1][1])[:2] == _order(unit)[:2]
        placed.append((placed[-1][0] if same else number, unit))
    return placed + [(None, unit) for unit in sorted(units, key=lambda unit: unit.unit) if not unit.ranked]


def _order(unit: Standing) -> tuple[float, float, str]:
    return -unit.interval[0], unit.median or 0.0, unit.unit
