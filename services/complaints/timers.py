"""Door 3, the clock: announce what is near or past due, read what changed of the law and count limits again by it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.complaints.handlers.announcing import announce_stages
from services.complaints.handlers.desk import Desk, refresh_law
from services.complaints.handlers.recounting import count_limits_again
from shared.timers import Timer

LAW_SECONDS = 5


def timers(desk: Desk, *, sweep_seconds: float) -> Sequence[Timer]:
    """The timers of complaints."""
    return (
        Timer("complaints.deadlines", sweep_seconds, partial(announce_stages, desk)),
        Timer("complaints.recount", sweep_seconds, partial(count_limits_again, desk)),
        Timer("complaints.law", LAW_SECONDS, partial(refresh_law, desk)),
    )
