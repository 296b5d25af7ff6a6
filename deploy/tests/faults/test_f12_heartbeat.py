"""F12: the heartbeat of every Kafka client ends for good: the watchdog revives, and what cannot be revived ends its process."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial

import pytest

from deploy.tests.faults import census
from deploy.tests.faults.crew import Crew
from deploy.tests.faults.operator import CONSUMERS
from deploy.tests.province import Province
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

FULL = (pytest.mark.full, pytest.mark.timeout(900))
QUICK = ":2.5"
"""A watchdog that waits so many seconds; without it, the product's own times."""

GIVEN_UP_SECONDS = {QUICK: 60, "": 240}
REVIVED_SECONDS = 60


@dataclass
class Standstill:
    """The longest time in which a read model did not move, although there was work."""

    province: Province
    longest: float = 0.0

    async def measure(self) -> None:
        """Look until cancelled."""
        seen, since = -1, time.monotonic()
        async with self.province.database("reporting") as db:
            while True:
                applied = await db.fetchval("SELECT count(*) FROM timeline_1")
                if applied != seen:
                    seen, since = applied, time.monotonic()
                self.longest = max(self.longest, time.monotonic() - since)
                await asyncio.sleep(0.1)


def _restarted(crew: Crew) -> bool:
    words = crew.readers.words().splitlines()
    return all(any(one.name in line and "restarting" in line for line in words) for one in CONSUMERS.values())


@pytest.mark.parametrize("watchdog", [QUICK, pytest.param("", marks=FULL)])
async def test_consumers_whose_heartbeat_is_stuck_for_good_are_revived_within_a_minute(
    province: Province, watchdog: str
) -> None:
    crew, still = Crew(province), Standstill(province)
    crew.start_api()
    crew.start_relay()
    crew.start_readers(f"heartbeat.first{watchdog}")
    await crew.readers.ready()
    await crew.api.serving()
    async with crew.under_load() as load, asyncio.TaskGroup() as group:
        measuring = group.create_task(still.measure())
        await wait_until(partial(_restarted, crew), seconds=REVIVED_SECONDS + 15, what="the watchdog at work")
        await census.caught_up(province, load.promised)
        measuring.cancel()
    assert still.longest <= REVIVED_SECONDS
    assert crew.readers.alive
    await census.agree(province, load.promised)


@pytest.mark.parametrize("watchdog", [QUICK, pytest.param("", marks=FULL)])
async def test_when_no_restart_helps_readiness_is_503_and_the_process_ends(province: Province, watchdog: str) -> None:
    crew = Crew(province)
    crew.start_api()
    crew.start_relay()
    crew.start_readers(f"heartbeat.every{watchdog}")
    await crew.readers.ready()
    await crew.api.serving()
    async with crew.under_load() as load:
        seconds = GIVEN_UP_SECONDS[watchdog]
        dead = await wait_until(partial(_dead, crew), seconds=seconds, every=0.1, what="readiness that says it is dead")
        assert "do not come back" in dead
        assert await asyncio.to_thread(crew.readers.wait, 30) == 1
        crew.start_readers()
        await load.reach(20)
    await census.agree(province, load.promised)


async def _dead(crew: Crew) -> str:
    found = await crew.readers.readyz()
    return str(found["checks"]["dead"]) if found["status"] == "dead" else ""
