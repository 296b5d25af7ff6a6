"""Reading topics without a group: from their beginning for a rebuild, or only to know where they end."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus import login
from shared.bus.broker import guarded

__all__ = ["TopicPartition", "client", "ends"]

END_SECONDS = 5


def client(bootstrap: str, name: str, *, batch: int) -> AIOKafkaConsumer:
    """A client that commits nothing and belongs to no group; to be started and stopped by its user (`guarded`)."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap, client_id=name, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest",
        isolation_level="read_committed", max_poll_records=batch, fetch_max_bytes=16_777_216, max_partition_fetch_bytes=2_097_152,
        **login.of_client(),
    )  # fmt: skip


async def ends(bootstrap: str, places: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], int] | None:
    """The next offset of each partition; None when Kafka does not answer within a few seconds."""
    client = AIOKafkaConsumer(bootstrap_servers=bootstrap, client_id="gandan-ends", group_id=None, **login.of_client())
    try:
        if await guarded(client.start(), END_SECONDS) is not None:
            return None
        found = await client.end_offsets([TopicPartition(*place) for place in places])
    finally:
        await guarded(client.stop(), 2)
    return {(tp.topic, tp.partition): offset for tp, offset in found.items()}
