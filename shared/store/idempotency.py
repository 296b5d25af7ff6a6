"""Old idempotency keys are forgotten: a repeat is recognised for 72 hours."""

from __future__ import annotations

from shared.store.unit_of_work import Works

_PURGE = """DELETE FROM idempotency WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency WHERE created_at < $1::timestamptz - interval '72 hours' LIMIT 5000))"""


async def purge(works: Works) -> bool:
    """Delete a batch of keys older than 72 hours; True when there may be more."""
    async with works.reading() as connection:
        return bool(await connection.execute(_PURGE, works.clock()) == "DELETE 5000")
