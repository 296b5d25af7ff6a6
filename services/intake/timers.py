"""Door 3, the clock: announce what is near or past due, read reference data again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.intake import handlers
from services.intake.handlers import Desk, Egress
from shared.timers import Timer

REFRESH_SECONDS = 30
WAITING_SECONDS = 5
EGRESS_SECONDS = 2


def timers(desk: Desk, *, sweep_seconds: float) -> Sequence[Timer]:
    """The timers of intake."""
    return (
        Timer("intake.deadlines", sweep_seconds, partial(handlers.announce_stages, desk)),
        Timer("intake.reference", REFRESH_SECONDS, partial(handlers.refresh, desk)),
        Timer("intake.sources", WAITING_SECONDS, partial(handlers.settle_waiting, desk)),
    )


def egress_timer(way: Egress) -> Timer:
    """Tells the national portal what it has still to hear."""
    return Timer("intake.egress", EGRESS_SECONDS, partial(handlers.send_due, way))
