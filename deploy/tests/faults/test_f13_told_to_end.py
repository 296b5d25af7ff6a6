"""F13: SIGTERM while Kafka is down: every process ends by itself in bounded time, and nothing is lost."""

from __future__ import annotations

import asyncio
import time

import pytest

from deploy.tests.faults import census
from deploy.tests.faults.crew import READERS, Crew
from deploy.tests.province import Province
from shared.testing.processes import Child

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

FULL = (pytest.mark.full, pytest.mark.timeout(1200))
END_SECONDS = 25


async def _told_to_end(*children: Child) -> None:
    """SIGTERM for all at once: each ends in time, with nothing to complain about."""
    began = time.monotonic()
    codes = await asyncio.gather(*(asyncio.to_thread(child.stop, END_SECONDS) for child in children))
    assert time.monotonic() - began < END_SECONDS
    assert codes == [0] * len(children), [child.words()[-800:] for child in children]
    assert not [child.log for child in children if "Unclosed" in child.words()]


@pytest.mark.parametrize("times", [1, pytest.param(6, marks=FULL)])
async def test_processes_told_to_end_while_kafka_is_down_end_in_time_and_nothing_is_lost(
    province: Province, times: int
) -> None:
    crew = await Crew(province, letters=1).begin()
    async with crew.under_load() as load:
        for _ in range(times):
            await load.reach(20)
            await province.ground.hold("kafka", abruptly=True)
            await load.reach(20)
            never_connected = province.start("intake", *READERS, parts="relay,consumers,timers")
            await never_connected.serving()
            await _told_to_end(crew.api, crew.relay, crew.readers, never_connected)
            await province.ground.release("kafka")
            await crew.begin()
        await load.reach(20)
    await census.agree(province, load.promised)
