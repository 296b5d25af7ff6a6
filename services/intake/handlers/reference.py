"""Reference data as a whole: seeded once, published, and kept on the shelf."""

from __future__ import annotations

from collections.abc import Sequence

from services.intake import data, store
from services.intake.handlers.catalogue import current_procedures, version_of
from services.intake.handlers.describing import describe, news
from services.intake.handlers.desk import Desk, today_of
from services.intake.handlers.staff import current_staff
from services.intake.handlers.units import current_units, hand_over_dossiers
from services.intake.store import catalogue
from services.intake.store import staff as staff_store
from services.intake.store import units as unit_store
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.kernel import system
from shared.store.db import Connection


async def seed(desk: Desk) -> None:
    """Bring in units and procedures that are not there yet, and publish them."""
    async with desk.works.begin(system("intake.seed")) as work:
        await store.reference_lock(work)
        units = await unit_store.units(work.db)
        procedures = await catalogue.all_versions(work.db)
        added = [unit_store.unit_of(seed) for seed in data.units() if seed.code not in units]
        await unit_store.keep_units(work, added)
        await catalogue.add_versions(
            work, [version_of(each) for each in data.procedures() if each.code not in procedures]
        )
        for topic, current in (await _current(work.db, desk)).items():
            await describe(work, topic, current)
    await refresh(desk)


async def _current(connection: Connection, desk: Desk) -> dict[str, Sequence[Fact]]:
    """The current record of everything, by topic."""
    return {
        facts.UNITS: await current_units(connection, desk),
        facts.PROCEDURES: await current_procedures(connection, desk),
        facts.STAFF: await current_staff(connection, desk),
    }


async def keep_up(desk: Desk) -> bool:
    """Read the reference data again, publish what a new day made of it, and hand over what is open at units that ended.

    True while more dossiers may wait for their new unit.
    """
    await refresh(desk)
    async with desk.works.reading() as connection:
        fresh = [
            topic
            for topic, current in (await _current(connection, desk)).items()
            if await news(connection, topic, current)
        ]
    if fresh:
        async with desk.works.begin(system("intake.reference")) as work:
            await store.reference_lock(work)
            for topic, current in (await _current(work.db, desk)).items():
                await describe(work, topic, current)
    return await hand_over_dossiers(desk) > 0


async def refresh(desk: Desk) -> None:
    """Read the reference data again, and the law's."""
    async with desk.works.reading() as connection:
        await desk.standing.refresh(connection)
        units, today = await unit_store.units(connection), today_of(desk)
        procedures = await catalogue.all_versions(connection)
        desk.shelf.staff = list((await staff_store.officers(connection)).values())
    desk.shelf.units = {code: unit.unit(today) for code, unit in units.items()}
    desk.shelf.procedures = {
        code: [version.procedure() for version in reversed(versions)] for code, versions in procedures.items()
    }
