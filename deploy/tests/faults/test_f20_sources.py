"""F20: source systems tell with duplicates, disorder, skew, broken and foreign events; processes are killed, lines are down for a day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from deploy.tests.faults.crew import died
from deploy.tests.faults.sources import Campaign, campaign, desk_of, register
from deploy.tests.faults.vendors import Vendor
from deploy.tests.province import Province
from services.intake import data, handlers
from services.intake.domain.sources import PATIENCE
from shared.settings import Keys

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]


@dataclass(frozen=True)
class Scale:
    """How many sources, events of each, places at which intake dies, and whether the readers are killed each time, too."""

    sources: int
    events: int
    deaths: tuple[str, ...]
    readers_die: bool = False


SHORT = Scale(4, 60, ("door.effects:1",))
FULL = Scale(
    20,
    2500,
    ("door.effects:2", "relay.confirmed:2", "door.committed:3", "relay.deleted:3", "door.effects:5"),
    readers_die=True,
)

CLOCKS = {1: timedelta(0), 3: timedelta(minutes=4)}
"""Of those that speak over HTTP: right, or as far ahead as is still taken; the others say no time."""


@pytest.mark.parametrize(
    "scale",
    [
        pytest.param(SHORT, id="short"),
        pytest.param(FULL, id="full", marks=[pytest.mark.full, pytest.mark.timeout(1800)]),
    ],
)
async def test_what_sources_tell_is_counted_as_somebody_else_counts_it_whatever_dies_meanwhile(
    province: Province, scale: Scale
) -> None:
    communes = [unit.code for unit in data.units() if unit.level == "commune"]
    key = Keys.load_or_make(province.home / "keys.json").contact_public
    vendors = [
        Vendor(
            f"xa-{n:02d}", n, communes[3 * n : 3 * n + 2], key, tells_citizens=n % 4 == 1, offline=n in {1, 2}, ahead=CLOCKS.get(n % 4)
        )
        for n in range(scale.sources)
    ]  # fmt: skip
    async with desk_of(province) as desk:
        await register(province, desk, vendors)
        vendors = [replace(each, begun=province.clock()) for each in vendors]
        told = campaign(province, vendors, frozenset(unit.code for unit in data.units()), scale.events)
        await told.start_readers()
        await _first_day(told, scale)
        province.clock.move_to(province.clock() + timedelta(days=1))
        async with told.telling(offline=True):
            pass
        await told.heard(*vendors)
        waiting = {each.id: len(told.models[each.id].waiting) for each in vendors}
        async with desk.works.reading() as db:
            rows = await db.fetch("SELECT source, count(*) FROM source_event WHERE status = 'waiting' GROUP BY source")
        assert {row["source"]: row["count"] for row in rows} == {id_: n for id_, n in waiting.items() if n}

        province.clock.move_to(province.clock() + PATIENCE)
        while await handlers.settle_waiting(desk):
            pass
    for each in vendors:
        told.models[each.id].give_up_waiting()
    await told.drained()
    await told.agree()


async def _first_day(told: Campaign, scale: Scale) -> None:
    """Everybody whose line is up tells, and intake dies between two steps again and again, whoever reads it with it."""
    told.start_office(scale.deaths[0])
    async with told.telling(offline=False):
        for failpoint in [*scale.deaths[1:], ""]:
            await died(told.office)
            told.start_office(failpoint)
            if scale.readers_die:
                told.readers.kill()
                await told.start_readers()
    await told.heard(*(each for each in told.vendors if not each.offline))
