"""What is shown: a dossier, its history, lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Dossier
from services.intake.handlers.desk import Desk, office_at
from services.intake.store import Texts
from shared.kernel import NotFound, Principal
from shared.law import explain
from shared.store.db import Connection

_MOVED = {
    "vi": "Cơ quan đã xin lỗi và hẹn lại ngày trả kết quả: {day}; hạn theo luật ở trên không thay đổi.",
    "en": "The office apologised and promised another day: {day}; the lawful date above stays what it is.",
}


async def readable(connection: Connection, who: Principal, id: UUID) -> Dossier:
    """A dossier of one's own, or of one's unit; anything else is not found."""
    dossier = await store.dossier(connection, id)
    if not domain.is_readable_by(dossier, who):
        raise NotFound
    return dossier


async def read_dossier(desk: Desk, who: Principal, id: UUID) -> Dossier:
    """Where a dossier stands."""
    async with desk.works.reading() as connection:
        return await readable(connection, who, id)


async def read_dossier_texts(desk: Desk, who: Principal, id: UUID) -> tuple[Dossier, Texts]:
    """Where a dossier stands, its papers, and what was written to the applicant."""
    async with desk.works.reading() as connection:
        return await readable(connection, who, id), await store.texts(connection, id)


async def read_history(desk: Desk, who: Principal, id: UUID) -> Sequence[Any]:
    """Every fact of a dossier in order."""
    async with desk.works.reading() as connection:
        await readable(connection, who, id)
        return await store.history(connection, id)


def explanation(dossier: Dossier, lang: str) -> tuple[str, ...]:
    """Why the date is what it is, day by day; of the limit that runs now."""
    term = dossier.settlement or dossier.answer
    office = office_at(dossier.received_at)
    return () if term is None else (*explain(term.clock, office.calendar, office.hours, lang), *_moved(dossier, lang))


def _moved(dossier: Dossier, lang: str) -> tuple[str, ...]:
    """That the slip shows another day than the law, where an appointment was moved."""
    if not dossier.moved_by or dossier.promised_on is None:
        return ()
    return (_MOVED[lang].format(day=f"{dossier.promised_on:%d/%m/%Y}"),)
