"""How often a secret was tried for a receipt number."""

from __future__ import annotations

from datetime import datetime

from shared.store.unit_of_work import Work

_TRY = """INSERT INTO lookup_lock AS l (code, failures) VALUES ($1, 1) ON CONFLICT (code) DO UPDATE SET
failures = CASE WHEN l.locked_until <= $2 THEN 1 ELSE l.failures + 1 END,
locked_until = CASE WHEN l.locked_until > $2 THEN l.locked_until END RETURNING failures, locked_until"""


async def attempt(work: Work, name: str) -> tuple[int, datetime | None]:
    """Count a try before the secret is compared: how many there were since the last right one, and until when it is locked.

    The row stays locked until the transaction ends, so that many tries at once are made one after the other.
    """
    row = await work.db.fetchrow(_TRY, name, work.now)
    return row["failures"], row["locked_until"]


async def lock(work: Work, name: str, until: datetime) -> None:
    """No secret is tried for this receipt number until then."""
    await work.db.execute("UPDATE lookup_lock SET locked_until = $2 WHERE code = $1", name, until)


async def unlock(work: Work, name: str) -> None:
    """A right secret ends the counting."""
    await work.db.execute("DELETE FROM lookup_lock WHERE code = $1", name)
