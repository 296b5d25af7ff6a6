"""Reference data as a whole: seeded once, published, and kept on the shelf."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.intake import data, store
from services.intake.handlers.catalogue import current_procedures, version_of
from services.intake.handlers.describing import describe, news
from services.intake.handlers.desk import Desk
from services.intake.store import catalogue
from services.intake.store import units as unit_store
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.kernel import system
from shared.store.db import Connection


async def seed(desk: Desk) -> None:
    """Bring in units and procedures that are not there yet, and publish them."""
    async with desk.works.begin(system("intake.seed")) as work:
        await store.reference_lock(work)
        units = {row["code"] for row in await unit_store.units(work.db)}
        procedures = await catalogue.all_versions(work.db)
        await unit_store.add_units(work, [unit for unit in data.units() if unit.code not in units])
        await catalogue.add_versions(
            work, [version_of(each) for each in data.procedures() if each.code not in procedures]
        )
        for topic, current in (await _current(work.db, desk)).items():
            await describe(work, topic, current)
    await refresh(desk)


async def _current(connection: Connection, desk: Desk) -> dict[str, Sequence[Fact]]:
    """The current record of everything, by topic."""
    at = desk.works.clock()
    units = [_described_unit(at, row) for row in await unit_store.units(connection)]
    return {facts.UNITS: units, facts.PROCEDURES: await current_procedures(connection, desk)}


def _described_unit(at: datetime, unit: Any) -> facts.UnitDescribed:
    return facts.UnitDescribed(
        occurred_at=at, unit=unit["code"], name=unit["name"], level=unit["level"], kind=unit["kind"], agency=unit["agency"],
        valid_from=unit["valid_from"], valid_to=unit["valid_to"], remote=unit["remote"], parent=unit["parent"],
    )  # fmt: skip


async def keep_up(desk: Desk) -> bool:
    """Read the reference data again, and publish what a new day or another process made of it."""
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
    return False


async def refresh(desk: Desk) -> None:
    """Read the reference data again, and the law's."""
    async with desk.works.reading() as connection:
        await desk.standing.refresh(connection)
        units = [unit_store.unit_of(row) for row in await unit_store.units(connection)]
        procedures = await catalogue.all_versions(connection)
    desk.shelf.units = {unit.code: unit for unit in units}
    desk.shelf.procedures = {
        code: [version.procedure() for version in reversed(versions)] for code, versions in procedures.items()
    }


async def read_units(desk: Desk) -> Sequence[Any]:
    """All units."""
    async with desk.works.reading() as connection:
        return await unit_store.units(connection)
