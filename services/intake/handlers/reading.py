"""What is shown: a dossier, its history, its papers for a slip, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Dossier
from services.intake.handlers.desk import Desk, office_at
from services.intake.store import Texts, Wanted, Whose
from shared.contracts import intake as facts
from shared.kernel import Caller, NotFound, Principal
from shared.law import ZONE, explain
from shared.store import vault
from shared.store.db import Connection
from shared.store.lookups import lookup_secret

_MOVED = {
    "vi": "Cơ quan đã xin lỗi và hẹn lại ngày trả kết quả: {day}; hạn theo luật ở trên không thay đổi.",
    "en": "The office apologised and promised another day: {day}; the lawful date above stays what it is.",
}


async def _readable(connection: Connection, who: Principal, id: UUID) -> Dossier:
    """A dossier of one's own, or of one's unit; anything else is not found."""
    dossier = await store.dossier(connection, id)
    if not domain.is_readable_by(dossier, who):
        raise NotFound
    return dossier


async def read_dossier(desk: Desk, who: Principal, id: UUID) -> Dossier:
    """Where a dossier stands."""
    async with desk.works.reading() as connection:
        return await _readable(connection, who, id)


async def read_dossier_texts(desk: Desk, who: Principal, id: UUID) -> tuple[Dossier, Texts]:
    """Where a dossier stands, its papers, and what was written to the applicant."""
    async with desk.works.reading() as connection:
        return await _readable(connection, who, id), await store.texts(connection, id)


async def read_history(desk: Desk, who: Principal, id: UUID) -> Sequence[Any]:
    """Every fact of a dossier in order."""
    async with desk.works.reading() as connection:
        await _readable(connection, who, id)
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


@dataclass(frozen=True, slots=True, repr=False)
class Papers:
    """What a slip shows beside the dossier."""

    dossier: Dossier
    submitter: vault.Details
    owner: vault.Details | None
    summary: str | None
    components: Sequence[Mapping[str, Any]]
    secret: str


async def read_papers(desk: Desk, who: Principal, id: UUID) -> Papers:
    """The people and papers of an accepted dossier, opened from the vault; opening is itself a fact, unpublished."""
    keys = desk.works.keys
    async with desk.works.begin(Caller(who)) as work:
        dossier = await _readable(work.db, who, id)
        domain.check_slip(dossier)
        row = await store.papers(work.db, id)
        work.record(
            facts.IdentityRead(occurred_at=work.now, dossier=id, unit=dossier.unit, purpose="slip"), published=False
        )
    owner = {"id": row["owner_id"], "data_key": row["owner_data_key"], "sealed": row["owner_sealed"]}
    try:
        submitter, owner_details = vault.disclose(keys, row), vault.disclose(keys, owner) if row["owner_id"] else None
    except vault.Forgotten:
        raise domain.PersonForgotten from None
    secret = lookup_secret(keys, dossier.id, dossier.lookup_number)
    return Papers(dossier, submitter, owner_details, _corrected(row), row["components"], secret)


def _corrected(row: Mapping[str, Any]) -> str | None:
    """The request as it was put right last."""
    rightly: list[str] = [each["value"] for each in row["corrections"] if each["field"] == "summary"]
    summary: str | None = row["summary"]
    return rightly[-1] if rightly else summary


async def list_dossiers(
    desk: Desk, who: Principal, wanted: Wanted, *, after: UUID | None, back: bool, limit: int
) -> Sequence[Dossier]:
    """Dossiers of one's units (an admin: of all), newest first; a citizen's own."""
    if who.acting == "citizen":
        return await list_own_dossiers(desk, who, wanted, after=after, back=back, limit=limit)
    whose = None if who.has("admin") else who.units
    return await _listed(desk, whose, wanted, after=after, back=back, limit=limit)


async def list_own_dossiers(
    desk: Desk, who: Principal, wanted: Wanted, *, after: UUID | None, back: bool, limit: int
) -> Sequence[Dossier]:
    """What this person filed, newest first, in whatever role they are here."""
    if who.recipient is None:
        raise domain.IdentityUnknown
    return await _listed(desk, who.recipient, wanted, after=after, back=back, limit=limit)


async def _listed(desk: Desk, whose: Whose, wanted: Wanted, **page: Any) -> Sequence[Dossier]:
    now = desk.works.clock()
    async with desk.works.reading() as connection:
        return await store.listed(connection, whose, wanted, at=now, today=now.astimezone(ZONE).date(), **page)
