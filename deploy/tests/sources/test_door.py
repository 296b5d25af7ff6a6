"""The Kafka door as an operator sees it: one consumer, however many readers it has."""

from __future__ import annotations

import pytest

from deploy.tests.sources.district import District
from shared.bus.topics import of_source
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]


async def test_readiness_counts_the_partitions_of_both_readers(district: District) -> None:
    async with district.province.database("intake") as db:
        sources = await db.fetchval("SELECT count(*) FROM source")

    each = of_source("any")[0].partitions

    async def partitions() -> int:
        found = (await district.child.readyz())["checks"]["intake"]["consumers"]["intake.sources"]
        assert found["error"] is None
        return int(found["partitions"])

    async def all_read() -> bool:
        return bool(await partitions() == sources * each)

    await wait_until(all_read, seconds=60, what="all partitions in the sum")
