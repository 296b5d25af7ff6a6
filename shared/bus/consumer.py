"""The consumer runtime: one batch = one transaction of effects, own facts, sequences and offsets.

FastStream subscribes; where we stand is decided by the database alone. A record that fails again and again is found by
bisection and parked with the later records of its key; the rest flows.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import ConsumerStoppedError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from shared.bus import held
from shared.bus.arrival import Arrival, Raw, key_id, raw_of
from shared.bus.bisecting import attempt, bisect, comes_again
from shared.bus.broker import guarded
from shared.bus.pace import Pace
from shared.bus.place import Move, Place
from shared.bus.sorting import Breaker, Outcome, Reading, Sorting
from shared.bus.unreadable import Unreadable
from shared.contracts.envelope import Catalogue
from shared.kernel import system
from shared.store.unit_of_work import Work, Works
from shared.telemetry import tracing
from shared.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

Apply = Callable[[Work, Sequence[Arrival]], Awaitable[None]]
BATCH_SECONDS = 60
BATCH_RECORDS = 2000
"""At most so many in one transaction. Measured for a projection catching up: 0.56 of its limit with 500, 0.67 with 1000, 0.73 with 2000."""
PORTION_BYTES = 1 << 20
_COUNTERS = {
    "applied": "applied",
    "duplicate": "duplicates",
    "ignored": "ignored",
    "refused": "refused",
    "held": "held",
    "parked": "parked",
}


@dataclass(frozen=True, slots=True)
class Listener:
    """What one consumer reads: a function per topic, in the order facts of one batch are applied."""

    name: str
    """Also the consumer group: `<service>.<consumer>`."""
    catalogue: Catalogue
    topics: Mapping[str, Apply]


@dataclass(slots=True)
class Consumer:
    """One listener running on one broker object."""

    listener: Listener
    works: Works
    bootstrap: str
    metrics: Metrics
    prefix: str = ""
    """Put before every topic's name, so that several installations can share one Kafka."""
    place: Place = field(init=False)
    reading: Reading = field(init=False)
    subscriber: Any = None
    busy_since: float | None = None
    polled_at: float = 0.0
    """When Kafka's client last answered a poll, be it with nothing; on the monotonic clock."""
    pace: Pace = field(default_factory=Pace)
    backoff: float = 0.2
    committed_at: float = 0.0
    error: str | None = None
    consumed: Counter[str] = field(default_factory=Counter)
    dead: bool = False
    """It did not come back although Kafka answers: the process must end (watchdog)."""
    breaker: Breaker = field(default_factory=Breaker)
    applied_at: float = 0.0
    background: set[asyncio.Task[Any]] = field(default_factory=set)
    failpoint: Callable[[str], None] = field(default=lambda _where: None)

    def __post_init__(self) -> None:
        self.reading = Reading.of(self.name, self.listener.catalogue, list(self.listener.topics), self.prefix)
        self.place = Place(self.name, self.works, self.bootstrap)

    @property
    def name(self) -> str:
        """The consumer group."""
        return self.listener.name

    def subscribe(self, broker: KafkaBroker, *, slot: str | None = None) -> None:
        """Add this consumer to a broker; `slot` makes it a static member, only where the slot is unique."""
        static = f"{self.name}-{slot}" if slot else None

        async def parser(records: Any) -> KafkaAckableMessage:
            return KafkaAckableMessage(
                body=b"",
                raw_message=records,
                consumer=self.subscriber.consumer,
                headers={},
                message_id="",
                correlation_id="",
            )

        async def decoder(message: Any) -> Any:
            return message.raw_message

        records, portion = self._portions()
        self.subscriber = broker.subscriber(
            *self._topics(), pattern=self._pattern(), group_id=self.prefix + self.name, listener=self.place, batch=True, batch_timeout_ms=20, max_records=records,
            max_partition_fetch_bytes=portion,
            ack_policy=AckPolicy.MANUAL, parser=parser, decoder=decoder, auto_offset_reset="earliest", fetch_max_wait_ms=500,
            session_timeout_ms=10_000, heartbeat_interval_ms=3_000, isolation_level="read_committed", group_instance_id=static,
            partition_assignment_strategy=self._assignors(),
        )  # fmt: skip
        self.place.subscriber = self.subscriber
        self.subscriber(self._handle)
        self._feel_polls()

    def _topics(self) -> Sequence[str]:
        return [self.prefix + topic for topic in self.listener.topics]

    def _pattern(self) -> str | None:
        """Topics by a pattern of their names instead."""
        return None

    def _portions(self) -> tuple[int, int]:
        """How much is read at once: records of all partitions, bytes of one."""
        return BATCH_RECORDS, PORTION_BYTES

    def _assignors(self) -> Sequence[type[AbstractPartitionAssignor]]:
        """How the group shares the partitions out, the most wanted way first."""
        return (RoundRobinPartitionAssignor,)

    def _feel_polls(self) -> None:
        """Note each poll that was answered: one that fails (a dead heartbeat) comes again without a word of FastStream."""
        poll = self.subscriber.get_msg

        async def noted(client: Any) -> Any:
            try:
                found = await poll(client)
            except Exception as error:
                self.place.back(self.place.next)  # what the poll had of other partitions is gone with it
                if (unreadable := Unreadable.of(error)) is None:
                    if not isinstance(error, ConsumerStoppedError):
                        log.warning("consumer %s: a poll failed: %s", self.name, type(error).__name__)
                    raise
                found = await unreadable.told(client)
            self.polled_at = time.monotonic()
            return found

        self.subscriber.get_msg = noted

    async def _handle(self, records: Any) -> None:
        """Called by FastStream with each batch; never raises, since nothing may be skipped."""
        self.pace.begin()
        async with self.place.busy:
            self.busy_since = time.monotonic()
            try:
                await self.batch([raw_of(record) for record in records])
            finally:
                self.busy_since, self.polled_at = None, time.monotonic()
        await self.pace.rest()

    async def batch(self, records: Sequence[Raw]) -> None:
        """Apply one batch; on failure forget the places, back off and ask the database again."""
        parts = self.place.mine(records)
        if not parts:
            return
        moves = [
            Move(tp.topic, tp.partition, self.place.next[tp], rs[-1].offset + 1) for tp, rs in sorted(parts.items())
        ]
        taken = [raw for rs in parts.values() for raw in rs]
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                outcome = await self._process(moves, taken)
        except Exception as error:  # noqa: BLE001 - a door: the batch is rolled back and comes again
            await self._failed(parts, error)
            return
        self.backoff, self.error, self.applied_at = 0.2, None, time.time()
        self.place.moved(move for move in moves if move.topic not in outcome.later)
        for topic, seconds in outcome.rests.items():
            self.place.rest(topic, seconds)
        self._commit_for_display()

    async def _failed(self, parts: Mapping[TopicPartition, Sequence[Raw]], error: Exception) -> None:
        self.error = f"{type(error).__name__}: {error}"[:200]
        log.warning("consumer %s: batch rolled back: %s", self.name, self.error)
        self.place.forget(parts)
        await asyncio.sleep(self.backoff * random.uniform(0.5, 1))  # noqa: S311 - jitter
        self.backoff = min(30, self.backoff * 2)
        self.place.wake()

    async def _process(self, moves: Sequence[Move], records: Sequence[Raw]) -> Outcome:
        """Apply them in one transaction."""
        began = time.perf_counter()
        with self.span(records):
            try:
                outcome = await self._transaction(moves, records, careful=False)
            except Exception as error:
                if comes_again(error):
                    raise
                log.info(
                    "consumer %s: %s in a batch of %d, looking for the guilty record",
                    self.name,
                    type(error).__name__,
                    len(records),
                )
                outcome = await self._transaction(moves, records, careful=True)
        if taken := [raw for raw in records if raw.topic not in outcome.later]:
            self._count(outcome, taken, time.perf_counter() - began)
        return outcome

    def span(self, records: Sequence[Raw]) -> AbstractContextManager[None]:
        """Around one batch, linked to where its facts were made."""
        links = (tracing.Arrival(r.text("ce_id") or "", r.text("traceparent")) for r in records)
        return self.works.tracing.process_batch((r.topic for r in records), self.name, links, len(records))

    async def _transaction(self, moves: Sequence[Move], records: Sequence[Raw], *, careful: bool) -> Outcome:
        async with self.works.begin(system(self.name)) as work:
            outcome = await self._sorted(work, records)
            self.failpoint("sorted")
            if careful:
                await bisect(work, self._apply, outcome)
                await held.settle(work.db, self.name, moves, outcome.states, self.place.cluster)
            else:
                await held.settle(work.db, self.name, moves, outcome.states, self.place.cluster)
                await self._apply(work, outcome.run)
                outcome.tell(outcome.run)
            await held.heal(work.db, outcome.healed)  # first: a healed record may have to be kept again
            await held.park(work.db, self.name, self.place.cluster, outcome.parked, work.now)
            await work.flush()
            self.failpoint("effects")
        self.failpoint("committed")
        return outcome

    async def _sorted(self, work: Work, records: Sequence[Raw]) -> Outcome:
        outcome = Outcome(self.breaker)
        keys = {(r.topic, k) for r in records if (k := key_id(r.key)) is not None}
        outcome.states = await held.states(work.db, self.name, keys)
        waiting = await held.waiting(work.db, self.name, [key for key, state in outcome.states.items() if state.held])
        Sorting(self.reading, outcome, waiting).sort(records)
        return outcome

    async def attempt(self, work: Work, arrivals: Sequence[Arrival]) -> Exception | None:
        """Apply these below a savepoint; the error that rolled it back, or None. What passes by itself is raised."""
        return await attempt(work, self._apply, arrivals)

    async def _apply(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        for topic, apply in self.listener.topics.items():
            if mine := [
                arrival for arrival in arrivals if arrival.raw.topic == self.prefix + topic and not arrival.silent
            ]:
                await apply(work, mine)
                self.failpoint("applied")

    def _count(self, outcome: Outcome, records: Sequence[Raw], seconds: float) -> None:
        meters, age = self.metrics.consumer, max(0.0, time.time() - records[0].timestamp_ms / 1000)
        for (what, topic), number in outcome.counts.items():
            self.consumed[what] += number
            getattr(meters, _COUNTERS[what]).add(number, {"consumer": self.name, "topic": topic})
        self.consumed["consumed"] += len(records) + len(outcome.healed)  # a kept record comes a second time
        self.breaker.remember(outcome.guilty)
        meters.record_age.record(age, {"consumer": self.name, "topic": records[0].topic})
        meters.process_duration.record(
            seconds,
            {
                "messaging.consumer.group.name": self.name,
                "messaging.destination.name": records[0].topic,
                "error.type": "",
            },
        )

    def _commit_for_display(self) -> None:
        """Kafka's own offsets, once a second and not awaited: lag displays read them, nothing else does."""
        consumer = self.subscriber.consumer if self.subscriber is not None else None
        if consumer is None or time.monotonic() - self.committed_at < 1:
            return
        self.committed_at = time.monotonic()
        if own := {tp: place for tp, place in self.place.next.items() if tp in consumer.assignment()}:
            task = asyncio.create_task(guarded(consumer.commit(own), 5))
            self.background.add(task)
            task.add_done_callback(self.background.discard)

    def lag(self) -> tuple[int, float]:
        """Records not yet applied, and seconds behind (0 at the end of the log)."""
        consumer = self.subscriber.consumer if self.subscriber is not None else None
        if consumer is None:
            return 0, 0.0
        behind = 0
        for tp, place in list(self.place.next.items()):
            with contextlib.suppress(Exception):
                behind += max(0, (consumer.highwater(tp) or place) - place)
        return behind, (time.time() - self.applied_at if behind and self.applied_at else 0.0)
