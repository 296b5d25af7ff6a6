"""Readiness: what an operator or a load balancer asks; `degraded` still takes work, `dead` does not."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from shared.web.root import Probes, Readiness

if TYPE_CHECKING:
    from shared.runtime.process import Process, Running

ASK_SECONDS = 2


def probes_of(process: Process) -> Probes:
    """The probes of this process."""

    async def ready(service: str | None) -> Readiness:
        return await readiness(process, service)

    return Probes(ready=ready, metrics=process.telemetry.metrics_text)


async def readiness(process: Process, service: str | None) -> Readiness:
    """Look at one service, or at all."""
    asked = [running for running in process.services if service in {None, running.service.name}]
    found = dict(zip((r.service.name for r in asked), await asyncio.gather(*(_service(r) for r in asked)), strict=True))
    checks: dict[str, Any] = {"kafka": {"bootstrap": process.bootstrap, "error": process.kafka_error}, **found}
    if process.dead or any(check["database"] is not None for check in found.values()):
        return Readiness("dead", checks | ({"dead": process.dead} if process.dead else {}))
    wrong = process.kafka_error is not None or any(_degraded(check) for check in found.values())
    return Readiness("degraded" if wrong else "ready", checks)


async def _service(running: Running) -> dict[str, Any]:
    return {
        "database": await _database(running),
        "relay": {"leading": running.relay.leading, "error": running.relay.error, "sent": running.relay.sent}
        if running.relay
        else None,
        "consumers": {consumer.name: _consumer(consumer) for consumer in running.consumers},
        "timers": {
            timer.name: {"seconds_ago": _ago(timer.last_success), "error": timer.error}
            for timer in running.service.timers
        },
    }


def _consumer(consumer: Any) -> dict[str, Any]:
    records, seconds = consumer.lag()
    return {
        "lag": records,
        "seconds_behind": round(seconds, 1),
        "topics": sorted(consumer.listener.topics),
        "partitions": len(consumer.place.next),
        "error": consumer.error,
        **consumer.consumed,
    }


def _ago(instant: float) -> float | None:
    return round(time.time() - instant, 1) if instant else None


async def _database(running: Running) -> str | None:
    """None when it answers, else why not."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            await running.pool.fetchval("SELECT 1")
    except Exception as error:  # noqa: BLE001 - a probe's answer
        return f"{type(error).__name__}: {error}"[:200]
    return None


def _degraded(check: dict[str, Any]) -> bool:
    relay = check["relay"]
    return bool(
        (relay and relay["error"])
        or any(c["error"] for c in check["consumers"].values())
        or any(t["error"] for t in check["timers"].values())
    )
