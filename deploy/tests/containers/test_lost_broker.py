"""Kafka's volume is destroyed: an empty broker is another cluster, and the kept facts fill it again."""

from __future__ import annotations

from collections import Counter

import pytest

from deploy.tests.containers.engine import Composed, told
from deploy.tests.counter import PAPERS
from deploy.tests.faults.load import filing
from deploy.tests.province import UNIT
from shared.testing.clients import PatientClient
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1500)]

PERSON = "044085001235"
_CLUSTER = "import asyncio; from shared.bus.topics import cluster_id; print(asyncio.run(cluster_id('kafka:9092')))"


async def cluster(installation: Composed) -> str:
    """The id of the cluster as our own client reads it."""
    return (await installation.compose("exec", "-T", "intake", "python", "-c", _CLUSTER)).strip()


async def lose_kafka(installation: Composed) -> None:
    """Remove the container with its volume, then bring everything up as an operator would."""
    await installation.compose("rm", "--stop", "--force", "kafka")
    await told("docker", "volume", "rm", f"{installation.project}_kafka")
    await installation.compose("up", "--detach", "--wait")


async def test_a_broker_whose_volume_was_lost_is_another_cluster_and_is_filled_again(installation: Composed) -> None:
    clerk = PatientClient(lambda: installation.url("intake"), installation.token("clerk", units=[UNIT]), patience=180)
    citizen = PatientClient(lambda: installation.url("notifications"), installation.token("citizen", person=PERSON))
    submitter = {"name": "Trần Văn Thử", "identity_no": PERSON, "phone": "0912 345 679"}

    async def file() -> str:
        body = filing("direct", PAPERS, submitter=submitter)
        return str((await clerk.command("/intake/v1/dossiers", body))["id"])

    async def told_of(*ids: str) -> bool:
        items = (await citizen.get("/notifications/v1/me/inbox?limit=100")).json()["items"]
        found = Counter((item["aggregate"], item["code"]) for item in items)
        assert set(found.values()) <= {1}
        return {aggregate for aggregate, _ in found} == set(ids)

    before, first = await cluster(installation), await file()
    await wait_until(lambda: told_of(first), seconds=60, every=0.5, what="the first notice")
    await lose_kafka(installation)
    assert await cluster(installation) != before
    await installation.compose("run", "--rm", "tools", "topics", "refill", "--yes")
    second = await file()
    await wait_until(lambda: told_of(first, second), seconds=120, every=0.5, what="each notice once")
    await clerk.close()
    await citizen.close()
