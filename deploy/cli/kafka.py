"""Kafka seen from outside: our topics beside what they should be, and where logs begin and end."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.bus import login, topics
from shared.bus.broker import guarded

FETCH_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One topic as Kafka has it."""

    topic: str
    exists: bool
    wanted_partitions: int
    partitions: int = 0
    records: int = 0
    differs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Setting -> (wanted, found)."""

    @property
    def right(self) -> bool:
        """Whether it is as this version wants it."""
        return self.exists and self.partitions == self.wanted_partitions and not self.differs


async def seen(bootstrap: str, prefix: str, wanted: Sequence[topics.Topic]) -> list[Seen]:
    """Each of these topics; ConnectionError when Kafka does not answer."""
    async with topics.admin(bootstrap) as client:
        there = set(await client.list_topics())
        names = [prefix + topic.name for topic in wanted if prefix + topic.name in there]
        found = await client.describe_topics(names) if names else []
        partitions = {each["topic"]: len(each["partitions"]) for each in found}
        settings = await _settings(client, names)
    counts = await _counts(bootstrap, partitions)
    return [
        Seen(topic.name, name in partitions, topic.partitions, partitions.get(name, 0), counts.get(name, 0),
             _differences(topic, settings.get(name)))
        for topic in wanted if (name := prefix + topic.name)
    ]  # fmt: skip


def _differences(topic: topics.Topic, found: Mapping[str, str] | None) -> dict[str, tuple[str, str]]:
    if found is None:
        return {}
    return {k: (wanted, found.get(k, "")) for k, wanted in sorted(topic.settings.items()) if found.get(k) != wanted}


async def _settings(client: Any, names: Sequence[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    answers = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in answers
        for _code, _message, _kind, name, entries in answer.resources
    }


async def _counts(bootstrap: str, partitions: Mapping[str, int]) -> dict[str, int]:
    parts = [TopicPartition(name, number) for name, count in partitions.items() for number in range(count)]
    async with reader(bootstrap) as client:
        first, last = await client.beginning_offsets(parts), await client.end_offsets(parts)
    counts: dict[str, int] = {}
    for part in parts:
        counts[part.topic] = counts.get(part.topic, 0) + last[part] - first[part]
    return counts


@asynccontextmanager
async def reader(bootstrap: str) -> AsyncIterator[Any]:
    """A client without a group: it disturbs nobody."""
    client = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id="gandan-cli",
        group_id=None,
        enable_auto_commit=False,
        **login.of_client(),
    )
    try:
        if (error := await guarded(client.start(), 15)) is not None:
            raise ConnectionError(f"Kafka at {bootstrap} does not answer") from error
        yield client
    finally:
        await guarded(client.stop(), 3)


async def times_at(client: Any, places: Mapping[TopicPartition, int]) -> dict[TopicPartition, float]:
    """When the record at each place was written (Unix seconds), for those that come within three seconds."""
    client.assign(list(places))
    for part, place in places.items():
        client.seek(part, place)
    found: dict[TopicPartition, float] = {}
    deadline = time.monotonic() + FETCH_SECONDS
    while (open_ := _without(places, found)) and time.monotonic() < deadline:
        for part, records in (await client.getmany(*open_, timeout_ms=300)).items():
            found.setdefault(part, records[0].timestamp / 1000)
    return found


def _without(places: Iterable[TopicPartition], found: Mapping[TopicPartition, float]) -> list[TopicPartition]:
    return [part for part in places if part not in found]
