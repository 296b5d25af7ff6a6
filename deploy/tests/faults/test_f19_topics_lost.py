"""F19: Kafka's volume is destroyed; the kept facts fill a new, empty broker, and nobody is told anything twice."""

from __future__ import annotations

import pytest

from deploy.tests.faults import census
from deploy.tests.faults.crew import Crew
from deploy.tests.faults.operator import refill
from deploy.tests.province import Province

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]


@pytest.mark.parametrize("facts", [60, pytest.param(2000, marks=(pytest.mark.full, pytest.mark.timeout(1200)))])
async def test_an_empty_broker_is_refilled_with_the_same_facts_and_read_models_stay_equal(
    province: Province, facts: int
) -> None:
    crew = await Crew(province).begin()
    async with crew.under_load() as load:
        await load.reach(facts)
    before = await census.agree(province, load.promised)
    models = await _read_models(province)
    await province.ground.lose_topics()
    await refill(province)
    await crew.readers.ready()
    after = await census.agree(province, load.promised, turned=True)
    assert after.ids == before.ids
    assert await _read_models(province) == models
    more = crew.load()
    more.promised = load.promised
    async with more.running():
        await more.reach(30)
    await census.agree(province, more.promised)


async def _read_models(province: Province) -> dict[str, str]:
    """A digest of every row of the read model."""
    async with province.database("reporting") as db:
        return {
            table: await db.fetchval(f"SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {table}_1 t")
            for table in ("dossier_line", "timeline", "unit_day", "unit_line", "procedure_line")
        }
