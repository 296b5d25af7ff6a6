"""The watchdog of a consumer: aiokafka's heartbeat or fetch task can die for good while everything looks well.

Two pulses are felt: the client's fetches (they stop with its fetch task), and polls that were answered (every poll fails once
the heartbeat is dead, while fetches of empty partitions go on). Both on a clock that no one moves.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any

from shared.bus import topics
from shared.bus.broker import guarded, stop_subscriber
from shared.bus.consumer import Consumer

log = logging.getLogger(__name__)


async def watch(
    consumer: Consumer,
    *,
    stale: float = 45,
    every: float = 5,
    hopeless: float = 120,
) -> None:
    """Restart a subscriber that no longer reads although Kafka answers (a heartbeat task can die for good).

    One that needs restarts for `hopeless` seconds is `dead`: readiness 503, then the process ends (decisions 10).
    """
    pulse, bad_since = Pulse(consumer, time.monotonic()), None
    while True:
        await asyncio.sleep(every)
        if consumer.busy_since is not None:
            continue
        why = pulse.why_dead(stale)
        if not why:
            bad_since = None if pulse.is_well(stale) else bad_since
        elif await _answers(consumer.bootstrap):
            bad_since = bad_since or time.monotonic()
            consumer.dead = time.monotonic() - bad_since > hopeless
            log.error("consumer %s: %s, restarting it", consumer.name, why)
            await _restart(consumer)
            pulse = Pulse(consumer, time.monotonic())


async def _answers(bootstrap: str) -> bool:
    """Whether Kafka is there at all: restarting a subscriber during an outage only delays it."""
    return await guarded(topics.cluster_id(bootstrap), 5) is None


@dataclass(slots=True)
class Pulse:
    """The signs of life of one start of a subscriber; seconds of the monotonic clock."""

    consumer: Consumer
    born: float
    fetch: int = 0
    """The client's own stamp of its last fetch: only that it changes counts."""
    fetched_at: float = 0.0

    def why_dead(self, stale: float) -> str:
        """Look now; what is wrong with it, or nothing.

        One without partitions may be well: nobody writes to its topics yet, or its group has more members than they have partitions.
        """
        client, now = self.consumer.subscriber.consumer, time.monotonic()
        if client is None:
            return "no consumer"
        failing = now - max(self.consumer.polled_at, self.born)
        if not client.assignment():  # polls are answered then too, with nothing, while its coordination lives
            return f"unassigned, no poll for {failing:.0f} s" if failing > stale else ""
        self._feel(client, now)
        if now - self.born <= stale:
            return ""
        silent = now - max(self.fetched_at, self.born)
        if silent > stale:
            return f"no fetch for {silent:.0f} s"
        return f"no poll for {failing:.0f} s" if failing > stale else ""

    def _feel(self, client: Any, now: float) -> None:
        fetch = max(client.last_poll_timestamp(tp) or 0 for tp in client.assignment())
        if fetch != self.fetch:
            self.fetch, self.fetched_at = fetch, now

    def is_well(self, stale: float) -> bool:
        """Whether it has lived for a while and still does: the first moments after a restart prove nothing."""
        now, client = time.monotonic(), self.consumer.subscriber.consumer
        reads = client is not None and client.assignment()
        oldest = min(self.fetched_at, self.consumer.polled_at) if reads else self.consumer.polled_at
        return now - self.born > stale and now - oldest < stale / 4


async def _restart(consumer: Consumer) -> None:
    await stop_subscriber(consumer.subscriber, 5)
    if (error := await guarded(consumer.subscriber.start(), 60)) is not None:
        log.error("consumer %s does not start again: %r", consumer.name, error)
        await stop_subscriber(consumer.subscriber, 5)
