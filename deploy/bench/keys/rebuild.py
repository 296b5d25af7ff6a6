"""`rebuild`: a new read model from every fact while live traffic runs; its rate, and what live notices of it."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from deploy.bench.bench import Bench
from deploy.bench.keys.visible import Prober
from deploy.bench.result import Result, percentile

GOAL = "≥ 8 k facts/s, live p95 ≤ 2x"
_SERVICES = ("intake", "reporting")
_ALL = "api,relay,consumers,timers"
_SECONDS_BEFORE = 5


async def measure(bench: Bench) -> Result:
    """Fill the topic, let live project it, then rebuild beside 20 filings a second; topics without a prefix, as rebuild reads them."""
    facts = bench.scale.rebuild_facts
    async with bench.topics("") as prefix, bench.databases(*_SERVICES) as databases:
        async with bench.child("limits.sender", bench.bootstrap, str(bench.product_home), prefix) as sender:
            bench.tell(f"rebuild: {facts:,} facts into the topic")
            await sender.ask({"rows": facts})
        url = databases.url("reporting")
        async with bench.product(_SERVICES, databases, parts=_ALL, prefix=prefix) as product:
            bench.tell("rebuild: live projects them")
            await _projected(url, facts)
            prober = await Prober.open(bench, product, url)
            try:
                return await _measure(bench, prober, url)
            finally:
                await prober.close()


async def _measure(bench: Bench, prober: Prober, url: str) -> Result:
    bench.tell("rebuild: live alone")
    await prober.probe(20)
    before = await prober.probe(_SECONDS_BEFORE * 20)
    bench.tell("rebuild: beside live traffic")
    async with bench.child("limits.rebuilder", url, bench.bootstrap, str(bench.product_home)) as rebuilder:
        work = asyncio.create_task(rebuilder.ask({}))
        during: list[float] = []
        while not work.done():
            during += await prober.probe(20)
        made = await work
    return _result(made, before, during, await _same(url, made["version"]))


async def _projected(url: str, facts: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        while await connection.fetchval("SELECT count(*) FROM timeline_1") < facts:  # noqa: ASYNC110 - another process writes
            await asyncio.sleep(0.3)
    finally:
        await connection.close()


async def _same(url: str, version: int) -> bool:
    """Whether the version just made is the one that is read now."""
    connection = await asyncpg.connect(url)
    try:
        return bool(await connection.fetchval("SELECT version FROM projection_active") == version)
    finally:
        await connection.close()


def _result(made: dict[str, Any], before: list[float], during: list[float], swapped: bool) -> Result:  # noqa: FBT001 - an outcome
    rate = made["records"] / made["seconds"]
    alone, beside = percentile(before, 0.95), percentile(during, 0.95)
    notes = [
        f"{made['records']:,} facts in {made['seconds']:.1f} s, equal byte for byte and swapped in: {'yes' if swapped else 'no'}",
        f"live p95 {alone:.0f} ms alone, {beside:.0f} ms beside the rebuild ({beside / alone:.1f}x); live paused {made['paused']:.2f} s for the swap",
    ]
    return Result(
        "rebuild", rate, "facts/s", GOAL, ok=rate >= 8000 and beside <= 2 * alone and swapped, notes=notes,
        details={**made, "live_p95": alone, "live_p95_beside": beside, "filings_beside": len(during)},
    )  # fmt: skip
