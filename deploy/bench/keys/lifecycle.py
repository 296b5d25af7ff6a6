"""`lifecycle`: file, accept, settle, hand over, in the whole installation; per CPU-second, in an empty store and in stores that are filled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import asyncpg
import orjson

from deploy.bench import dossiers, seeding
from deploy.bench.bench import Bench, Databases, Product, installed
from deploy.bench.children import Child
from deploy.bench.cpu import Meter
from deploy.bench.result import Result, paired
from deploy.bench.wire import Wire

GOAL = "≥ 70 per core, each filled store ≥ 0.8 of empty"
DIGIT = 2.3
"""Lifecycles a second and core of DIGIT's case management, as published with its load tests."""

MOULDS = 78
_DRAIN = 120


@dataclass(slots=True)
class Store:
    """One installation's databases and what each round in it gave."""

    databases: Databases
    prefix: str
    dossiers: int = 0
    """How many it is filled with before it is measured."""
    rounds: list[dict[str, Any]] = field(default_factory=list)

    def each(self, name: str) -> list[float]:
        """One number of every round."""
        return [found[name] for found in self.rounds]


async def measure(bench: Bench) -> Result:
    """Rounds in the empty store and in the filled ones take turns; CPU counts until everything filed is told and projected."""
    async with AsyncExitStack() as open_, bench.child("load") as generator:
        stores = [await open_.enter_async_context(_store(bench, n)) for n in (0, *bench.scale.lifecycle_dossiers)]
        for store in stores[1:]:
            bench.tell(f"lifecycle: {store.dossiers:,} dossiers by COPY")
            await _fill(bench, generator, store)
        for turn in range(bench.scale.rounds):
            for store in stores:
                bench.tell(f"lifecycle: round {turn + 1} of {bench.scale.rounds} at {store.dossiers:,}")
                store.rounds.append(await _run(bench, generator, store, bench.scale.seconds * 2))
        return _result(*stores)


@asynccontextmanager
async def _store(bench: Bench, number: int) -> AsyncIterator[Store]:
    async with bench.topics() as prefix, bench.databases(*installed()) as databases:
        yield Store(databases, prefix, number)


async def _run(bench: Bench, generator: Child, store: Store, seconds: float) -> dict[str, Any]:
    """Start everything, load it, wait until it is quiet, stop it."""
    async with bench.product(
        installed(), store.databases, parts="api,relay,consumers,timers", prefix=store.prefix
    ) as product:
        meter = Meter({"product": product.pid, **bench.servers()})
        meter.start()
        seen = await generator.ask(_plan(bench, product, seconds))
        await quiet(product, store)
        spent = meter.stop()
        assert not seen["wrong"], seen["wrong"]
        cores = sum(spent.values())
        lives = await one_life_count(store) - sum(store.each("lives"))
        return {
            **seen,
            "lives": lives,
            "per_core": lives / cores,
            **{f"{name}_ms": s / lives * 1000 for name, s in spent.items()},
        }


async def one_life_count(store: Store) -> int:
    """Dossiers the load generator took to their end; the copied ones have codes of another year."""
    connection = await asyncpg.connect(store.databases.url("intake"))
    try:
        counted: int = await connection.fetchval(
            "SELECT count(*) FROM dossier WHERE state = 'returned' AND code NOT LIKE '%-200101-%'"
        )
    finally:
        await connection.close()
    return counted


def _plan(bench: Bench, product: Product, seconds: float) -> dict[str, Any]:
    return {
        "script": "lifecycle", "port": product.port, "connections": 32, "warm": bench.scale.warm, "seconds": seconds,
        "citizens": [bench.token("citizen", person=dossiers.person(n)) for n in range(dossiers.CITIZENS)],
        "officer": bench.token("clerk", "handler", "head", units=dossiers.units()),
    }  # fmt: skip


async def quiet(product: Product, store: Store) -> None:
    """Return when the outbox is empty and no consumer is behind."""
    connection, wire = await asyncpg.connect(store.databases.url("intake")), await Wire.open(product.port)
    until = time.monotonic() + _DRAIN
    try:
        while await connection.fetchval("SELECT EXISTS (SELECT FROM outbox)") or await _lag(wire):
            assert time.monotonic() < until, f"not quiet after {_DRAIN} s"
            await asyncio.sleep(0.1)
    finally:
        wire.close()
        await connection.close()


async def _lag(wire: Wire) -> int:
    _, body = await wire.ask(b"GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
    checks = orjson.loads(body).get("checks", {})
    services: list[Mapping[str, Any]] = [check for check in checks.values() if "consumers" in (check or {})]
    return sum(consumer["lag"] for service in services for consumer in service["consumers"].values())


async def _fill(bench: Bench, generator: Child, store: Store) -> None:
    """A round of real lives, then copies of them."""
    await _run_once(bench, generator, store)
    connection = await asyncpg.connect(store.databases.url("intake"))
    try:
        found = await connection.fetch("SELECT id FROM dossier WHERE state = 'returned' LIMIT $1", MOULDS)
    finally:
        await connection.close()
    await seeding.multiply(store.databases.url("intake"), [row["id"] for row in found], store.dossiers)
    await bench.order("CHECKPOINT")


async def _run_once(bench: Bench, generator: Child, store: Store) -> None:
    first = await _run(bench, generator, store, 2.0)
    store.rounds.append({"lives": first["lives"]})


def _result(empty: Store, *filled: Store) -> Result:
    for store in filled:
        store.rounds = store.rounds[1:]  # the first only made what was copied
    value = median(empty.each("per_core"))
    kept = {store.dossiers: paired(store.each("per_core"), empty.each("per_core")) for store in filled}
    costs = {name: median(empty.each(name)) for name in empty.rounds[0] if name.endswith("_ms")}
    notes = [
        *(f"with {store.dossiers:,} dossiers in the store {median(store.each('per_core')):.0f} per core: {kept[store.dossiers]:.2f} of empty" for store in filled),
        f"{median(empty.each('finished_per_second')):.0f} lifecycles/s, p99 of a command {median(empty.each('p99')):.0f} ms at 32 connections",
        "CPU a lifecycle: " + ", ".join(f"{name.removesuffix('_ms')} {value:.1f} ms" for name, value in costs.items()),
        f"services: {', '.join(installed())}; generator {median(empty.each('generator_cpu')):.1f} CPU-s a round, not counted",
    ]  # fmt: skip
    slowest = min(median(store.each("per_core")) for store in (empty, *filled))
    rounds = {f"{store.dossiers}": store.rounds for store in (empty, *filled)}
    return Result(
        "lifecycle", value, "per core", GOAL, ok=slowest >= 70 and min(kept.values()) >= 0.8, limit=DIGIT, ratio=value / DIGIT, notes=notes,
        details={"kept": {f"{number}": share for number, share in kept.items()}, "rounds": rounds},
    )  # fmt: skip
