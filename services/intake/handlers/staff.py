"""The staff directory: put by an admin, read by officers, asked for the rights of every request."""

from __future__ import annotations

from collections.abc import Sequence
from hmac import digest

from services.intake import domain, store
from services.intake.domain import Officer, Outcome
from services.intake.handlers.describing import describe
from services.intake.handlers.desk import Desk, today_of
from services.intake.store import staff as staff_store
from services.intake.store import units as unit_store
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.kernel import Caller, NotFound, Principal, Stale
from shared.store import vault
from shared.store.db import Connection
from shared.store.unit_of_work import Work, Works


def _mark(works: Works, officer: Officer) -> str:
    """What stands for the subject in facts, as it does for whoever acts (decisions 6)."""
    return digest(works.keys.actor, officer.subject.encode(), "sha256").hex()[:16]


async def current_staff(connection: Connection, desk: Desk) -> Sequence[Fact]:
    """The current record of every officer."""
    at, known = desk.works.clock(), await staff_store.officers(connection)
    return [domain.described_staff(each, at=at, mark=_mark(desk.works, each)) for each in known.values()]


async def put_officer(desk: Desk, who: Caller, new: Officer, contact: vault.Details, seen: int) -> Officer:
    """An officer as they are from now on; `seen` is the version the caller read, 0 where there was none."""
    async with desk.works.begin(who) as work:
        officer, _ = await keep_officer(desk, work, new, contact, seen)
    return officer


async def keep_officer(
    desk: Desk, work: Work, new: Officer, contact: vault.Details, seen: int | None = None
) -> tuple[Officer, Outcome]:
    """Write an officer, their contact into the vault, and publish what differs, without the name."""
    await store.reference_lock(work)
    known = await staff_store.officers(work.db)
    if seen is not None and seen != (version := known[new.id].version if new.id in known else 0):
        raise Stale(seen=seen, version=version)
    officer, outcome = domain.put_officer(known, await unit_store.units(work.db), new)
    row = await staff_store.person(work.db, new.id)
    kept = None if row is None else vault.disclosed(desk.works.keys, row)
    if outcome == "same" and kept == contact:
        return officer, "same"
    if kept != contact:
        if row is not None:
            await staff_store.forget(work, row["id"])
        person = work.new_id()
        work.keep(vault.enclose(desk.works.keys, person, work.new_id(), contact), contact=False)
    else:
        person = row["id"]
    await staff_store.keep_officer(work, officer, person)
    described = domain.described_staff(officer, at=work.now, mark=_mark(desk.works, officer))
    await describe(work, facts.STAFF, [described])
    return officer, "changed" if outcome == "same" else outcome


async def read_staff(desk: Desk, who: Principal, unit: str | None) -> Sequence[Officer]:
    """Who serves at one's units (an admin: anywhere), without names."""
    async with desk.works.reading() as connection:
        known = await staff_store.officers(connection)
    return [each for each in known.values() if who.may_act_for(each.unit) and unit in {None, each.unit}]


async def read_officer(desk: Desk, who: Principal, id: str) -> tuple[Officer, vault.Details | None]:
    """One officer with their contact, opened from the vault; that it was opened is a fact, unpublished."""
    async with desk.works.begin(Caller(who)) as work:
        officer = (await staff_store.officers(work.db)).get(id)
        if officer is None or not who.may_act_for(officer.unit):
            raise NotFound
        row = await staff_store.person(work.db, id)
        work.record(facts.StaffContactRead(occurred_at=work.now, officer=id, unit=officer.unit), published=False)
    return officer, vault.disclosed(desk.works.keys, row)


async def known_rights(desk: Desk, who: Principal, *, ceiling: bool) -> Principal:
    """The rights of whoever signed in, by the directory in memory."""
    return domain.rights(desk.shelf.staff, who, today_of(desk), ceiling=ceiling)
