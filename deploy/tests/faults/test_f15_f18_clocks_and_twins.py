"""F15 and F18: the clock jumps by an hour; two of everything that should be alone run by mistake: one effect each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deploy.tests.faults import census
from deploy.tests.faults.crew import Crew
from deploy.tests.faults.overdue import (
    STAGES,
    all_announced,
    announced,
    announced_early,
    breach_of,
    left_alone,
    owed_by_clock,
    swept,
)
from deploy.tests.province import Province
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

FULL = (pytest.mark.full, pytest.mark.timeout(1200))
HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)


@pytest.mark.parametrize("jumps", [2, pytest.param(20, marks=FULL)])
async def test_a_clock_that_jumps_by_an_hour_makes_nothing_late_early_and_nothing_late_twice(
    province: Province, jumps: int
) -> None:
    crew = await Crew(province).begin()
    sweeper = await province.start("intake", parts="timers").serving()
    async with crew.under_load() as load:
        dossiers = await left_alone(load, 10)
        for _ in range(jumps):
            for jump in (HOUR, -HOUR):
                await load.reach(10)
                province.clock.move_to(province.clock() + jump)
    assert await announced(province) == {}
    breach = await breach_of(province, dossiers)
    province.clock.move_to(breach - HALF)
    await swept(sweeper)
    assert await announced(province) == dict.fromkeys(((STAGES[0], dossier) for dossier in dossiers), 1)
    for _ in range(jumps):
        for jump in (HOUR, -HOUR):
            province.clock.move_to(province.clock() + jump)
            await swept(sweeper)
            assert set((await announced(province)).values()) == {1}
    assert await announced(province) == dict.fromkeys(((stage, one) for stage in STAGES for one in dossiers), 1)
    assert await announced_early(province) == 0
    owed_by_clock(load.promised, dossiers)
    await census.agree(province, load.promised)


_SENT = "SELECT count(*), count(DISTINCT a.delivery) FROM attempt a JOIN delivery d ON d.id = a.delivery WHERE d.channel = 'email'"
_GONE = """SELECT count(*) FROM delivery d JOIN notification n ON n.id = d.notification
WHERE d.channel = 'email' AND n.aggregate = ANY($1::uuid[]) AND d.state NOT IN ('held', 'pending', 'sending')"""
"""A contact may come after its notices: their e-mails are held until then."""


@pytest.mark.parametrize("number", [40, pytest.param(1500, marks=FULL)])
async def test_two_sweepers_two_schedulers_and_two_relays_have_one_effect_each(province: Province, number: int) -> None:
    crew = await Crew(province).begin()
    for _ in range(2):
        await province.start("intake", parts="timers").serving()
        await province.start("notifications", parts="timers,relay").serving()
    await province.start("intake", parts="relay").serving()
    async with crew.under_load() as load:
        dossiers = await left_alone(load, number)
        await load.reach(30)
    province.clock.move_to(await breach_of(province, dossiers) + HOUR)
    await all_announced(province, dossiers)
    assert await announced(province) == dict.fromkeys(((stage, one) for stage in STAGES for one in dossiers), 1)
    owed_by_clock(load.promised, dossiers)
    await census.agree(province, load.promised)
    async with province.database("notifications") as db:

        async def all_gone() -> bool:
            return bool(await db.fetchval(_GONE, dossiers) == 2 * number)

        await wait_until(all_gone, seconds=90, what="two e-mails of each dossier on their way")
        attempts, deliveries = await db.fetchrow(_SENT)
    assert attempts == deliveries >= 2 * number, "an e-mail went out twice, or was not tried"
