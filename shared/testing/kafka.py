"""Real Kafka in tests: a running consumer or relay, records sent by hand, a whole topic read back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.broker import bounded_stop, connect_forever, guarded, make_broker, make_producer, stop_producer
from shared.bus.consumer import Consumer, Listener
from shared.bus.relay import Relay
from shared.store.unit_of_work import Works
from shared.telemetry.metrics import Metrics


@asynccontextmanager
async def consuming(
    bootstrap: str,
    works: Works,
    listener: Listener,
    metrics: Metrics,
    *,
    prefix: str = "",
    slot: str | None = None,
) -> AsyncIterator[Consumer]:
    """A consumer on a broker object of its own, connected; stopped with bounds at the end."""
    consumer = Consumer(listener, works, bootstrap, metrics, prefix)
    async with reading(consumer, slot=slot):
        yield consumer


@asynccontextmanager
async def reading(consumer: Consumer, *, slot: str | None = None) -> AsyncIterator[None]:
    """Connect a consumer or a door, and stop it with bounds at the end."""
    broker = make_broker(consumer.bootstrap, consumer.name)
    consumer.subscribe(broker, slot=slot)
    await connect_forever(broker, lambda _error: None)
    try:
        yield
    finally:
        await bounded_stop(broker)
        for task in [consumer.place.task, *consumer.background]:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def relaying(relay: Relay) -> AsyncIterator[Relay]:
    """A relay at work until the end of the block."""
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def send(
    bootstrap: str, records: Iterable[tuple[str, bytes | None, bytes | None, Sequence[tuple[str, bytes]]]]
) -> None:
    """Send (topic, key, value, headers) in order and wait until all are acknowledged."""
    producer = await make_producer(bootstrap, "by-hand")
    try:
        waits = [
            await producer.send(topic, value=value, key=key, headers=list(headers))
            for topic, key, value, headers in records
        ]
        await asyncio.gather(*waits)
    finally:
        await stop_producer(producer, 5)


async def read_all(bootstrap: str, topic: str) -> list[Any]:
    """Every record of a topic, partition by partition."""
    client = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await client.start()
    try:
        partitions = sorted(client.assignment())
        assert partitions, f"the topic {topic} does not exist"
        ends = await client.end_offsets(partitions)
        found: dict[TopicPartition, list[Any]] = {tp: [] for tp in partitions}
        while [tp for tp in partitions if (await client.position(tp)) < ends[tp]]:
            for tp, records in (await client.getmany(timeout_ms=200)).items():
                found[tp] += records
        return [record for tp in partitions for record in found[tp]]
    finally:
        await guarded(client.stop(), 5)
