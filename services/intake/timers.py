"""Door 3, the clock: announce what is near or past due, count limits again after the law's data changed, keep up with reference data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.intake import handlers
from services.intake.handlers import Desk
from shared.timers import Timer

REFRESH_SECONDS = 30
WAITING_SECONDS = 5


def timers(desk: Desk, *, sweep_seconds: float) -> Sequence[Timer]:
    """The timers of intake."""
    return (
        Timer("intake.deadlines", sweep_seconds, partial(handlers.announce_stages, desk)),
        Timer("intake.recount", sweep_seconds, partial(handlers.count_limits_again, desk)),
        Timer("intake.reference", REFRESH_SECONDS, partial(handlers.keep_up, desk)),
        Timer("intake.sources", WAITING_SECONDS, partial(handlers.settle_waiting, desk)),
    )
