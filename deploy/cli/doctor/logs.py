"""What Kafka tells: topics that differ, and how far each consumer is behind the end of its logs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition

from deploy.cli import kafka
from deploy.cli.installation import Installation, quiet
from deploy.cli.screen import age
from deploy.cli.stack import Finding
from deploy.cli.topics import NO_REGISTRY, wanted
from shared.bus import topics
from shared.runtime import Service

SLOW = 120
"""Seconds a consumer may be behind."""
_PLACES = "SELECT topic, partition, cluster, next FROM offsets WHERE consumer = $1"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one consumer stands: its places, those in another Kafka than this one left out."""

    consumer: str
    places: Mapping[TopicPartition, int]
    foreign: bool


async def check(here: Installation, services: Sequence[str]) -> list[Finding]:
    """Topics, then consumers."""
    seen = await kafka.seen(here.bootstrap, here.settings.topic_prefix, await _wanted(here))
    found = [Finding(True, "kafka", f"answers at {here.bootstrap}"), _topics(seen)]
    cluster = await topics.cluster_id(here.bootstrap)
    async with kafka.reader(here.bootstrap) as client:
        for service in services:
            found += [await _behind(client, standing) for standing in await _standings(here, service, cluster, seen)]
    return found


async def _wanted(here: Installation) -> Sequence[topics.Topic]:
    """Ours alone where the registry cannot be asked: that is said already, of its database."""
    try:
        return await wanted(here)
    except NO_REGISTRY:
        return topics.CATALOGUE


def _topics(seen: Sequence[kafka.Seen]) -> Finding:
    wrong = [topic.topic for topic in seen if not topic.right]
    if not wrong:
        return Finding(True, "topics", f"all {len(seen)} are as they should be")
    return Finding(
        False, "topics", f"{', '.join(wrong)} are missing or differ", "gandan topics list, then gandan topics sync"
    )


async def _standings(here: Installation, service: str, cluster: str, seen: Sequence[kafka.Seen]) -> list[Standing]:
    prefix, telemetry = here.settings.topic_prefix, quiet(here.settings)
    async with here.session(service) as db:
        if await db.fetchval("SELECT to_regclass('offsets')") is None:
            return []  # said already: this database is not at this version
    async with here.built(service, telemetry) as (made, works), works.reading() as db:
        return [
            _standing(name, await db.fetch(_PLACES, name), cluster, set(_parts(made, name, prefix, seen)))
            for name in (listener.name for listener in made.listeners)
        ]


def _parts(made: Service, name: str, prefix: str, seen: Sequence[kafka.Seen]) -> Iterator[TopicPartition]:
    read = {topic for listener in made.listeners if listener.name == name for topic in listener.topics}
    for topic in seen:
        if topic.topic in read:
            yield from (TopicPartition(prefix + topic.topic, number) for number in range(topic.partitions))


def _standing(name: str, rows: Sequence[Any], cluster: str, parts: set[TopicPartition]) -> Standing:
    places = dict.fromkeys(parts, 0)
    mine = {TopicPartition(row["topic"], row["partition"]): row for row in rows}
    places |= {part: row["next"] for part, row in mine.items() if part in parts and row["cluster"] == cluster}
    return Standing(name, places, any(row["cluster"] != cluster for part, row in mine.items() if part in parts))


async def _behind(client: Any, standing: Standing) -> Finding:
    """How many records, and since when the first of them waits."""
    subject = f"consumer {standing.consumer}"
    ends = await client.end_offsets(list(standing.places)) if standing.places else {}
    if standing.foreign or any(ends[part] < place for part, place in standing.places.items()):
        words = "its places are of another Kafka, or of longer logs: what was sent there is gone from here"
        return Finding(False, subject, words, "gandan up, which begins again, then gandan topics refill")
    waiting = {part: place for part, place in standing.places.items() if place < ends[part]}
    if not waiting:
        return Finding(True, subject, "has read everything")
    return await _late(client, subject, waiting, sum(ends[part] - place for part, place in waiting.items()))


async def _late(client: Any, subject: str, waiting: Mapping[TopicPartition, int], records: int) -> Finding:
    written = await kafka.times_at(client, waiting)
    seconds = time.time() - min(written.values()) if written else 0.0
    words = f"{records} records behind, the oldest waits for {age(seconds)}"
    late = seconds > SLOW
    return Finding(not late, subject, words, "is `gandan up` running? look at consumers in /readyz" if late else "")
