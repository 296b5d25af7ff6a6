"""The circuit breaker before a provider: while it cannot be asked, no delivery is spent on it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from services.notifications.domain.deliveries import CONFIG_FOR, Fault, InDoubt, Outcome, Rejected

MOST = 5
"""Failures in a row that open it."""

OPEN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """Closed, it lets all through; open, none; after a while one, to see. Times are seconds of a monotonic clock."""

    failures: int = 0
    again_at: float = 0.0

    def room(self, most: int, now: float) -> int:
        """How many may try now."""
        if self.failures < MOST:
            return most
        return 1 if now >= self.again_at else 0

    def after(self, outcome: Outcome, now: float) -> Breaker:
        """The breaker once this was the outcome of a try."""
        if isinstance(outcome, Rejected) and outcome.fault is Fault.CONFIG:
            return Breaker(MOST, now + CONFIG_FOR.total_seconds())
        if isinstance(outcome, InDoubt) or (isinstance(outcome, Rejected) and outcome.unreachable):
            return Breaker(self.failures + 1, now + OPEN_SECONDS)
        return Breaker()
