"""A clock for tests: it stands still until moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MONDAY_MORNING = datetime(2026, 11, 23, 1, 15, tzinfo=UTC)
"""Monday 2026-11-23 08:15 in Quảng Trị: office hours of an ordinary week."""


@dataclass(slots=True)
class StandingClock:
    """Callable like the system's clock."""

    now: datetime = MONDAY_MORNING

    def __call__(self) -> datetime:
        """The instant it stands at."""
        return self.now

    def move(self, **by: float) -> datetime:
        """Go on by a timedelta: `move(days=1)`."""
        self.now += timedelta(**by)
        return self.now

    def at(self, text: str) -> datetime:
        """Go to an instant written with its offset, e.g. `2026-11-27T08:00:00+07:00`."""
        self.now = datetime.fromisoformat(text).astimezone(UTC)
        return self.now
