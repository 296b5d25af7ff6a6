"""`ingest`: events of source systems at the Kafka door, from the topic to the committed offset, beside the same effects from memory."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import asyncpg

from deploy.bench import telling
from deploy.bench.bench import Bench, Databases, one
from deploy.bench.children import Child
from deploy.bench.cpu import Meter
from deploy.bench.result import Result, paired
from shared.moments import system_clock
from shared.web.devissuer import mint

GOAL = "≥ 0.5; HTTP p95 < 50 ms at 100/s"
RATE, LATEST = 100, 50
_LOOK = 0.01
_PATIENCE = 600
_PLACE = "SELECT coalesce(sum(next), 0) FROM offsets WHERE consumer = 'intake.sources'"
_ENDS = "SELECT count(*) FILTER (WHERE status = 'accepted') FROM source_event"
_FACTS = "SELECT count(*) FROM fact WHERE type NOT LIKE '%unit%' AND type NOT LIKE '%procedure%'"


@dataclass(frozen=True, slots=True)
class Round:
    """One round: events a second of the product, of its limit, and of its rows by COPY."""

    rate: float
    limit: float
    floor: float
    spent: dict[str, float]
    """CPU in us an event, by process."""
    lean: float
    """The same of the limit with PostgreSQL."""
    facts: float
    """Facts an event."""


async def measure(bench: Bench) -> Result:
    """Rounds, each into an empty database: a new process reads the same topics, then the yardsticks write as much."""
    rounds: list[Round] = []
    async with bench.topics(more=telling.topics_of_all()) as prefix:
        bench.tell("ingest: events into the topics")
        teller = telling.Teller(bench.settings.load_keys().contact_public, system_clock(), "10")
        events = await teller.tell(bench.bootstrap, prefix, bench.scale.ingest_events)
        async with (
            bench.child("limits.follower", str(bench.product_home)) as follower,
            bench.child("limits.rows", bench.bootstrap) as rows,
        ):
            for turn in range(bench.scale.rounds):
                bench.tell(f"ingest: round {turn + 1} of {bench.scale.rounds}")
                rounds.append(await _round(bench, follower, rows, prefix, events))
        bench.tell("ingest: the HTTP door")
        seen = await _http(bench, prefix)
    return _result(rounds, seen)


async def _round(bench: Bench, follower: Child, rows: Child, prefix: str, events: int) -> Round:
    postgres = bench.servers()["postgres"]
    async with bench.databases("intake") as databases:
        rate, spent, facts = await _consume(bench, databases, prefix, events)
        async with bench.databases("intake") as empty:
            limit = await follower.ask({"url": empty.url("intake"), "events": events, "postgres": postgres})
        async with bench.databases("intake") as empty:
            floor = await rows.ask({
                "of": databases.url("intake"), "into": empty.url("intake"), "topics": [f"{prefix}sources.{name}" for name in telling.names()],
                "postgres": postgres, "rows": events,
            })  # fmt: skip
    lean = limit["cpu"] / limit["events"] * 1e6
    return Round(rate, limit["events"] / limit["seconds"], floor["rows"] / floor["seconds"], spent, lean, facts)


async def _consume(
    bench: Bench, databases: Databases, prefix: str, events: int
) -> tuple[float, dict[str, float], float]:
    """Events a second between the first committed batch seen and the last; CPU in us an event; facts an event."""
    await _register(databases)
    connection = await asyncpg.connect(databases.url("intake"))
    try:
        async with bench.product(["intake"], databases, parts="consumers", prefix=prefix) as product:
            meter = Meter({"process": product.pid, **bench.servers()})
            first = await _place(connection, 1)
            meter.start()
            began = time.perf_counter()
            await _place(connection, events)
            taken, rest, cpu = time.perf_counter() - began, events - first, meter.stop()
        assert await connection.fetchval(_ENDS) == events, "not every event was accepted"
        facts = await connection.fetchval(_FACTS)
    finally:
        await connection.close()
    return rest / taken, {name: each / rest * 1e6 for name, each in cpu.items()}, facts / events


async def _register(databases: Databases) -> None:
    connection = await asyncpg.connect(databases.url("intake"))
    try:
        await connection.executemany(
            telling.REGISTER, [(name, telling.mandates(n), system_clock()) for n, name in enumerate(telling.names())]
        )
    finally:
        await connection.close()


async def _place(connection: Any, least: int) -> int:
    """Wait until the door has committed so many records; returns how many."""
    until = time.monotonic() + _PATIENCE
    while (seen := int(await connection.fetchval(_PLACE))) < least:
        assert time.monotonic() < until, f"{seen} of {least} records after {_PATIENCE} s"
        await asyncio.sleep(_LOOK)
    return seen


async def _http(bench: Bench, prefix: str) -> dict[str, Any]:
    """Latencies at the HTTP door, single events, 100 a second over 8 connections."""
    async with bench.databases("intake") as databases:
        await _register(databases)
        async with (
            bench.product(["intake"], databases, parts="api", prefix=prefix) as product,
            bench.child("load") as generator,
        ):
            tokens = [mint(bench.settings, "publisher", subject=name, ttl=86_400) for name in telling.names()]
            plan = {
                "script": "tell", "port": product.port, "citizens": tokens, "connections": 8, "rate": RATE, "warm": bench.scale.warm,
                "seconds": bench.scale.seconds * 2, "home": str(bench.product_home),
            }  # fmt: skip
            seen: dict[str, Any] = await generator.ask(plan)
            assert not seen["wrong"], seen["wrong"]
            accepted = await one(databases.url("intake"), _ENDS)
            assert accepted == seen["answered"], f"{accepted} accepted of {seen['answered']} answered"
            return seen


def _result(rounds: list[Round], seen: dict[str, Any]) -> Result:
    rates, limits, floors = ([getattr(each, name) for each in rounds] for name in ("rate", "limit", "floor"))
    ratio, last = paired(rates, limits), rounds[-1]
    notes = [
        f"{median(rates) * last.facts:,.0f} facts/s, {last.facts:.2f} an event; {telling.SOURCES} sources, every fourth event with a sealed contact",
        f"{paired(rates, floors):.2f} of its bare rows by COPY ({median(floors):,.0f}/s)",
        "CPU an event: " + ", ".join(f"{name} {each:.0f} us" for name, each in last.spent.items()) + f"; limit with PostgreSQL {last.lean:.0f} us",
        f"HTTP door at {RATE}/s: p50 {seen['p50']:.1f} ms, p95 {seen['p95']:.1f} ms, p99 {seen['p99']:.1f} ms",
    ]  # fmt: skip
    return Result(
        "ingest", median(rates), "events/s", GOAL, ok=ratio >= 0.5 and seen["p95"] < LATEST, limit=median(limits), ratio=ratio, notes=notes,
        details={"rounds": [asdict(each) for each in rounds], "http": seen},
    )  # fmt: skip
