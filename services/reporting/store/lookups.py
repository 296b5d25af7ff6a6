"""Wrong secrets counted per code, and lines found by their code."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from services.reporting.domain import DossierLine
from services.reporting.store.reads import Reader
from services.reporting.tables import DossierLineRow, ProcedureRow
from shared.store.db import rows
from shared.store.unit_of_work import Work

_TRY = """INSERT INTO lookup_lock AS l (code, failures) VALUES ($1, 1) ON CONFLICT (code) DO UPDATE SET
failures = CASE WHEN l.locked_until <= $2 THEN 1 ELSE l.failures + 1 END,
locked_until = CASE WHEN l.locked_until > $2 THEN l.locked_until END RETURNING failures, locked_until"""


async def attempt(work: Work, name: str) -> tuple[int, datetime | None]:
    """Count a try before the secret is compared: how many since the last right one, and until when it is locked.

    The row stays locked until the transaction ends, so that many tries at once are made one after the other.
    """
    row = await work.db.fetchrow(_TRY, name, work.now)
    return row["failures"], row["locked_until"]


async def lock(work: Work, name: str, until: datetime) -> None:
    """No secret is tried for this code until then."""
    await work.db.execute("UPDATE lookup_lock SET locked_until = $2 WHERE code = $1", name, until)


async def unlock(work: Work, name: str) -> None:
    """A right secret ends the counting."""
    await work.db.execute("DELETE FROM lookup_lock WHERE code = $1", name)


async def dossier_by_code(reader: Reader, code: str) -> DossierLine | None:
    """The line with this code, whoever may see it."""
    t = reader.table(DossierLineRow)
    found = await rows(reader.db, select(t).where(t.c.code == code).order_by(t.c.id.desc()).limit(1))
    return DossierLine(*found[0]) if found else None


async def procedure(reader: Reader, code: str) -> tuple[str, str | None]:
    """A procedure's name and present limit; one nobody described goes by its code and has none."""
    t = reader.table(ProcedureRow)
    found = await rows(reader.db, select(t.c.name, t.c.time_limit).where(t.c.procedure == code))
    return (found[0]["name"], found[0]["time_limit"]) if found else (code, None)
