"""What is shown: a dossier, its history, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Dossier
from services.intake.handlers.desk import Desk
from services.intake.store import Texts
from shared.kernel import NotFound, Principal
from shared.law import explain
from shared.store.db import Connection

_MOVED = {
    "vi": "Cơ quan đã xin lỗi và hẹn lại ngày trả kết quả: {day}; hạn theo luật ở trên không thay đổi.",
    "en": "The office apologised and promised another day: {day}; the lawful date above stays what it is.",
}
_KEPT = {
    "vi": "Giấy hẹn ghi ngày trả kết quả {day}; hạn theo luật là ngày tính ở trên (hai ngày khác nhau khi lịch nghỉ, giờ làm việc hoặc quy định thay đổi, hoặc khi giấy hẹn viết tay ghi ngày khác).",
    "en": "The slip promised {day}; the lawful date is the one counted above (they differ where the calendar, office hours or a rule changed, or where a slip written by hand names another day).",
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
        dossier, texts = await readable(connection, who, id), await store.texts(connection, id)
    return dossier, texts if who.acting != "citizen" else replace(texts, handovers=_between_units(texts.handovers))


def _between_units(handovers: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """What a citizen sees of hand-overs: where the dossier went and when; not which officer, nor what units wrote to each other."""
    return [{**each, "by": None, "reason": None, "answered_by": None, "answer": None} for each in handovers]


async def read_history(desk: Desk, who: Principal, id: UUID) -> Sequence[Any]:
    """Every fact of a dossier in order."""
    async with desk.works.reading() as connection:
        await readable(connection, who, id)
        return await store.history(connection, id)


def explanation(desk: Desk, dossier: Dossier, lang: str) -> tuple[str, ...]:
    """Why the date is what it is, day by day; of the limit that runs now."""
    term = dossier.settlement or dossier.answer
    office = desk.office_at(dossier.received_at, dossier.unit)
    return () if term is None else (*explain(term.clock, office.calendar, office.hours, lang), *_moved(dossier, lang))


def _moved(dossier: Dossier, lang: str) -> tuple[str, ...]:
    """That the slip shows another day than the law: an appointment was moved, or the law's data changed after it was printed."""
    if dossier.promised_on is None or dossier.due_on is None or dossier.promised_on == dossier.lawful_due_on:
        return ()
    return ((_MOVED if dossier.apologies else _KEPT)[lang].format(day=f"{dossier.promised_on:%d/%m/%Y}"),)
