"""`relay`: outbox to Kafka by the product's own relay, beside an aiokafka send loop over the same records in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

import asyncpg

from deploy.bench import peers, seeding
from deploy.bench.bench import Bench
from deploy.bench.children import Child
from deploy.bench.cpu import Meter
from deploy.bench.lives import PER_LIFE, fact_rows
from deploy.bench.result import Result, paired

GOAL = "≥ 0.7"
FACT = (
    "id", "aggregate", "sequence", "type", "topic", "key", "source", "occurred_at", "recorded_at", "actor", "traceparent", "envelope",
    "previous", "hash",
)  # fmt: skip
_LOOK = 0.01
_PATIENCE = 300


async def measure(bench: Bench) -> Result:
    """Rounds: the relay drains an outbox filled in one commit, then the send loop sends as many."""
    rates: list[float] = []
    limits: list[float] = []
    spent: dict[str, float] = {}
    async with bench.topics() as prefix, bench.databases("intake") as databases:
        url = databases.url("intake")
        async with (
            bench.product(["intake"], databases, parts="relay", prefix=prefix) as product,
            bench.child("limits.sender", bench.bootstrap, str(bench.product_home), prefix) as sender,
        ):
            await _drained(url)  # what the seeds stated
            await _drain(bench, url, bench.scale.relay_rows // 10)
            await _send(sender, bench.scale.relay_rows // 10)
            for turn in range(bench.scale.rounds):
                bench.tell(f"relay: round {turn + 1} of {bench.scale.rounds}")
                meter = Meter({"relay": product.pid, "postgres": bench.servers()["postgres"]})
                rates.append(await _drain(bench, url, bench.scale.relay_rows, meter))
                spent = {name: each / bench.scale.relay_rows * 1e6 for name, each in meter.stop().items()}
                rate, spent["send loop"] = await _send(sender, bench.scale.relay_rows)
                limits.append(rate)
    return _result(rates, limits, spent, await peers.beside(peers.OUTBOX, partial(_peer, bench)))


async def _drain(bench: Bench, url: str, number: int, meter: Meter | None = None) -> float:
    """Rows a second of an outbox filled in one commit."""
    connection = await asyncpg.connect(url)
    rows = [row for life in fact_rows(bench.settings.load_keys(), number // PER_LIFE) for row in life]
    try:
        async with connection.transaction():
            await seeding.copy(connection, "fact", FACT, iter(rows))
            await seeding.copy(connection, "outbox", ("fact",), _pointers(rows))
            await connection.execute("ANALYZE fact, outbox")  # as autovacuum does beside a steady stream
            first = await connection.fetchval("SELECT min(position) FROM outbox")
        return await _follow(connection, first, len(rows), meter)
    finally:
        await connection.close()


async def _follow(connection: Any, first: int, rows: int, meter: Meter | None) -> float:
    """Rows a second between the first confirmed batch seen and the last: how long it slept before does not count."""
    end = first + rows
    await _gone(connection, first)
    seen: int = await connection.fetchval("SELECT min(position) FROM outbox") or end
    if meter is not None:
        meter.start()
    began = time.perf_counter()
    await _gone(connection, end - 1)
    taken = time.perf_counter() - began
    assert seen < end, "the outbox was empty before it was looked at"
    return (end - seen) / taken


async def _gone(connection: Any, position: int) -> None:
    """Wait until this row is confirmed and deleted, as are all before it; one look is one step into an index."""
    until = time.monotonic() + _PATIENCE
    while await connection.fetchval("SELECT EXISTS (SELECT FROM outbox WHERE position = $1)", position):
        assert time.monotonic() < until, f"row {position} is still in the outbox after {_PATIENCE} s"
        await asyncio.sleep(_LOOK)


def _pointers(rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    return ((row[0],) for row in rows)


async def _drained(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await _empty(connection)
    finally:
        await connection.close()


async def _empty(connection: Any) -> None:
    until = time.monotonic() + _PATIENCE
    while await connection.fetchval("SELECT EXISTS (SELECT FROM outbox)"):
        assert time.monotonic() < until, f"the outbox is not empty after {_PATIENCE} s"
        await asyncio.sleep(_LOOK)


async def _send(sender: Child, rows: int) -> tuple[float, float]:
    """Rows a second of the send loop, and its CPU in us a row."""
    told = await sender.ask({"rows": rows})
    return told["rows"] / told["seconds"], told["cpu"] / told["rows"] * 1e6


async def _peer(bench: Bench) -> float:
    """Rows a second of faststream-outbox, on a table and topics of its own."""
    bench.tell("relay: peer faststream-outbox")
    async with bench.topics() as prefix, bench.databases("intake") as databases:
        arguments = (databases.url("intake"), bench.bootstrap, str(bench.product_home), prefix)
        async with bench.child(peers.OUTBOX, *arguments) as child:
            told = await child.ask({"rows": bench.scale.relay_peer_rows})
    return float(told["rows"] / told["seconds"])


def _result(rates: list[float], limits: list[float], spent: dict[str, float], peer: float | None) -> Result:
    ratio = paired(rates, limits)
    notes = [
        "CPU a row: " + ", ".join(f"{name} {each:.0f} us" for name, each in spent.items()),
        peers.missing(peers.OUTBOX)
        if peer is None
        else f"{median(rates) / peer:.1f} x peer faststream-outbox ({peer:,.0f}/s)",
    ]
    return Result(
        "relay", median(rates), "rows/s", GOAL, ok=ratio >= 0.7, limit=median(limits), ratio=ratio, notes=notes,
        details={"rounds": rates, "limit_rounds": limits, "peer": peer, "cpu_us": spent},
    )  # fmt: skip
