"""F09 and F10: records come twice, in the wrong order, or late."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from deploy.tests.faults import census
from deploy.tests.faults.crew import Crew
from deploy.tests.faults.operator import CONSUMERS, kept
from deploy.tests.province import Province
from shared.contracts.intake import DOSSIERS
from shared.testing.clients import local_client
from shared.testing.kafka import read_all, send
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

FULL = (pytest.mark.full, pytest.mark.timeout(1200))
COPY = ("x-copy", b"1")


async def _copy_new(province: Province, copied: set[tuple[int, int]]) -> None:
    """Deliver once more whatever was not copied yet."""
    new = [
        record
        for record in await read_all(province.bootstrap, province.prefix + DOSSIERS)
        if COPY not in record.headers and (record.partition, record.offset) not in copied
    ]
    copied |= {(record.partition, record.offset) for record in new}
    await send(province.bootstrap, [(r.topic, r.key, r.value, [*r.headers, COPY]) for r in new])


async def _consumed(crew: Crew, what: str) -> dict[str, int]:
    """How many records the consumers of dossiers have counted as this."""
    checks = (await crew.readers.readyz())["checks"]
    return {name: checks[name]["consumers"][listener.name].get(what, 0) for name, listener in CONSUMERS.items()}


@pytest.mark.parametrize("facts", [120, pytest.param(3000, marks=FULL)])
async def test_records_that_all_come_twice_are_counted_and_ignored(province: Province, facts: int) -> None:
    crew, copied = await Crew(province).begin(), set[tuple[int, int]]()
    async with crew.under_load() as load:
        for _ in range(3):
            await load.reach(facts // 3)
            await _copy_new(province, copied)
    await census.drained(province, load.promised)
    await _copy_new(province, copied)
    assert len(copied) == load.promised.total

    async def all_ignored() -> bool:
        return all(number == len(copied) for number in (await _consumed(crew, "duplicate")).values())

    await wait_until(all_ignored, what=f"{len(copied)} duplicates counted by each consumer")
    topic = await census.agree(province, load.promised)
    assert topic.doubled == len(copied)


Fact = tuple[str, bytes, bytes, list[tuple[str, bytes]]]


async def _facts(province: Province) -> list[Fact]:
    """Intake's kept facts as records, in the order they were stated."""
    async with province.database("intake") as db:
        rows = await db.fetch("SELECT key, envelope FROM fact WHERE topic = $1 ORDER BY aggregate, sequence", DOSSIERS)
    return [(province.prefix + DOSSIERS, row["key"].encode(), row["envelope"], []) for row in rows]


def _apart(facts: Sequence[Fact], dice: random.Random) -> tuple[list[Fact], list[Fact]]:
    """What comes at first, shuffled, and one fact of every third dossier, which comes late."""
    keys = sorted({fact[1] for fact in facts})
    of_key = {key: [fact for fact in facts if fact[1] == key] for key in keys}
    late = [dice.choice(of_key[key][:-1]) for key in keys[::3] if len(of_key[key]) > 1]
    soon = [fact for fact in facts if fact not in late]
    dice.shuffle(soon)
    return soon, late


async def _metric(crew: Crew, name: str, labels: str) -> float:
    async with local_client() as client:
        text = (await client.get(f"{crew.readers.url}/metrics")).text
    found = [line for line in text.splitlines() if line.startswith(name) and labels in line]
    return float(found[0].rpartition(" ")[2]) if found else 0


@pytest.mark.parametrize("facts", [150, pytest.param(3000, marks=FULL)])
async def test_reordered_facts_are_held_until_the_gap_fills_and_then_applied_in_order(
    province: Province, facts: int
) -> None:
    crew = Crew(province)
    crew.start_api()
    crew.start_readers()
    await crew.readers.ready()
    async with crew.under_load() as load:
        await load.reach(facts)
    soon, late = _apart(await _facts(province), random.Random(10))  # noqa: S311 - repeatable
    await send(province.bootstrap, soon)
    await _held(province, crew, late)
    await send(province.bootstrap, late)
    for service in CONSUMERS:
        await wait_until(partial(_nothing_kept, province, service), what=f"gaps of {service} filled")
    crew.start_relay()  # the outbox still holds everything: it comes once more, as duplicates
    await census.agree(province, load.promised, turned=True)


async def _nothing_kept(province: Province, service: str) -> bool:
    return not await kept(province, service)


async def _held(province: Province, crew: Crew, late: Sequence[Fact]) -> None:
    """Every late fact leaves a gap that is seen in the table and in the metric an alert reads."""
    gaps = {fact[1].decode() for fact in late}

    async def seen() -> Any:
        found = [{str(key) for key, _, reason in await kept(province, name) if reason == "gap"} for name in CONSUMERS]
        return all(keys == gaps for keys in found)

    await wait_until(seen, what=f"{len(gaps)} gaps in each service")
    for service, listener in CONSUMERS.items():
        labels = f'consumer="{listener.name}"'
        await wait_until(
            partial(_metric, crew, "gandan_parked_oldest_seconds{", labels), what=f"the age of {service}'s"
        )
        assert await _metric(crew, "gandan_parked_records{", f'{labels},reason="gap"') > 0
