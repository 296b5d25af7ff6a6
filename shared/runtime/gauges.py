"""Gauges read from the databases every few seconds, so that a scrape never waits for one."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from shared.bus import relay
from shared.store import deadlines
from shared.store.db import TRANSIENT

if TYPE_CHECKING:
    from shared.runtime.process import Process, Running

SECONDS = 5
_PARKED = "SELECT consumer, reason, count(*) AS records, extract(epoch FROM clock_timestamp() - min(parked_at)) AS oldest FROM parked GROUP BY 1, 2"


async def measure_forever(process: Process) -> None:
    """Measure until cancelled; a database that is away leaves the last value."""
    seen: set[tuple[str, str]] = set()
    while True:
        began = time.monotonic()
        await asyncio.sleep(SECONDS)
        process.telemetry.metrics.process.loop_lag.set(max(0.0, time.monotonic() - began - SECONDS))
        for running in process.services:
            try:
                await _measure(process, running, seen)
            except TRANSIENT:
                continue


async def _measure(process: Process, running: Running, seen: set[tuple[str, str]]) -> None:
    metrics, name = process.telemetry.metrics, running.service.name
    metrics.process.pool_in_use.set(running.pool.get_size() - running.pool.get_idle_size(), {"service": name})
    async with running.pool.acquire() as connection:
        await relay.measure(connection, name, metrics)
        oldest = await connection.fetchval(deadlines.OLDEST)
        parked = {(row["consumer"], row["reason"]): row for row in await connection.fetch(_PARKED)}
    now = running.frame.clock()
    metrics.deadlines.sweep_lag.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0, {"service": name})
    for timer in running.service.timers:
        if timer.name.endswith(".deadlines") and timer.last_success:
            metrics.deadlines.sweep_last_success.set(timer.last_success, {"service": name})
    for key in seen | parked.keys():
        metrics.parked.records.set(
            parked[key]["records"] if key in parked else 0, {"consumer": key[0], "reason": key[1]}
        )
    for consumer in {key[0] for key in seen | parked.keys()}:
        metrics.parked.oldest.set(
            max((float(row["oldest"]) for key, row in parked.items() if key[0] == consumer), default=0.0),
            {"consumer": consumer},
        )
    seen |= parked.keys()
    for group, members in running.groups().items():
        behind = max(member.lag()[1] for member in members)
        for topic in members[0].listener.topics or (group,):  # a door reads topics by a pattern
            metrics.consumer.lag.set(behind, {"consumer": group, "topic": topic})
