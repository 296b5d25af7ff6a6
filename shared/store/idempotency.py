"""Old idempotency keys are forgotten: a repeat is recognised for 72 hours."""

from __future__ import annotations

from functools import partial

from shared.store.unit_of_work import Works
from shared.timers import Timer

_PURGE = """DELETE FROM idempotency WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency WHERE created_at < $1::timestamptz - interval '72 hours' LIMIT 5000))"""
HOUR = 3600


async def purge(works: Works) -> bool:
    """Delete a batch of keys older than 72 hours; True when there may be more."""
    async with works.reading() as connection:
        return bool(await connection.execute(_PURGE, works.clock()) == "DELETE 5000")


def purge_timer(works: Works) -> Timer:
    """The timer that does it."""
    return Timer(f"{works.service}.idempotency", HOUR, partial(purge, works))
