"""Door 3, the clock: announce what is near or past due, count limits again after the law's data changed, keep up with reference data, sweep files nobody needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.intake import handlers
from services.intake.handlers import Cabinet, Desk, Egress, Watch
from shared.timers import Timer

REFRESH_SECONDS = 30
WAITING_SECONDS = 5
LOOSE_SECONDS = 600
LITTER_SECONDS = 6 * 3600
EGRESS_SECONDS = 2
WATCH_SECONDS = 60


def timers(desk: Desk, *, sweep_seconds: float) -> Sequence[Timer]:
    """The timers of intake."""
    return (
        Timer("intake.deadlines", sweep_seconds, partial(handlers.announce_stages, desk)),
        Timer("intake.recount", sweep_seconds, partial(handlers.count_limits_again, desk)),
        Timer("intake.reference", REFRESH_SECONDS, partial(handlers.keep_up, desk)),
        Timer("intake.sources", WAITING_SECONDS, partial(handlers.settle_waiting, desk)),
    )


def file_timers(cabinet: Cabinet) -> Sequence[Timer]:
    """The timers of the files: those nobody handed in, and what a process that died left."""
    return (
        Timer("intake.loose-files", LOOSE_SECONDS, partial(handlers.sweep_loose, cabinet)),
        Timer("intake.file-litter", LITTER_SECONDS, partial(handlers.sweep_litter, cabinet)),
    )


def watch_timer(watch: Watch) -> Timer:
    """Tells how source systems do."""
    return Timer("intake.source-watch", WATCH_SECONDS, partial(handlers.watch_sources, watch))


def egress_timer(way: Egress) -> Timer:
    """Tells the national portal what it has still to hear."""
    return Timer("intake.egress", EGRESS_SECONDS, partial(handlers.send_due, way))
