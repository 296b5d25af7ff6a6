"""Door 3, the clock: old versions of the projection go, and lines are counted against counters."""

from __future__ import annotations

import logging
from typing import Final

from services.reporting import handlers
from shared.store.unit_of_work import Works
from shared.timers import Timer

log = logging.getLogger(__name__)

_HOUR_S: Final = 3600.0


def timers(works: Works) -> list[Timer]:
    """The timers of this service."""

    async def drop_old_versions() -> bool:
        if gone := await handlers.drop_old_versions(works):
            log.info("old versions of the read models removed: %s", gone)
        return False

    async def reconcile() -> bool:
        if wrong := await handlers.mismatches(works):
            log.error("lines and counters disagree in %d places; `gandan rebuild unit_day` shows where", wrong)
        return False

    return [
        Timer("reporting.old-versions", _HOUR_S, drop_old_versions),
        Timer("reporting.reconcile", _HOUR_S, reconcile),
    ]
