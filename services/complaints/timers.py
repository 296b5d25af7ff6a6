"""Door 3, the clock: announce what is near or past due."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.complaints.handlers.announcing import announce_stages
from services.complaints.handlers.desk import Desk
from shared.timers import Timer


def timers(desk: Desk, *, sweep_seconds: float) -> Sequence[Timer]:
    """The timers of complaints."""
    return (Timer("complaints.deadlines", sweep_seconds, partial(announce_stages, desk)),)
