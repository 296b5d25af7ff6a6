"""F01 to F04: the API, the relay, the consumers, or everything is killed (-9) again and again under load."""

from __future__ import annotations

import pytest

from deploy.tests.faults import census
from deploy.tests.faults.crew import Crew, died, rounds
from deploy.tests.province import Province
from shared.testing.failpoints import CONSUMER_STEPS, RELAY_STEPS

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

FULL = (pytest.mark.full, pytest.mark.timeout(1200))


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=FULL)])
async def test_commands_repeated_after_the_api_was_killed_are_done_once(province: Province, kills: int) -> None:
    crew = await Crew(province, letters=1).begin()
    async with crew.under_load() as load:
        for _ in range(kills):
            await load.reach(30)
            crew.api.kill()
            crew.start_api()
        await load.reach(30)
    assert load.seen["ConnectError"] > 0, "no client noticed a kill"
    assert load.promised.letters, "no letter was taken"
    await census.agree(province, load.promised)


@pytest.mark.parametrize("kills", [3, pytest.param(21, marks=FULL)])
async def test_a_relay_killed_between_any_two_steps_loses_nothing(province: Province, kills: int) -> None:
    crew = await Crew(province, letters=1).begin()
    async with crew.under_load() as load:
        for failpoint in rounds([f"relay.{step}" for step in RELAY_STEPS], kills):
            crew.relay.kill()
            crew.start_relay(failpoint)
            await died(crew.relay)
        crew.start_relay()
        await load.reach(30)
    topic = await census.agree(province, load.promised)
    assert topic.doubled > 0, "no relay died between the broker's acknowledgement and the deletion"


@pytest.mark.parametrize("kills", [4, pytest.param(24, marks=FULL)])
async def test_a_consumer_killed_between_any_two_steps_has_no_second_effect(province: Province, kills: int) -> None:
    crew = await Crew(province, letters=1).begin()
    async with crew.under_load() as load:
        for failpoint in rounds([f"consumer.{step}" for step in CONSUMER_STEPS], kills):
            crew.readers.kill()
            crew.start_readers(failpoint)
            await died(crew.readers)
        crew.start_readers()
        await load.reach(30)
    await census.agree(province, load.promised)


@pytest.mark.parametrize("kills", [1, pytest.param(5, marks=FULL)])
async def test_when_everything_was_killed_at_once_it_drains_after_the_next_start(
    province: Province, kills: int
) -> None:
    crew = await Crew(province, letters=1).begin()
    async with crew.under_load() as load:
        for _ in range(kills):
            await load.reach(40)
            province.kill_all()
            await province.ground.kill("postgres", "kafka")
            await crew.begin()
        await load.reach(30)
    await census.agree(province, load.promised)
