"""Door 3, the clock: hand over what is due, and move on what time alone changes."""

from __future__ import annotations

from collections.abc import Sequence

from services.notifications.handlers import Mailroom
from shared.timers import Timer

SWEEP_SECONDS = 5


def timers(room: Mailroom, *, seconds: float) -> Sequence[Timer]:
    """The timers of notifications."""
    return (
        Timer("notifications.email", seconds, room.send_due),
        Timer("notifications.deliveries", SWEEP_SECONDS, room.sweep),
    )
