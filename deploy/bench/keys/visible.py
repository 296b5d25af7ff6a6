"""`visible`: from the answer of a command to its line in the read model, idle; beside a bare produce-consume round trip."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer

from deploy.bench import dossiers
from deploy.bench.bench import TRIPS, Bench, Product
from deploy.bench.result import Result, percentile
from deploy.bench.wire import Wire
from shared.bus.broker import guarded, make_producer, stop_producer

GOAL = "p50 ≤ 25 ms, p99 ≤ 250 ms"
RATE = 20
_LOOK = 0.001
_PATIENCE = 30
_SERVICES = ("intake", "reporting")
_APPLIED = "SELECT EXISTS (SELECT FROM applied WHERE consumer = 'reporting.live' AND key = $1)"
"""Written with the line, in one transaction; unlike the line's table it keeps its name when a rebuild is swapped in."""


async def measure(bench: Bench) -> Result:
    """20 filings a second, each followed to its line; the round trip at the same rate on a topic of its own."""
    number = bench.scale.visible_posts
    async with bench.topics() as prefix, bench.databases(*_SERVICES) as databases:
        bench.tell("visible: bare round trip")
        bare = await round_trips(bench, prefix + TRIPS.name, number)
        everything = "api,relay,consumers,timers"
        async with bench.product(_SERVICES, databases, parts=everything, prefix=prefix) as product:
            prober = await Prober.open(bench, product, databases.url("reporting"))
            try:
                bench.tell("visible: warming up")
                await prober.probe(RATE)
                bench.tell(f"visible: {number} filings, {RATE} a second")
                seen = await prober.probe(number)
            finally:
                await prober.close()
    return _result(seen, bare)


class Prober:
    """Files dossiers at a steady rate and looks for each in the read model."""

    def __init__(self, port: int, citizens: list[str], pool: Any) -> None:
        self.port, self.citizens, self.pool = port, citizens, pool
        self.key, self.filed = os.urandom(6).hex(), 0

    @staticmethod
    async def open(bench: Bench, product: Product, url: str) -> Prober:
        """A prober on a running product and its reporting database."""
        pool = await asyncpg.create_pool(url, min_size=4, max_size=16)
        citizens = [bench.token("citizen", person=dossiers.person(n)) for n in range(40)]
        return Prober(product.port, citizens, pool)

    async def close(self) -> None:
        """Let go of the database."""
        await self.pool.close()

    async def probe(self, number: int, *, rate: float = RATE) -> list[float]:
        """So many filings; milliseconds from the answer until the line is there, for each."""
        began, tasks = time.perf_counter(), []
        for n in range(number):
            await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(self.follow()))
        return await asyncio.gather(*tasks)

    async def follow(self) -> float:
        """One filing; milliseconds from its answer until its line is there."""
        wire = await Wire.open(self.port)
        self.filed += 1
        try:
            status, body = await wire.ask(self._filing(self.filed))
        finally:
            wire.close()
        answered = time.perf_counter()
        assert status == 201, body[:300]
        id_ = orjson.loads(body)["id"]
        while not await self.pool.fetchval(_APPLIED, id_):
            if time.perf_counter() - answered > _PATIENCE:
                raise TimeoutError(f"{id_} not visible after {_PATIENCE} s: {await self._ready()}")
            await asyncio.sleep(_LOOK)
        return (time.perf_counter() - answered) * 1000

    async def _ready(self) -> str:
        """How the product says it is."""
        wire = await Wire.open(self.port)
        _, body = await wire.ask(b"GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        wire.close()
        return body.decode()[:1500]

    def _filing(self, number: int) -> bytes:
        token = self.citizens[number % len(self.citizens)]
        return dossiers.request(
            "POST", "/intake/v1/dossiers", token, dossiers.body(number), idempotency_key=f"{self.key}-{number}"
        )


async def round_trips(bench: Bench, topic: str, number: int) -> list[float]:
    """Milliseconds from `send` until a consumer has the record, at the same rate, with the product's client settings."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bench.bootstrap, auto_offset_reset="latest", fetch_max_wait_ms=500
    )
    producer = await make_producer(bench.bootstrap, "bench-round-trip")
    await consumer.start()
    try:
        await consumer.seek_to_end()
        await _trip(producer, consumer, topic)
        seen = []
        for _ in range(number):
            seen.append(await _trip(producer, consumer, topic))
            await asyncio.sleep(1 / RATE)
        return seen
    finally:
        await guarded(consumer.stop(), 5)
        await stop_producer(producer, 5)


async def _trip(producer: Any, consumer: Any, topic: str) -> float:
    began = time.perf_counter()
    await producer.send(topic, value=b"x" * 600, key=os.urandom(8))
    await consumer.getone()
    return (time.perf_counter() - began) * 1000


def _result(seen: list[float], bare: list[float]) -> Result:
    p50, p99 = percentile(seen, 0.5), percentile(seen, 0.99)
    floor = percentile(bare, 0.5)
    notes = [
        f"p99 {p99:.0f} ms, p95 {percentile(seen, 0.95):.0f} ms over {len(seen)} filings at {RATE}/s, from the answer to the line",
        f"bare produce-consume round trip: p50 {floor:.1f} ms, p99 {percentile(bare, 0.99):.1f} ms",
    ]
    return Result(
        "visible", p50, "ms", GOAL, ok=p50 <= 25 and p99 <= 250, limit=floor, ratio=p50 / floor, notes=notes,
        details={"p50": p50, "p99": p99, "bare_p50": floor, "bare_p99": percentile(bare, 0.99)},
    )  # fmt: skip
