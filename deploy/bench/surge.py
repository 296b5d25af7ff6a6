"""The generator of bursts, a process of its own: requests go out when they are due, whether earlier ones were answered or not.

Asked `{port, script, phases: [[per second, seconds], ...], patient, ...}` it answers what it saw of each request:
`[phase, second it was due, ms from then to its answer, status]`. A patient client comes back when a 429 says so.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson

from deploy.bench.answering import answering
from deploy.bench.load import SCRIPTS, Script
from deploy.bench.loop import run
from deploy.bench.wire import Wire

REFUSED = 429
LOST = 0
"""The status of a request whose connection broke."""

KEPT_SECONDS = 3


@dataclass(slots=True)
class Crowd:
    """Everybody who asks, over as many connections as it takes."""

    plan: Mapping[str, Any]
    began: float
    idle: list[tuple[float, Wire]] = field(default_factory=list)
    """Connections nobody uses, each with the moment since when; the newest last."""
    seen: list[tuple[int, float, float, int]] = field(default_factory=list)
    finished: int = 0

    async def act(self, script: Script, phase: int, due: float) -> None:
        """Run a script to its end, or to an answer that ends it."""
        request = next(script)
        try:
            while True:
                status, body = await self._answered(request, phase, due)
                if status == REFUSED and self.plan["patient"]:
                    await asyncio.sleep(orjson.loads(body)["facts"]["retry_after_seconds"])
                elif not 200 <= status < 300:
                    return
                else:
                    request = script.send(body)
                due = time.perf_counter()
        except StopIteration:
            self.finished += 1

    async def _answered(self, request: bytes, phase: int, due: float) -> tuple[int, bytes]:
        wire = await self._wire()
        try:
            status, body = await wire.ask(request)
        except ConnectionError:
            status, body = LOST, b""
        if not wire.lost:
            self.idle.append((time.perf_counter(), wire))
        self.seen.append((phase, due - self.began, (time.perf_counter() - due) * 1000, status))
        return status, body

    async def _wire(self) -> Wire:
        """The connection used last, or a new one: a server hangs up on one that is idle for long, perhaps this moment."""
        if self.idle:
            since, wire = self.idle.pop()
            if not wire.lost and time.perf_counter() - since < KEPT_SECONDS:
                return wire
            wire.close()
            self.hang_up()  # the others are idle for even longer
        return await Wire.open(self.plan["port"])

    def hang_up(self) -> None:
        """Close every connection nobody uses."""
        for _, wire in self.idle:
            wire.close()
        self.idle.clear()


def _due(phases: list[list[float]]) -> Iterator[tuple[int, float]]:
    """Phase and second of each request, evenly spread over its phase."""
    start = 0.0
    for phase, (rate, seconds) in enumerate(phases):
        for n in range(int(rate * seconds)):
            yield phase, start + n / rate
        start += seconds


async def surge(plan: dict[str, Any]) -> dict[str, Any]:
    """Put the phases on a port; returns when the last request was answered."""
    crowd, numbers, key = Crowd(plan, time.perf_counter()), count(), os.urandom(6).hex()
    spent = time.process_time()
    async with asyncio.TaskGroup() as asking:
        for phase, second in _due(plan["phases"]):
            due = crowd.began + second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            asking.create_task(crowd.act(SCRIPTS[plan["script"]](plan, key, next(numbers)), phase, due))
    crowd.hang_up()
    spent = time.process_time() - spent
    return {"seen": crowd.seen, "begun": next(numbers), "finished": crowd.finished, "generator_cpu": spent}


if __name__ == "__main__":
    run(answering(surge))
