"""Lines found by their code, and what a procedure is called."""

from __future__ import annotations

from sqlalchemy import select

from services.reporting.domain import DossierLine
from services.reporting.store.reads import Reader
from services.reporting.tables import DossierLineRow, ProcedureRow
from shared.store.db import rows


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
