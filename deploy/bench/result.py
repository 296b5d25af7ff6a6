"""What one measurement says, and how several rounds become one number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table: a value beside its limit; `ok` = every goal of the key is reached."""

    key: str
    value: float
    unit: str
    goal: str
    ok: bool
    limit: float | None = None
    ratio: float | None = None
    notes: Sequence[str] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What stands in `bench.json` under the key."""
        return {
            "value": round(self.value, 4), "limit": _rounded(self.limit), "ratio": _rounded(self.ratio), "goal": self.goal, "ok": self.ok,
            "unit": self.unit, "notes": list(self.notes), "details": dict(self.details),
        }  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies (nearest rank); 0 when there are none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def paired(values: Sequence[float], limits: Sequence[float]) -> float:
    """The median of the ratios round by round: what disturbs the machine for a minute disturbs both sides of a round."""
    return median(value / limit for value, limit in zip(values, limits, strict=True))
