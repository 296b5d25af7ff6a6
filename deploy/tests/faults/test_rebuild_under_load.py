"""Read models are built anew beside live traffic: equal byte for byte, never empty to a reader, and live goes on."""

from __future__ import annotations

import asyncio
from uuid import UUID

import httpx
import pytest
from opentelemetry.metrics import NoOpMeter

from deploy.tests.faults import census
from deploy.tests.faults.crew import Crew
from deploy.tests.province import Province
from services.reporting.consumers.rebuild import Rebuilt, Sources, rebuild
from shared.telemetry.metrics import Metrics
from shared.testing.clients import local_client
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]


async def _rebuild(province: Province) -> Rebuilt:
    async with province.works("reporting") as works:
        metrics = Metrics(NoOpMeter("test"))
        return await rebuild(Sources(works, province.url("reporting"), province.bootstrap, metrics, province.prefix))


async def _read_always(crew: Crew, province: Province, known: UUID, stop: asyncio.Event) -> int:
    """Ask for a line and for a list until told to stop; each answer must hold what was there before."""
    headers, times = {"authorization": f"Bearer {province.officer()}"}, 0
    async with local_client() as client:
        while not stop.is_set():
            line = await client.get(f"{crew.readers.url}/reporting/v1/dossiers/{known}", headers=headers)
            page = await client.get(f"{crew.readers.url}/reporting/v1/dossiers?limit=5", headers=headers)
            assert line.status_code == httpx.codes.OK, line.text
            assert page.json()["items"], "a reader saw an empty list"
            times += 1
            await asyncio.sleep(0.02)
    return times


@pytest.mark.parametrize("facts", [100, pytest.param(5000, marks=(pytest.mark.full, pytest.mark.timeout(1200)))])
async def test_a_rebuild_beside_traffic_equals_the_live_model_and_readers_never_see_it_empty(
    province: Province, facts: int
) -> None:
    crew, stop = await Crew(province).begin(), asyncio.Event()
    async with crew.under_load() as load:
        await load.reach(facts)
        known = next(iter(load.promised.facts))
        async with province.database("reporting") as db:
            await wait_until(
                lambda: db.fetchval("SELECT count(*) FROM dossier_line_1 WHERE id = $1", known), what="a line"
            )
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(_read_always(crew, province, known, stop))
            made = [await _rebuild(province) for _ in range(2)]
            await load.reach(20)
            stop.set()
        assert reading.result() > 0
    assert [(one.version, one.swapped, list(one.differences)) for one in made] == [(2, True, []), (3, True, [])]
    await census.agree(province, load.promised)
