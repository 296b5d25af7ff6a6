"""The commands on a dossier: load for the command, decide, save and say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Component, Dossier
from services.intake.handlers.desk import Desk, acting, office_at, state
from shared.kernel import Caller, NotFound, Stale
from shared.store.unit_of_work import Work


async def _load(work: Work, command: str, id: UUID, seen: int | None) -> tuple[Dossier, datetime]:
    """The dossier a command is given on, and when: absent and not allowed look the same, and nothing is told before that.

    `seen` is the version the caller read; None: whatever it is now. A machine's clock that lags puts nothing before
    what happened last.
    """
    dossier = await store.load(work, id)
    role = domain.capacity(command, dossier, work.who)
    if role is None:
        raise NotFound
    work.caller = acting(work.caller, role)
    if seen is not None and seen != dossier.version:
        raise Stale(seen=seen, version=dossier.version)
    return dossier, max(work.now, dossier.last_event_at)


async def accept_dossier(desk: Desk, who: Caller, id: UUID, seen: int | None) -> Dossier:
    """Accept what came online or by post."""
    async with desk.works.begin(who) as work:
        before, at = await _load(work, "accept", id, seen)
        dossier, fact = domain.accept(before, at=at, office=office_at(before.received_at))
        store.save(work, dossier)
        state(work, before, dossier, fact)
    return dossier


async def refuse_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Dossier:
    """Do not accept; the reason's text stays here, its class goes out."""
    async with desk.works.begin(who) as work:
        before, at = await _load(work, "refuse", id, seen)
        office = office_at(before.received_at)
        dossier, fact = domain.refuse(before, reason_class=reason_class, at=at, office=office)
        store.save(work, dossier, reason=reason)
        state(work, before, dossier, fact)
    return dossier


async def assign_dossier(desk: Desk, who: Caller, id: UUID, seen: int | None, *, officer: str) -> Dossier:
    """Give to an officer."""
    async with desk.works.begin(who) as work:
        before, at = await _load(work, "assign", id, seen)
        dossier, fact = domain.assign(before, officer=officer, at=at)
        store.save(work, dossier)
        state(work, before, dossier, fact)
    return dossier


async def request_supplement(
    desk: Desk,
    who: Caller,
    id: UUID,
    seen: int | None,
    *,
    components: Sequence[str],
    reason: str,
    respond_by: date | None,
) -> Dossier:
    """Ask for papers."""
    async with desk.works.begin(who) as work:
        before, at = await _load(work, "request-supplement", id, seen)
        office = office_at(before.received_at)
        dossier, fact = domain.request_supplement(
            before, components=components, respond_by=respond_by, at=at, office=office
        )
        store.save(work, dossier, supplement={"components": list(components), "reason": reason})
        state(work, before, dossier, fact)
    return dossier


async def supply_components(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, components: Sequence[Component]
) -> Dossier:
    """Take the missing papers."""
    async with desk.works.begin(who) as work:
        before, at = await _load(work, "supply", id, seen)
        dossier, fact = domain.supply(before, at=at, office=office_at(before.received_at))
        store.save(work, dossier, added=components)
        state(work, before, dossier, fact)
    return dossier


async def settle_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, outcome: str, number: str | None
) -> Dossier:
    """There is a result."""
    async with desk.works.begin(who) as work:
        before, at = await _load(work, "settle", id, seen)
        office = office_at(before.received_at)
        dossier, fact = domain.settle(before, outcome=outcome, number=number, at=at, office=office)
        store.save(work, dossier)
        state(work, before, dossier, fact)
    return dossier


async def return_result(desk: Desk, who: Caller, id: UUID, seen: int | None, *, method: str) -> Dossier:
    """Hand the result over."""
    async with desk.works.begin(who) as work:
        before, at = await _load(work, "return-result", id, seen)
        dossier, fact = domain.return_result(before, method=method, at=at)
        store.save(work, dossier)
        state(work, before, dossier, fact)
    return dossier


async def withdraw_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Dossier:
    """The applicant takes it back."""
    async with desk.works.begin(who) as work:
        before, at = await _load(work, "withdraw", id, seen)
        office = office_at(before.received_at)
        dossier, fact = domain.withdraw(before, reason_class=reason_class, at=at, office=office)
        store.save(work, dossier, reason=reason)
        state(work, before, dossier, fact)
    return dossier
