"""`sweep`: a million open deadlines, ten thousand of them due at one moment; all announced, each once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec

from deploy.bench import dossiers, seeding
from deploy.bench.bench import Bench, Databases
from deploy.bench.limits.filing import Maker
from deploy.bench.limits.serving import Filed
from deploy.bench.result import Result
from services.intake.domain import SNAPSHOT
from shared.moments import MovableClock, system_clock, uuid7

GOAL = "< 5 s, each once"
_AHEAD = timedelta(hours=1)
_LOOK = 0.02
_PATIENCE = 120
_ANNOUNCED = "type = 'vn.gandan.deadline-breached.v1'"


async def measure(bench: Bench) -> Result:
    """The clock of the running product is moved by an hour; from then on it counts until nothing is due."""
    due, open_ = bench.scale.due_deadlines, bench.scale.open_deadlines
    clock = bench.home / "sweep.clock"
    clock.write_text("0")
    async with bench.topics() as prefix, bench.databases("intake") as databases:
        bench.tell(f"sweep: {open_:,} deadlines by COPY")
        await _seed(bench, databases, open_, due)
        settings = {"GANDAN_CLOCK": str(clock)}
        async with bench.product(["intake"], databases, parts="timers", prefix=prefix, settings=settings):
            bench.tell(f"sweep: {due:,} come due")
            connection = await asyncpg.connect(databases.url("intake"))
            try:
                return _result(open_, due, *await _sweep(connection, MovableClock(clock), due))
            finally:
                await connection.close()


async def _sweep(connection: Any, clock: MovableClock, due: int) -> tuple[float, float, int, int]:
    """Seconds until all are announced, seconds until the first were, and how many facts about how many deadlines."""
    announced = f"SELECT count(*) FROM fact WHERE {_ANNOUNCED}"
    assert await connection.fetchval(announced) == 0
    began, first = time.perf_counter(), 0.0
    clock.move_to(system_clock() + 2 * _AHEAD)
    while (seen := await connection.fetchval(announced)) < due:
        first = first or (time.perf_counter() - began if seen else 0.0)
        assert time.perf_counter() - began < _PATIENCE, f"{seen} of {due} announced"
        await asyncio.sleep(_LOOK)
    taken = time.perf_counter() - began
    await asyncio.sleep(2.5)  # two more ticks would announce a second time
    facts, distinct = await connection.fetchrow(
        f"SELECT count(*), count(DISTINCT aggregate) FROM fact WHERE {_ANNOUNCED}"
    )
    return taken, first or taken, facts, distinct


async def _seed(bench: Bench, databases: Databases, open_: int, due: int) -> None:
    """Every deadline has its stream; a dossier's row is written for those that come due, as nobody reads the others."""
    connection = await asyncpg.connect(databases.url("intake"))
    maker, now = Maker(bench.settings.load_keys()), system_clock()
    filings = [maker.make(Filed(**dossiers.body(n)), n, now) for n in range(len(dossiers.units()))]
    ids = [uuid7() for _ in range(open_)]
    soon, later = now + _AHEAD, now + timedelta(days=3)
    clock = msgspec.json.encode({"limit": "8wh", "events": [["start", now]]}).decode()
    columns = (
        "aggregate", "kind", "rule", "rule_version", "clock", "due_at", "due_on", "last_due_at", "breach_at", "stage", "stage_at",
    )  # fmt: skip

    def deadlines() -> Iterator[tuple[Any, ...]]:
        for n, id_ in enumerate(ids):
            at = soon if n < due else later + timedelta(seconds=n % 86_400)
            yield (id_, "answer", "one-stop.online-answer", 1, clock, at, at.date(), at, at, "breach", at)

    try:
        head = bytes(32)
        await seeding.copy(connection, "stream", ("id", "sequence", "head"), ((id_, 1, head) for id_ in ids))
        await seeding.copy(connection, "deadline", columns, deadlines())
        await seeding.copy(connection, "dossier", (*SNAPSHOT, "person", "components"), _dossiers(filings, ids[:due]))
        await connection.execute("ANALYZE stream, deadline, dossier")
    finally:
        await connection.close()


def _dossiers(filings: list[Any], ids: list[Any]) -> Iterator[tuple[Any, ...]]:
    for n, id_ in enumerate(ids):
        dossier = filings[n % len(filings)].dossier
        changed = {"id": id_, "code": f"H50.99-200101-{n:08d}"}
        yield (*(changed.get(name, getattr(dossier, name)) for name in SNAPSHOT), id_, "[]")


def _result(open_: int, due: int, taken: float, first: float, facts: int, distinct: int) -> Result:
    once = facts == distinct == due
    notes = [
        f"{due:,} of {open_:,} open deadlines due at one moment: {facts:,} facts about {distinct:,} deadlines",
        f"the first after {first:.2f} s (the sweeper looks every second), then {due / max(0.01, taken - first):,.0f}/s",
    ]
    return Result(
        "sweep", taken, "s", GOAL, ok=taken < 5 and once, notes=notes, details={"facts": facts, "deadlines": distinct}
    )
