"""`project`: reporting's consumer, from the topic to the committed offset, beside the same effects from memory."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from statistics import median
from typing import Any

import asyncpg

from deploy.bench import peers
from deploy.bench.bench import Bench
from deploy.bench.children import Child
from deploy.bench.cpu import Meter
from deploy.bench.result import Result, paired

GOAL = "≥ 0.75"
_LOOK = 0.01
_PATIENCE = 600
_PLACE = "SELECT coalesce(sum(next), 0) FROM offsets WHERE consumer = 'reporting.live' AND topic = $1"


async def measure(bench: Bench) -> Result:
    """Rounds, each into an empty database: a new process reads the same topic, then the yardstick writes as much."""
    rates: list[float] = []
    limits: list[float] = []
    spent: dict[str, float] = {}
    lean = 0.0
    facts = bench.scale.project_facts
    async with bench.topics() as prefix:
        async with bench.child("limits.sender", bench.bootstrap, str(bench.product_home), prefix) as sender:
            bench.tell(f"project: {facts:,} facts into the topic")
            await sender.ask({"rows": facts})
        async with bench.child("limits.projector", str(bench.product_home)) as projector:
            for turn in range(bench.scale.rounds):
                bench.tell(f"project: round {turn + 1} of {bench.scale.rounds}")
                rate, spent = await _consume(bench, prefix, facts)
                rates.append(rate)
                rate, lean = await _limit(bench, projector, facts)
                limits.append(rate)
        peer = await peers.beside(peers.SUBSCRIBER, partial(_peer, bench, prefix))
    return _result(rates, limits, spent, lean, peer)


async def _consume(bench: Bench, prefix: str, facts: int) -> tuple[float, dict[str, float]]:
    """Facts a second between the first committed batch seen and the last; CPU in us a fact over the same time."""
    async with bench.databases("reporting") as databases:
        connection = await asyncpg.connect(databases.url("reporting"))
        try:
            async with bench.product(["reporting"], databases, parts="consumers", prefix=prefix) as product:
                return await _follow(
                    connection, prefix + "intake.dossiers", facts, Meter({"process": product.pid, **bench.servers()})
                )
        finally:
            await connection.close()


async def _follow(connection: Any, topic: str, facts: int, meter: Meter) -> tuple[float, dict[str, float]]:
    first = await _place(connection, topic, 1)
    meter.start()
    began = time.perf_counter()
    await _place(connection, topic, facts)
    taken, rest = time.perf_counter() - began, facts - first
    return rest / taken, {name: each / rest * 1e6 for name, each in meter.stop().items()}


async def _place(connection: Any, topic: str, least: int) -> int:
    """Wait until the consumer has committed so many records; returns how many."""
    until = time.monotonic() + _PATIENCE
    while (seen := int(await connection.fetchval(_PLACE, topic))) < least:
        assert time.monotonic() < until, f"{seen} of {least} records after {_PATIENCE} s"
        await asyncio.sleep(_LOOK)
    return seen


async def _limit(bench: Bench, projector: Child, facts: int) -> tuple[float, float]:
    """Facts a second of the yardstick, and its CPU in us a fact with PostgreSQL's."""
    async with bench.databases("reporting") as databases:
        told = await projector.ask(
            {"url": databases.url("reporting"), "facts": facts, "postgres": bench.servers()["postgres"]}
        )
    return told["facts"] / told["seconds"], told["cpu"] / told["facts"] * 1e6


async def _peer(bench: Bench, prefix: str) -> float:
    """Events a second of a FastStream subscriber with one SQLModel transaction each."""
    bench.tell("project: peer, one SQLModel transaction per event")
    async with (
        bench.databases("reporting") as databases,
        bench.child(peers.SUBSCRIBER, databases.url("reporting"), bench.bootstrap, prefix) as child,
    ):
        told = await child.ask({"facts": bench.scale.project_peer_facts})
    return float(told["facts"] / told["seconds"])


def _result(
    rates: list[float], limits: list[float], spent: dict[str, float], lean: float, peer: float | None
) -> Result:
    ratio = paired(rates, limits)
    notes = [
        "CPU a fact: "
        + ", ".join(f"{name} {each:.0f} us" for name, each in spent.items())
        + f"; limit with PostgreSQL {lean:.0f} us",
        peers.missing(peers.SUBSCRIBER)
        if peer is None
        else f"{median(rates) / peer:.0f} x peer, one SQLModel transaction per event ({peer:,.0f}/s)",
    ]
    return Result(
        "project", median(rates), "facts/s", GOAL, ok=ratio >= 0.75, limit=median(limits), ratio=ratio, notes=notes,
        details={"rounds": rates, "limit_rounds": limits, "peer": peer, "cpu_us": spent, "limit_cpu_us": lean},
    )  # fmt: skip
