"""Units over time: put, followed by others, and their open dossiers handed over with every date kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Outcome, Succession, UnitRecord
from services.intake.handlers.describing import describe
from services.intake.handlers.desk import Desk, schedule, today_of
from services.intake.store import sources as source_store
from services.intake.store import units as unit_store
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.kernel import Caller, Stale, system
from shared.store.db import Connection
from shared.store.unit_of_work import Work

BATCH = 500
"""Dossiers handed over in one transaction."""


async def current_units(connection: Connection, desk: Desk) -> Sequence[Fact]:
    """The current record of every unit."""
    at, today = desk.works.clock(), today_of(desk)
    return [domain.described_unit(unit, at=at, today=today) for unit in (await unit_store.units(connection)).values()]


async def put_unit(desk: Desk, who: Caller, new: UnitRecord, *, renamed_on: date | None, seen: int) -> UnitRecord:
    """A unit as it is from now on; `seen` is the version the caller read, 0 where there was none."""
    async with desk.works.begin(who) as work:
        unit, _ = await keep_unit(desk, work, new, renamed_on=renamed_on, seen=seen)
    return unit


async def keep_unit(
    desk: Desk, work: Work, new: UnitRecord, *, renamed_on: date | None = None, seen: int | None = None
) -> tuple[UnitRecord, Outcome]:
    """Write a unit, and publish it where it differs."""
    await store.reference_lock(work)
    known = await unit_store.units(work.db)
    if seen is not None and seen != (version := known[new.code].version if new.code in known else 0):
        raise Stale(seen=seen, version=version)
    unit, outcome = domain.put_unit(known, new, renamed_on=renamed_on or today_of(desk))
    if outcome != "same":
        await _keep(desk, work, unit)
    return unit, outcome


async def keep_succession(desk: Desk, work: Work, new: Succession) -> Outcome:
    """A unit follows another: the old one ends the day before."""
    await store.reference_lock(work)
    known, there = await unit_store.units(work.db), await unit_store.successions(work.db)
    old, outcome = domain.succeed(known, there, new)
    if outcome != "same":
        await unit_store.follow(work, new)
        await _keep(desk, work, old)
    return outcome


async def _keep(desk: Desk, work: Work, unit: UnitRecord) -> None:
    await unit_store.keep_units(work, [unit])
    await describe(work, facts.UNITS, [domain.described_unit(unit, at=work.now, today=today_of(desk))])


async def hand_over_dossiers(desk: Desk, who: Caller | None = None, batch: int = BATCH) -> int:
    """Hand what is still open at units that have ended to those that follow them; how many went over this time."""
    async with desk.works.reading() as connection:
        ended = _ended(await unit_store.successions(connection), today_of(desk))
        left = await unit_store.left_behind(connection, list(ended), batch) if ended else ()
    if not left:
        return 0
    wanted = {row["id"]: to for row in left if (to := domain.successor(ended[row["unit"]], row["sector"])) is not None}
    async with desk.works.begin(who or system("intake.succession")) as work:
        return await _hand_over(desk, work, wanted, {row["id"]: row["unit"] for row in left})


async def _hand_over(desk: Desk, work: Work, wanted: Mapping[UUID, str], was: Mapping[UUID, str]) -> int:
    """What is still open, and still where it was, once its row is locked."""
    going: dict[UUID, str] = {}
    told, sandboxes = [], await source_store.sandboxes(work)
    for dossier in await store.load_many(work, sorted(wanted)):
        if dossier.unit == was[dossier.id] and dossier.state not in domain.CLOSED:
            at = max(work.now, dossier.last_event_at)
            handed, fact = domain.hand_over(
                dossier, to=wanted[dossier.id], at=at, office=desk.office_at(dossier.received_at, dossier.unit)
            )
            going[handed.id] = handed.unit
            work.record(fact, published=dossier.source not in sandboxes)
            if dossier.source is not None:
                data = {"unit": handed.unit, "from_unit": dossier.unit}
                told.append(source_store.Entry(dossier.source, "dossier-succeeded", at, handed.code, data))
            if handed.transfer is not None and handed.transfer is not dossier.transfer:
                work.deadline(schedule(handed.id, domain.TRANSFER, handed.transfer))
    await unit_store.hand_over(work, going)
    source_store.feed(work, told)
    return len(going)


def _ended(successions: Sequence[Succession], today: date) -> Mapping[str, list[Succession]]:
    ended: dict[str, list[Succession]] = {}
    for each in successions:
        if each.valid_from <= today:
            ended.setdefault(each.old, []).append(each)
    return ended


async def read_units(desk: Desk, on: date | None = None, kind: str | None = None) -> Sequence[tuple[UnitRecord, date]]:
    """Units that exist on a day, today unless said otherwise, each with that day."""
    async with desk.works.reading() as connection:
        known = await unit_store.units(connection)
    day = on or today_of(desk)
    return [(unit, day) for unit in known.values() if unit.counts_on(day) and kind in {None, unit.kind}]
