"""The watchdog of a consumer: aiokafka's heartbeat or fetch task can die for good while everything looks well."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from aiokafka import TopicPartition

from shared.bus import topics
from shared.bus.broker import guarded
from shared.bus.consumer import Consumer

log = logging.getLogger(__name__)


async def watch(
    consumer: Consumer,
    *,
    stale: float = 45,
    unassigned: float = 150,
    every: float = 5,
    hopeless: float = 120,
) -> None:
    """Restart a subscriber that no longer fetches although Kafka answers (a heartbeat task can die for good).

    One that needs restarts for `hopeless` seconds is `dead`: readiness 503, then the process ends (decisions 10).
    """
    born, since, bad_since = time.time(), None, None
    while True:
        await asyncio.sleep(every)
        client = consumer.subscriber.consumer
        if consumer.busy_since is not None:
            continue
        assigned = client.assignment() if client is not None else set()
        if client is not None and not assigned:
            since = since or time.monotonic()
        elif client is not None:
            since = None
        why = _why_dead(client, assigned, since, born, stale=stale, unassigned=unassigned)
        if not why:
            bad_since = None
        elif await _answers(consumer.bootstrap):
            bad_since = bad_since or time.monotonic()
            consumer.dead = time.monotonic() - bad_since > hopeless
            log.error("consumer %s: %s, restarting it", consumer.name, why)
            await _restart(consumer)
            born, since = time.time(), None


async def _answers(bootstrap: str) -> bool:
    """Whether Kafka is there at all: restarting a subscriber during an outage only delays it."""
    return await guarded(topics.cluster_id(bootstrap), 5) is None


def _why_dead(
    client: Any, assigned: set[TopicPartition], since: float | None, born: float, *, stale: float, unassigned: float
) -> str:
    if client is None:
        return "no consumer"
    if not assigned:
        return "unassigned" if since is not None and time.monotonic() - since > unassigned else ""
    age = time.time() - max((client.last_poll_timestamp(tp) or 0) for tp in assigned) / 1000
    return f"no fetch for {age:.0f} s" if age > stale and time.time() - born > stale else ""


async def _restart(consumer: Consumer) -> None:
    subscriber, client = consumer.subscriber, consumer.subscriber.consumer
    if await guarded(subscriber.stop(), 5) is not None and client is not None:
        await guarded(client._client.close(), 1)  # noqa: SLF001 - aiokafka has no public way to let go
    subscriber.consumer = None
    if (error := await guarded(subscriber.start(), 60)) is not None:
        subscriber.consumer = None
        log.error("consumer %s does not start again: %r", consumer.name, error)
