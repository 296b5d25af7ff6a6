"""Where the logs end: how far the projection could be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.broker import guarded

_PATIENCE_S: Final = 5.0


async def ends(bootstrap: str, places: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], int] | None:
    """The next offset of each partition; None when Kafka does not answer within a few seconds."""
    client = AIOKafkaConsumer(bootstrap_servers=bootstrap, client_id="reporting-heads", group_id=None)
    try:
        if await guarded(client.start(), _PATIENCE_S) is not None:
            return None
        found = await client.end_offsets([TopicPartition(*place) for place in places])
    finally:
        await guarded(client.stop(), 2)
    return {(tp.topic, tp.partition): offset for tp, offset in found.items()}
