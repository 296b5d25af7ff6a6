"""Where a consumer stands in each partition: the database decides, the Kafka client is told by `seek`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition

from shared.bus import topics
from shared.bus.arrival import Raw
from shared.store.unit_of_work import Works

log = logging.getLogger(__name__)

_READ = """WITH wanted AS (SELECT * FROM unnest($2::text[], $3::int[]) AS u(topic, partition)),
made AS (INSERT INTO offsets (consumer, topic, partition, cluster, next) SELECT $1, topic, partition, $4, 0 FROM wanted
    ON CONFLICT (consumer, topic, partition) DO NOTHING RETURNING topic, partition, cluster, next)
SELECT * FROM made UNION ALL SELECT o.topic, o.partition, o.cluster, o.next FROM offsets o JOIN wanted w USING (topic, partition) WHERE o.consumer = $1"""
MOMENT = 0.05
"""Seconds until somebody who is busy is asked again."""
_BEGIN_AGAIN = "UPDATE offsets SET cluster = $4, next = 0 WHERE consumer = $1 AND topic = $2 AND partition = $3"


class Lost(Exception):  # noqa: N818 - a member's fate
    """Another member moved this partition: nothing of this batch may be written."""


def _resume(client: Any, partitions: Sequence[TopicPartition]) -> None:
    client.resume(*(tp for tp in partitions if tp in client.assignment()))


@dataclass(frozen=True, slots=True)
class Move:
    """A partition's step: from the offset read to the next one."""

    topic: str
    partition: int
    seen: int
    next: int


@dataclass(slots=True, eq=False)
class Place(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is untyped
    """Rebalance listener; a partition without an entry in `next` drops its records until its place is found."""

    name: str
    works: Works
    bootstrap: str
    cluster: str = ""
    next: dict[TopicPartition, int] = field(default_factory=dict)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    subscriber: Any = None
    task: asyncio.Task[None] | None = None

    async def on_partitions_revoked(self, _revoked: Any) -> None:
        """Runs beside the handler: let its batch finish while heartbeats go on, at most 5 s."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                async with self.busy:
                    pass
        self.next.clear()

    async def on_partitions_assigned(self, _assigned: Any) -> None:
        """No heartbeats until this returns: never wait for the database here, at most 2 s."""
        self.next.clear()
        self.wake()
        if self.task is not None:
            await asyncio.wait([self.task], timeout=2)

    def mine(self, records: Sequence[Raw]) -> dict[TopicPartition, list[Raw]]:
        """The records from our place on, by partition; a partition that jumped back has its place looked up again."""
        parts: dict[TopicPartition, list[Raw]] = {}
        back: set[TopicPartition] = set()
        for raw in records:
            tp = TopicPartition(raw.topic, raw.partition)
            if (place := self.next.get(tp)) is None:
                continue
            if raw.offset >= place:
                parts.setdefault(tp, []).append(raw)
            else:
                back.add(tp)
        if lost := back - parts.keys():
            self.forget(lost)
            self.wake()
        return parts

    def moved(self, moves: Iterable[Move]) -> None:
        """Remember the committed places of partitions we still hold."""
        for move in moves:
            if (tp := TopicPartition(move.topic, move.partition)) in self.next:
                self.next[tp] = move.next

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """The truth may have moved: these places are unknown now."""
        for tp in partitions:
            self.next.pop(tp, None)

    def back(self, places: Mapping[TopicPartition, int]) -> None:
        """Read these partitions again from here on."""
        if (client := self.subscriber.consumer) is None:
            return
        for tp in places.keys() & client.assignment():
            client.seek(tp, places[tp])

    def rest(self, topic: str, seconds: float) -> None:
        """Read on with this topic, from our places, after so long; others go on meanwhile."""
        if (client := self.subscriber.consumer) is None:
            return
        held = [tp for tp in client.assignment() if tp.topic == topic and tp in self.next]
        for tp in held:
            client.seek(tp, self.next[tp])
        client.pause(*held)
        asyncio.get_running_loop().call_later(seconds, _resume, client, held)

    def wake(self) -> None:
        """Look for every missing place, in one task."""
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._find())

    async def _find(self) -> None:
        delay = 0.2
        while (client := self.subscriber.consumer) is not None and (
            missing := sorted(client.assignment() - self.next.keys())
        ):
            try:
                async with asyncio.timeout(10):
                    stored = await self._stored(client, missing)
            except Exception as error:  # noqa: BLE001 - a door: the database or Kafka is away, ask again
                log.warning("consumer %s: its offsets cannot be read: %r", self.name, error)
                await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - jitter
                delay = min(5, delay * 2)
                continue
            for tp, offset in stored.items():  # no await in here: assignment, seek and place agree
                if tp in client.assignment() and tp not in self.next:
                    client.seek(tp, offset)
                    self.next[tp] = offset

    async def _stored(self, client: Any, missing: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Stored offsets; 0 for a new cluster, and for a log that ends before our place (decisions 3)."""
        self.cluster = await topics.cluster_id(self.bootstrap)
        ends = await client.end_offsets(missing)
        found: dict[TopicPartition, int] = {}
        async with self.works.reading() as db:
            for row in await db.fetch(
                _READ, self.name, [tp.topic for tp in missing], [tp.partition for tp in missing], self.cluster
            ):
                tp, offset = TopicPartition(row["topic"], row["partition"]), row["next"]
                if row["cluster"] != self.cluster or ends[tp] < offset:
                    log.warning(
                        "consumer %s: %s is another log than before, reading it from its beginning", self.name, tp
                    )
                    await db.execute(_BEGIN_AGAIN, self.name, tp.topic, tp.partition, self.cluster)
                    offset = 0
                found[tp] = offset
        return found
