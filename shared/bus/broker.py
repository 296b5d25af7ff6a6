"""FastStream and aiokafka, started, stopped and watched with bounds: neither hangs, neither fails silently.

Facts behind each line: messaging page sections 0 to 2 (aiokafka 0.14, FastStream 0.7.8).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from aiokafka import AIOKafkaProducer
from faststream.kafka import KafkaBroker

from shared.bus import login

log = logging.getLogger(__name__)

_GRACE_SECONDS = 1.0
"""For an action whose caller is cancelled; longer than a connection takes to a broker that answers."""

METADATA_MS = 5_000
"""A topic made for a new source is heard of this soon."""

Broker: TypeAlias = KafkaBroker
"""FastStream's broker object; only the bus knows whose it is."""

PRODUCER: dict[str, Any] = {
    "enable_idempotence": True,
    "acks": "all",
    "linger_ms": 0,
    "max_batch_size": 262_144,
    "compression_type": "zstd",
    "request_timeout_ms": 10_000,
    "max_request_size": 1_048_576,
    "metadata_max_age_ms": 30_000,
}


async def guarded(action: Awaitable[Any], timeout: float) -> BaseException | None:  # noqa: ASYNC109 - it must not cancel the caller
    """Await aiokafka's shutdown without hanging and without its leaked CancelledError; returns what went wrong.

    Whoever is cancelled here ends the action too: a start that went on alone would open what nobody closes. It may first finish
    by itself: aiokafka, cancelled while it asks a new connection for metadata, forgets that connection without closing it.
    """
    task = asyncio.ensure_future(action)
    try:
        done, _ = await asyncio.wait([task], timeout=timeout)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=_GRACE_SECONDS)
        task.cancel()
        await asyncio.wait([task], timeout=1)
        raise
    if not done:
        task.cancel()
        return TimeoutError(f"not done after {timeout:g} s")
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def make_broker(bootstrap: str, name: str) -> KafkaBroker:
    """A broker object for consumers only; it connects when started."""
    return KafkaBroker(
        bootstrap, client_id=name, allow_auto_create_topics=False, apply_types=False, consumer_only=True, metadata_max_age_ms=METADATA_MS,
        request_timeout_ms=10_000, graceful_timeout=15, logger=None, security=login.of_broker(),
    )  # fmt: skip


async def make_producer(bootstrap: str, name: str) -> AIOKafkaProducer:
    """A started idempotent producer; closes what it opened when the broker does not answer or nobody waits any more."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, client_id=name, **PRODUCER, **login.of_client())
    try:
        error = await guarded(producer.start(), 15)
    except asyncio.CancelledError:
        await stop_producer(producer, 2)
        raise
    if error is not None:
        await stop_producer(producer, 2)
        raise ConnectionError(f"Kafka at {bootstrap} does not answer") from error
    return producer


async def stop_producer(producer: AIOKafkaProducer, timeout: float) -> None:  # noqa: ASYNC109
    """Stop within the timeout whatever Kafka does (`stop()` waits for ever with Kafka down)."""
    if await guarded(producer.stop(), timeout) is None:
        return
    sender = getattr(producer, "_sender", None)
    task = getattr(sender, "sender_task", None)
    if task is not None and not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=1)
    await guarded(producer.client.close(), 1)


async def connect_forever(broker: KafkaBroker, tell: Callable[[str | None], None]) -> None:
    """Start the broker's subscribers, with back-off until it answers; `tell` hears each error, then None."""
    delay = 0.2
    while True:
        error = await guarded(broker.start(), 60)
        tell(None if error is None else f"{type(error).__name__}: {error}"[:200])
        if error is None:
            return
        await guarded(broker.stop(), 5)
        await asyncio.sleep(delay * random.uniform(0.7, 1.3))  # noqa: S311 - jitter
        delay = min(5, delay * 2)


async def bounded_stop(broker: KafkaBroker, total: float = 8.0) -> None:
    """Stop every subscriber within `total` seconds, whether Kafka answers, never did, or no longer does."""
    await asyncio.gather(*(stop_subscriber(subscriber, total * 0.5) for subscriber in broker.subscribers))


async def stop_subscriber(subscriber: Any, timeout: float) -> None:  # noqa: ASYNC109
    """Stop one, and let go of its client whatever comes of it; it may be started again."""
    client = subscriber.consumer
    if await guarded(subscriber.stop(), timeout) is not None and client is not None:
        await _let_go(client)
    subscriber.consumer = None


async def _let_go(client: Any) -> None:
    """Close by its parts a client that does not close as a whole: what goes on fetching would connect again."""
    for part in (client._coordinator, client._fetcher, client._client):  # noqa: SLF001 - aiokafka has no public way
        if part is not None:
            await guarded(part.close(), 1)
