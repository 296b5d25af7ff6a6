"""Dossiers are filed while the main process of every container is killed from the host, one after the other."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from deploy.tests.containers.engine import CONTAINERS, Composed, told
from deploy.tests.counter import PAPERS
from deploy.tests.faults.load import filing
from deploy.tests.province import UNIT
from shared.testing.clients import PatientClient
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1500)]

PERSON = "044085001234"
PACE_SECONDS = 0.2
"""Between two filings of one officer."""


@asynccontextmanager
async def officers(installation: Composed, filed: list[str]) -> AsyncIterator[None]:
    """Two officers file dossiers while the block runs; each is one that was accepted."""
    token, stop = installation.token("clerk", units=[UNIT]), asyncio.Event()

    async def work(client: PatientClient) -> None:
        while not stop.is_set():
            filed.append((await client.command("/intake/v1/dossiers", filing("direct", PAPERS)))["id"])
            await asyncio.sleep(PACE_SECONDS)

    async with AsyncExitStack() as leaving, asyncio.TaskGroup() as group:
        for _ in range(2):
            client = PatientClient(lambda: installation.url("intake"), token, patience=180)
            leaving.push_async_callback(client.close)
            group.create_task(work(client))
        try:
            yield
        finally:
            stop.set()


async def lines(reader: PatientClient, filed: list[str]) -> set[str]:
    """Those of the filed that reporting shows."""
    return {id_ for id_ in filed if (await reader.get(f"/reporting/v1/dossiers/{id_}")).status_code == 200}


async def told_of(citizen: PatientClient, id_: str) -> Counter[str]:
    """What the citizen was told of a dossier."""
    answer = await citizen.get(f"/notifications/v1/me/inbox?aggregate={id_}&limit=100")
    return Counter(item["code"] for item in answer.json()["items"])


async def test_a_container_whose_main_process_is_killed_comes_back_and_nothing_is_lost_or_doubled(
    installation: Composed, capsys: pytest.CaptureFixture[str]
) -> None:
    filed: list[str] = []
    async with officers(installation, filed):
        for service in CONTAINERS:
            await installation.kill(service)
    reader = PatientClient(lambda: installation.url("reporting"), installation.token("clerk", units=[UNIT]))
    citizen = PatientClient(lambda: installation.url("notifications"), installation.token("citizen", person=PERSON))

    async def all_shown() -> bool:
        return await lines(reader, filed) == set(filed)

    async def all_told() -> bool:
        return all([await told_of(citizen, id_) for id_ in filed])

    await wait_until(all_shown, seconds=120, every=1, what=f"{len(filed)} dossiers in reporting")
    await wait_until(all_told, seconds=120, every=1, what=f"notices of {len(filed)} dossiers")
    assert len(set(filed)) == len(filed) > len(CONTAINERS)
    assert {count for id_ in filed for count in (await told_of(citizen, id_)).values()} == {1}
    await installation.compose("run", "--rm", "tools", "verify")
    await reader.close()
    await citizen.close()
    ids = (await installation.compose("ps", "--quiet")).split()
    memory = await told("docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", *ids)
    with capsys.disabled():
        sys.stderr.write(f"\n{len(filed)} dossiers filed meanwhile\n{memory}")
