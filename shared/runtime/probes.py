"""Readiness: what an operator or a load balancer asks; `degraded` still takes work, `dead` does not."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shared.web.root import Probes, Readiness

if TYPE_CHECKING:
    from shared.bus.consumer import Consumer
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
        "consumers": {name: _consumers(members) for name, members in running.groups().items()},
        "timers": {
            timer.name: {"seconds_ago": _ago(timer.last_success), "error": timer.error}
            for timer in running.service.timers
        },
    }


def _consumers(members: Sequence[Consumer]) -> dict[str, Any]:
    """The members of one group in this process, together."""
    lags = [each.lag() for each in members]
    consumed = sum((each.consumed for each in members), Counter[str]())
    return {
        "lag": sum(records for records, _ in lags),
        "seconds_behind": round(max(seconds for _, seconds in lags), 1),
        "topics": sorted(members[0].listener.topics),
        "partitions": sum(len(each.place.next) for each in members),
        "error": next((each.error for each in members if each.error), None),
        **consumed,
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
