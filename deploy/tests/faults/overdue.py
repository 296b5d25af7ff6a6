"""Dossiers nobody works on, so that the clock has something to announce; and what it announced, as intake keeps it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from deploy.tests.faults.census import Promises, short
from deploy.tests.faults.load import Load
from deploy.tests.province import PROCEDURE, Province
from shared.testing.processes import Child
from shared.testing.waiting import wait_until

STAGES = ("deadline-warned", "deadline-breached")

_ANNOUNCED = "SELECT type, aggregate FROM fact WHERE type LIKE 'vn.gandan.deadline-%'"
_EARLY = "SELECT count(*) FROM fact WHERE type LIKE 'vn.gandan.deadline-%' AND recorded_at < occurred_at"
_BREACH = "SELECT max(breach_at) FROM deadline WHERE aggregate = ANY($1)"


async def left_alone(load: Load, number: int) -> list[UUID]:
    """File so many dossiers at the counter and do nothing with them; each citizen has an e-mail address of their own."""
    client = load.clients[0]
    needed = (await client.get(f"/intake/v1/procedures/{PROCEDURE}")).json()["components"]
    papers = [component["name"] for component in needed if component["required"]]
    submitters = [
        {"name": "Lê Văn Chờ", "identity_no": f"0441{n:08d}", "email": f"cho{n}@thu-nghiem.example"}
        for n in range(number)
    ]
    return [await load.live(client, "direct", (), papers, submitter=submitter) for submitter in submitters]


async def breach_of(province: Province, dossiers: Sequence[UUID]) -> datetime:
    """When the last of them is late."""
    async with province.database("intake") as db:
        found: datetime = await db.fetchval(_BREACH, dossiers)
    return found


async def announced(province: Province) -> Counter[tuple[str, UUID]]:
    """How often each stage of each dossier was announced."""
    async with province.database("intake") as db:
        return Counter((short(row["type"]), row["aggregate"]) for row in await db.fetch(_ANNOUNCED))


async def announced_early(province: Province) -> int:
    """How many were announced before their time, by the clock of whoever announced."""
    async with province.database("intake") as db:
        found: int = await db.fetchval(_EARLY)
    return found


async def all_announced(province: Province, dossiers: Sequence[UUID]) -> None:
    """Wait until every stage of every one of them was announced."""

    async def done() -> bool:
        found = await announced(province)
        return all(found[stage, dossier] for dossier in dossiers for stage in STAGES)

    await wait_until(done, seconds=60, what=f"the stages of {len(dossiers)} dossiers")


def owed_by_clock(promised: Promises, dossiers: Sequence[UUID]) -> None:
    """What the clock has stated belongs to what is owed from now on."""
    for dossier in dossiers:
        promised.facts[dossier] += STAGES


async def swept(*sweepers: Child) -> None:
    """Wait until each has looked at least once, beginning after now."""
    began = time.monotonic()

    async def looked(sweeper: Child) -> bool:
        ago = (await sweeper.readyz())["checks"]["intake"]["timers"]["intake.deadlines"]["seconds_ago"]
        return ago is not None and ago + 1 < time.monotonic() - began  # a tick takes less, and the figure is rounded

    for sweeper in sweepers:
        await wait_until(partial(looked, sweeper), what="a sweep")
