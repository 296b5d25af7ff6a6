"""Records made by hand: the facts of one line in sequence, whole, doubled, out of order or broken, and a consumer to give them to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
from aiokafka import TopicPartition

from shared.bus.arrival import Raw
from shared.bus.consumer import Consumer, Listener
from shared.contracts.envelope import Envelope, Fact, derived_id, encode, fact_type
from shared.contracts.intake import DOSSIERS
from shared.store.unit_of_work import Works
from shared.telemetry.metrics import Metrics
from shared.testing.clock import MONDAY_MORNING

CLUSTER = "a-cluster"


def envelope_of(fact: Fact, sequence: int, **changes: Any) -> bytes:
    """The envelope of a fact as a producer writes it; `changes` replace attributes of it."""
    kind = fact_type(type(fact))
    made = Envelope(
        specversion="1.0", id=derived_id("record", fact.subject, sequence), source="/gandan/probe", type=kind, subject=fact.subject,
        time=MONDAY_MORNING, sequence=sequence, data=msgspec.Raw(encode(fact)),
    )  # fmt: skip
    return encode(msgspec.structs.replace(made, **changes))


def binary_headers(fact: Fact, sequence: int) -> tuple[tuple[str, bytes], ...]:
    """The `ce_` headers of the binary mode; the value is the fact alone."""
    attributes = {
        "specversion": "1.0", "id": str(derived_id("record", fact.subject, sequence)), "source": "/gandan/probe", "type": fact_type(type(fact)),
        "subject": fact.subject, "time": MONDAY_MORNING.isoformat(), "sequence": str(sequence),
    }  # fmt: skip
    return tuple((f"ce_{name}", value.encode()) for name, value in attributes.items())


@dataclass(slots=True)
class Log:
    """One partition of a topic as Kafka would number it."""

    topic: str = DOSSIERS
    partition: int = 0
    end: int = 0

    def record(self, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]] = ()) -> Raw:
        """Any record at all, at the next offset."""
        self.end += 1
        return Raw(
            self.topic, self.partition, self.end - 1, key, value, tuple(headers), int(MONDAY_MORNING.timestamp() * 1000)
        )

    def fact(self, fact: Fact, sequence: int, **changes: Any) -> Raw:
        """A fact's record, at the next offset."""
        return self.record(fact.subject.encode(), envelope_of(fact, sequence, **changes))


@dataclass(slots=True)
class Fed:
    """A consumer that is handed its batches by the test; its place and its effects are in a real database."""

    consumer: Consumer
    works: Works
    failures: list[str] = field(default_factory=list)

    async def give(self, *records: Raw) -> None:
        """One batch; an AssertionError when it was rolled back."""
        await self.offer(*records)
        assert self.consumer.error is None, self.consumer.error

    async def offer(self, *records: Raw) -> None:
        """One batch, whatever becomes of it; the places are read again from the database before it, as after a failure."""
        await self._find_places(records)
        self.consumer.backoff = 0.001
        await self.consumer.batch(records)

    async def _find_places(self, records: Sequence[Raw]) -> None:
        async with self.works.reading() as db:
            for topic, partition in sorted({(raw.topic, raw.partition) for raw in records}):
                await db.execute(
                    "INSERT INTO offsets (consumer, topic, partition, cluster, next) VALUES ($1, $2, $3, $4, 0) ON CONFLICT DO NOTHING",
                    self.consumer.name, topic, partition, CLUSTER,
                )  # fmt: skip
                self.consumer.place.next[TopicPartition(topic, partition)] = await db.fetchval(
                    "SELECT next FROM offsets WHERE consumer = $1 AND topic = $2 AND partition = $3",
                    self.consumer.name, topic, partition,
                )  # fmt: skip

    async def lines(self) -> dict[UUID, tuple[int, int]]:
        """Total and last sequence of every line."""
        async with self.works.reading() as db:
            return {
                row["id"]: (row["total"], row["last_sequence"]) for row in await db.fetch("SELECT * FROM probe_line")
            }

    async def parked(self) -> list[tuple[int | None, str]]:
        """Sequence and reason of every kept record, in the order they came."""
        async with self.works.reading() as db:
            found = await db.fetch('SELECT sequence, reason FROM parked ORDER BY topic, partition, "offset"')
        return [(row["sequence"], row["reason"]) for row in found]

    async def sequence(self, key: UUID) -> int:
        """The last sequence applied for a key; 0 when it is unknown."""
        async with self.works.reading() as db:
            return await db.fetchval("SELECT sequence FROM applied WHERE key = $1", key) or 0

    async def next(self, topic: str = DOSSIERS, partition: int = 0) -> int:
        """Where the consumer stands in the database."""
        async with self.works.reading() as db:
            place: int = await db.fetchval(
                "SELECT next FROM offsets WHERE topic = $1 AND partition = $2", topic, partition
            )
        return place

    def counts(self) -> dict[str, int]:
        """What became of the records; checked to add up to what was consumed."""
        found = {what: number for what, number in self.consumer.consumed.items() if number}
        assert sum(number for what, number in found.items() if what != "consumed") == found.get("consumed", 0), found
        return found


def fed(works: Works, listener: Listener, metrics: Metrics, failpoint: Callable[[str], None] | None = None) -> Fed:
    """A consumer without Kafka, on a real database."""
    consumer = Consumer(listener, works, "nowhere:1", metrics)
    consumer.place.cluster = CLUSTER
    consumer.place.subscriber = SimpleNamespace(consumer=None)
    if failpoint is not None:
        consumer.failpoint = failpoint
    return Fed(consumer, works)
