"""F05 to F08: Kafka is down at the start or for a minute, PostgreSQL ends abruptly, the leading relay is cut off."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest

from deploy.tests.faults import census
from deploy.tests.faults.crew import Crew
from deploy.tests.faults.load import Load
from deploy.tests.province import Province
from shared.testing.processes import Child
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

FULL = (pytest.mark.full, pytest.mark.timeout(1200))
RESUME_SECONDS = 60


async def test_without_kafka_commands_are_accepted_and_drain_when_it_comes(province: Province) -> None:
    await province.ground.hold("kafka")
    crew = Crew(province)
    crew.start_api()
    crew.start_relay()
    await crew.api.serving()
    await crew.relay.serving()
    async with crew.under_load() as load:
        await load.reach(40)
        assert (await crew.relay.readyz())["status"] == "degraded"
        crew.start_readers()
        await crew.readers.serving()
        await province.ground.release("kafka")
        await crew.readers.ready()
        await load.reach(20)
    await census.agree(province, load.promised)


@pytest.mark.parametrize("seconds", [4, pytest.param(60, marks=FULL)])
async def test_everybody_goes_on_by_themselves_after_kafka_was_killed_for_a_while(
    province: Province, seconds: int
) -> None:
    crew = await Crew(province).begin()
    pids = [crew.api.pid, crew.relay.pid, crew.readers.pid]
    async with crew.under_load() as load:
        await load.reach(30)
        await province.ground.hold("kafka", abruptly=True)
        held = time.monotonic()
        await load.reach(30)  # commands are accepted all the while
        await wait_until(lambda: time.monotonic() - held > seconds, seconds=seconds + 30, what="the outage")
        await province.ground.release("kafka")
        back = time.monotonic()
        await load.reach(20)
    await census.agree(province, load.promised, seconds=RESUME_SECONDS)
    assert time.monotonic() - back < RESUME_SECONDS + 15, "nobody took up the work"
    assert all(child.alive for child in (crew.api, crew.relay, crew.readers)), pids


@pytest.mark.parametrize("times", [1, pytest.param(5, marks=FULL)])
async def test_after_an_abrupt_restart_of_postgresql_work_goes_on_without_a_partial_state(
    province: Province, times: int
) -> None:
    crew = await Crew(province, letters=1).begin()
    async with crew.under_load() as load:
        for _ in range(times):
            await load.reach(30)
            before = load.seen["503"]
            await province.ground.hold("postgres", abruptly=True)
            await wait_until(partial(_came_back, load, "503", before), what="an answer that asks to come again")
            await province.ground.release("postgres")
        await load.reach(40)
    assert load.seen["retry-after"] == load.seen["503"]
    assert all(child.alive for child in (crew.api, crew.relay, crew.readers))
    await census.agree(province, load.promised)


def _came_back(load: Load, answer: str, before: int) -> bool:
    return load.seen[answer] > before


_LEADER = """SELECT l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND a.application_name = 'intake-relay' AND a.datname = current_database()"""


@pytest.mark.parametrize("cuts", [3, pytest.param(20, marks=FULL)])
async def test_when_the_leading_relay_is_cut_off_another_leads_and_no_order_is_lost(
    province: Province, cuts: int
) -> None:
    crew = await Crew(province).begin()
    second = await province.start("intake", parts="relay").serving()
    led: list[int] = []
    async with crew.under_load() as load, province.database("intake") as db:
        for _ in range(cuts):
            await load.reach(20)
            leader = await wait_until(lambda: db.fetchval(_LEADER), what="a relay that leads")
            led.append(leader)
            await db.execute("SELECT pg_terminate_backend($1)", leader)
        await load.reach(20)
        first, other = await _by_lead(crew.relay, second)
        first.kill()
        await load.reach(20)
    assert len(set(led)) == cuts
    await census.agree(province, load.promised)
    assert (await _lead(other))["leading"]


async def _lead(relay: Child) -> dict[str, Any]:
    found: dict[str, Any] = (await relay.readyz())["checks"]["intake"]["relay"]
    return found


async def _by_lead(one: Child, two: Child) -> tuple[Child, Child]:
    """The leading relay first; there is exactly one once the last cut is overcome."""

    async def exactly_one() -> tuple[Child, Child] | None:
        leads = [(await _lead(relay))["leading"] for relay in (one, two)]
        return None if leads[0] == leads[1] else (one, two) if leads[0] else (two, one)

    found = await wait_until(exactly_one, what="exactly one relay that leads")
    assert found is not None
    return found
