"""The load generator, a process of its own: raw HTTP/1.1 over kept connections, every latency kept.

Asked `{port, connections, warm, seconds, script, ...}` it answers counts, latencies in ms and its own CPU-seconds. Scripts:
`submit` files dossiers, `lifecycle` takes each from filing to its returned result, `get` reads paths at a fixed rate, `tell` speaks for
source systems.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from deploy.bench import dossiers, telling
from deploy.bench.answering import answering
from deploy.bench.loop import run
from deploy.bench.result import percentile
from deploy.bench.wire import Wire
from shared.moments import system_clock
from shared.settings import Settings

Script = Generator[bytes, bytes, None]
"""Yields requests, is sent the bodies of their answers; ends after one unit of work."""

PATH = "/intake/v1/dossiers"
LEAST = 20
"""Answers a round must have seen."""


@dataclass(slots=True)
class Tally:
    """What was seen while it counted; a round lasts longer than planned until it has seen a few answers."""

    began: float = 0.0
    ends: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    finished: int = 0

    def over(self, now: float) -> bool:
        """Whether the measured time is over."""
        return now >= self.ends and len(self.latencies) >= LEAST

    def answer(self, now: float, began: float) -> bool:
        """Keep the latency of an answer that falls into the measured time."""
        counts = self.began <= now and not self.over(now)
        if counts:
            self.latencies.append((now - began) * 1000)
            self.ends = max(self.ends, now)
        return counts


def submission(plan: Mapping[str, Any], key: str, number: int) -> Script:
    """File one dossier."""
    yield _filing(plan, key, number)


def _filing(plan: Mapping[str, Any], key: str, number: int) -> bytes:
    citizens = plan["citizens"]
    return dossiers.request(
        "POST", plan.get("path", PATH), citizens[number % len(citizens)], dossiers.body(number), idempotency_key=f"{key}-{number}"
    )  # fmt: skip


_STEPS: tuple[tuple[str, dict[str, str] | None], ...] = (
    ("accept", None),
    ("settle", {"outcome": "granted"}),
    ("return-result", {"method": "electronic"}),
)


def lifecycle(plan: Mapping[str, Any], key: str, number: int) -> Script:
    """File, accept, settle, hand over: four commands, each with the version the one before answered."""
    shown = orjson.loads((yield _filing(plan, key, number)))
    for step, payload in _STEPS:
        answer = yield dossiers.request(
            "POST", f"{PATH}/{shown['id']}/{step}", plan["officer"], payload, idempotency_key=f"{key}-{number}-{step}",
            if_match=f'"{shown["version"]}"',
        )  # fmt: skip
        shown = orjson.loads(answer)


def reading(plan: Mapping[str, Any], _key: str, number: int) -> Script:
    """Read one of the paths."""
    citizens = plan["citizens"]
    paths = plan["paths"]
    yield dossiers.request("GET", paths[number % len(paths)], citizens[number // len(paths) % len(citizens)])


@cache
def _teller(home: str, run: str) -> telling.Teller:
    return telling.Teller(Settings(home=Path(home)).load_keys().contact_public, system_clock(), run)


def tell(plan: Mapping[str, Any], _key: str, number: int) -> Script:
    """One event of a source: a dossier's first, or one that follows it two seconds later at a hundred a second."""
    place, source = divmod(number, telling.SOURCES)
    event = _teller(plan["home"], "11").event(source, *telling.place_of(place, wave=10))
    yield dossiers.request(
        "POST", "/intake/v1/source-events", plan["citizens"][source], event, content_type="application/cloudevents+json"
    )


SCRIPTS: Mapping[str, Callable[[Mapping[str, Any], str, int], Script]] = {
    "submit": submission,
    "lifecycle": lifecycle,
    "get": reading,
    "tell": tell,
}


async def load(plan: dict[str, Any]) -> dict[str, Any]:
    """Put load on a port as the plan says."""
    tally, numbers, key = Tally(), count(plan.get("first", 0)), os.urandom(6).hex()
    now = time.perf_counter()
    tally.began, tally.ends = now + plan["warm"], now + plan["warm"] + plan["seconds"]
    spent = time.process_time()
    await asyncio.gather(*(_drive(plan, tally, numbers, key, n) for n in range(plan["connections"])))
    return _told(tally, time.process_time() - spent)


def _told(tally: Tally, spent: float) -> dict[str, Any]:
    seconds = tally.ends - tally.began
    wrong = {str(status): number for status, number in tally.statuses.items() if not 200 <= status < 300}
    return {
        "per_second": len(tally.latencies) / seconds, "finished_per_second": tally.finished / seconds, "finished": tally.finished, "answered": sum(tally.statuses.values()), "wrong": wrong,
        "p50": percentile(tally.latencies, 0.5), "p95": percentile(tally.latencies, 0.95), "p99": percentile(tally.latencies, 0.99),
        "generator_cpu": spent,
    }  # fmt: skip


async def _drive(plan: Mapping[str, Any], tally: Tally, numbers: Iterator[int], key: str, place: int) -> None:
    """One connection: one unit of work after the other, or one every so often when the plan names a rate."""
    wire = await Wire.open(plan["port"])
    every = plan["connections"] / plan["rate"] if plan.get("rate") else 0.0
    due = time.perf_counter() + every * place / plan["connections"]
    try:
        while not tally.over(time.perf_counter()):
            if every:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if wire.lost:
                wire = await Wire.open(plan["port"])
            await _work(SCRIPTS[plan["script"]](plan, key, next(numbers)), wire, tally, due if every else None)
            due += every
    finally:
        wire.close()


async def _work(script: Script, wire: Wire, tally: Tally, due: float | None) -> None:
    """Run a script to its end; a latency runs from when the request was due, so that waiting is not forgotten."""
    request, counted = next(script), False
    try:
        while True:
            began = due or time.perf_counter()
            try:
                status, body = await wire.ask(request)
            except ConnectionError:
                status, body = 0, b""
            now = time.perf_counter()
            counted = tally.answer(now, began)
            tally.statuses[status] += 1
            if not 200 <= status < 300:
                return
            request, due = script.send(body), None
    except StopIteration:
        tally.finished += counted


if __name__ == "__main__":
    run(answering(load))
