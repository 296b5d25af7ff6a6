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
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiokafka import TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from shared.bus import held, topics
from shared.bus.arrival import Arrival, Raw, Undecodable, decode, key_id, raw_of
from shared.bus.broker import guarded
from shared.bus.pace import Pace
from shared.bus.place import Lost, Move, Place
from shared.contracts.envelope import Catalogue, family
from shared.kernel import Refused, system
from shared.store.db import passes
from shared.store.unit_of_work import Work, Works
from shared.telemetry import tracing
from shared.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

Apply = Callable[[Work, Sequence[Arrival]], Awaitable[None]]
BATCH_SECONDS = 60
BREAKER_PER_MINUTE = 100
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
class Outcome:
    """What became of a batch, record by record: applied + duplicate + ignored + refused + held + parked = consumed."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By (what became of it, topic)."""
    run: list[Arrival] = field(default_factory=list)
    parked: list[held.Parked] = field(default_factory=list)
    healed: list[int] = field(default_factory=list)
    states: dict[tuple[str, UUID], held.State] = field(default_factory=dict)
    guilty: int = 0

    def drop(self, kept: Sequence[held.Waiting]) -> None:
        """What was kept is behind us now: counted a second time, as a duplicate."""
        self.healed += [w.id for w in kept]
        self.counts.update(("duplicate", w.raw.topic) for w in kept)

    def tell(self, arrivals: Sequence[Arrival]) -> None:
        """Count what ran: applied, or ignored where the type is not read here."""
        self.counts.update(("ignored" if arrival.silent else "applied", arrival.raw.topic) for arrival in arrivals)


class Broken(Exception):  # noqa: N818 - the breaker's word
    """Too many guilty records in a minute: this looks like a bad deploy, so the consumer stops and says so."""


def _passes(error: Exception) -> bool:
    """What rolls the whole batch back, to come again: no record is guilty of it."""
    return isinstance(error, (Lost, Broken)) or passes(error)


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
    families: dict[str, object] = field(init=False)
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
    guilty_times: list[float] = field(default_factory=list)
    applied_at: float = 0.0
    background: set[asyncio.Task[Any]] = field(default_factory=set)
    failpoint: Callable[[str], None] = field(default=lambda _where: None)

    def __post_init__(self) -> None:
        self.families = {family(type_)[0]: None for type_ in self.listener.catalogue.kinds}
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

        self.subscriber = broker.subscriber(
            *(self.prefix + topic for topic in self.listener.topics), group_id=self.prefix + self.name, listener=self.place, batch=True, max_records=500, batch_timeout_ms=20,
            ack_policy=AckPolicy.MANUAL, parser=parser, decoder=decoder, auto_offset_reset="earliest", fetch_max_wait_ms=500,
            session_timeout_ms=10_000, heartbeat_interval_ms=3_000, isolation_level="read_committed", group_instance_id=static,
        )  # fmt: skip
        self.place.subscriber = self.subscriber
        self.subscriber(self._handle)
        self._feel_polls()

    def _feel_polls(self) -> None:
        """Note each poll that was answered: one that fails (a dead heartbeat) is logged by FastStream and nothing else."""
        poll = self.subscriber.get_msg

        async def noted(client: Any) -> Any:
            found = await poll(client)
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
                await self._process(moves, taken)
        except Exception as error:  # noqa: BLE001 - a door: the batch is rolled back and comes again
            await self._failed(parts, error)
            return
        self.backoff, self.error, self.applied_at = 0.2, None, time.time()
        self.place.moved(moves)
        self._commit_for_display()

    async def _failed(self, parts: Mapping[TopicPartition, Sequence[Raw]], error: Exception) -> None:
        self.error = f"{type(error).__name__}: {error}"[:200]
        log.warning("consumer %s: batch rolled back: %s", self.name, self.error)
        self.place.forget(parts)
        await asyncio.sleep(self.backoff * random.uniform(0.5, 1))  # noqa: S311 - jitter
        self.backoff = min(30, self.backoff * 2)
        self.place.wake()

    async def _process(self, moves: Sequence[Move], records: Sequence[Raw]) -> None:
        began = time.perf_counter()
        links = (tracing.Arrival(r.text("ce_id") or "", r.text("traceparent")) for r in records)
        with self.works.tracing.process_batch(moves[0].topic, self.name, links, len(records)):
            try:
                outcome = await self._transaction(moves, records, careful=False)
            except Exception as error:
                if _passes(error):
                    raise
                log.info(
                    "consumer %s: %s in a batch of %d, looking for the guilty record",
                    self.name,
                    type(error).__name__,
                    len(records),
                )
                outcome = await self._transaction(moves, records, careful=True)
        self._count(outcome, records, time.perf_counter() - began)

    async def _transaction(self, moves: Sequence[Move], records: Sequence[Raw], *, careful: bool) -> Outcome:
        async with self.works.begin(system(self.name)) as work:
            outcome = await self.sort(work, records)
            self.failpoint("sorted")
            if careful:
                await self._bisect(work, outcome)
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

    async def sort(self, work: Work, records: Sequence[Raw]) -> Outcome:
        """Decide for each record, in order: apply, duplicate, ignored, held for a gap, or parked."""
        outcome = Outcome()
        outcome.states = await held.states(
            work.db, self.name, {(r.topic, k) for r in records if (k := key_id(r.key)) is not None}
        )
        waiting = await held.waiting(work.db, self.name, [key for key, state in outcome.states.items() if state.held])
        for raw in records:
            try:
                arrival = self._decode(raw)
            except Undecodable as error:
                self._park_undecodable(outcome, raw, error)
                continue
            self._place(outcome, arrival, waiting)
        return outcome

    def _decode(self, raw: Raw, *, retried: bool = False) -> Arrival:
        topic, compact = raw.topic.removeprefix(self.prefix), self.keeps_newest(raw.topic)
        return decode(
            raw, self.listener.catalogue, self.families, self.name, topic=topic, compacted=compact, retried=retried
        )

    def read_again(self, raw: Raw) -> Arrival:
        """A kept record as an arrival; `Undecodable` when it still cannot be read."""
        return self._decode(raw, retried=True)

    def keeps_newest(self, topic: str) -> bool:
        """Whether this topic is compacted: the newest record of a key is all there is."""
        return topic.removeprefix(self.prefix) in topics.COMPACTED

    def _park_undecodable(self, outcome: Outcome, raw: Raw, error: Undecodable) -> None:
        key = key_id(raw.key)
        outcome.parked.append(held.Parked(raw, key, None, error.reason, str(error)))
        outcome.counts["parked", raw.topic] += 1
        self._guilty(outcome)
        if key is not None and not self.keeps_newest(raw.topic):
            state = outcome.states.setdefault((raw.topic, key), held.State())
            state.held, state.guilty = state.held + 1, True

    def _place(
        self, outcome: Outcome, arrival: Arrival, waiting: Mapping[tuple[str, UUID], list[held.Waiting]]
    ) -> None:
        state = outcome.states.setdefault((arrival.raw.topic, arrival.key), held.State())
        if self.keeps_newest(arrival.raw.topic):
            self._place_compacted(outcome, arrival, state, waiting.get((arrival.raw.topic, arrival.key), []))
        elif arrival.other_version:
            outcome.counts["ignored", arrival.raw.topic] += 1
        elif arrival.sequence <= state.sequence:
            outcome.counts["duplicate", arrival.raw.topic] += 1
        elif state.guilty or arrival.sequence > state.sequence + 1:
            reason = "behind" if state.guilty else "gap"
            outcome.parked.append(held.Parked(arrival.raw, arrival.key, arrival.sequence, reason, ""))
            outcome.counts["held", arrival.raw.topic] += 1
            state.held += 1
        else:
            self._take(outcome, arrival, state)
            self._take_waiting(outcome, arrival, state, waiting.get((arrival.raw.topic, arrival.key), []))

    def _place_compacted(
        self, outcome: Outcome, arrival: Arrival, state: held.State, kept: Sequence[held.Waiting]
    ) -> None:
        """The newest record of a key is all there is: it runs, and what was kept before it is dropped."""
        if not arrival.tombstone and arrival.sequence <= state.sequence:
            outcome.counts["duplicate", arrival.raw.topic] += 1
            return
        state.sequence = max(state.sequence, arrival.sequence)
        outcome.run.append(arrival)
        if state.held:
            state.held = 0
            outcome.drop(kept)

    def _take(self, outcome: Outcome, arrival: Arrival, state: held.State) -> None:
        state.sequence = arrival.sequence
        outcome.run.append(arrival)

    def _take_waiting(
        self, outcome: Outcome, arrival: Arrival, state: held.State, waiting: Sequence[held.Waiting]
    ) -> None:
        """A gap filled: the held facts that follow without a gap run in the same transaction."""
        if not state.held:
            return
        mine = (arrival.raw.topic, arrival.key)
        following: list[held.Waiting | held.Parked] = [w for w in waiting if w.id not in outcome.healed]
        following += [p for p in outcome.parked if (p.raw.topic, p.key) == mine]
        for kept in sorted(following, key=lambda kept: kept.sequence or 0):
            if (kept.sequence or 0) > state.sequence + 1:
                break
            if not self._take_kept(outcome, kept, state):
                break

    def _take_kept(self, outcome: Outcome, kept: held.Waiting | held.Parked, state: held.State) -> bool:
        """One held record whose turn has come; False when it can no longer be read and blocks the rest."""
        state.held -= 1
        if isinstance(kept, held.Parked):
            outcome.parked.remove(kept)
            outcome.counts["held", kept.raw.topic] -= 1
        if kept.sequence == state.sequence + 1:
            try:
                arrival = self._decode(kept.raw, retried=isinstance(kept, held.Waiting))
            except Undecodable as error:
                self._park_undecodable(outcome, kept.raw, error)
                arrival = None
            if isinstance(kept, held.Waiting):
                outcome.healed.append(kept.id)
            if arrival is not None:
                self._take(outcome, arrival, state)
            return arrival is not None
        if isinstance(kept, held.Waiting):
            outcome.drop([kept])
        else:
            outcome.counts["duplicate", kept.raw.topic] += 1
        return True

    async def _apply(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        for topic, apply in self.listener.topics.items():
            if mine := [
                arrival for arrival in arrivals if arrival.raw.topic == self.prefix + topic and not arrival.silent
            ]:
                await apply(work, mine)
                self.failpoint("applied")

    async def _bisect(self, work: Work, outcome: Outcome) -> None:
        """Halve until the guilty records stand alone; later records of a guilty key are held behind it."""
        stack, guilty = [list(outcome.run)], set[tuple[str, UUID]]()
        while stack:
            piece = stack.pop()
            free = [a for a in piece if (a.raw.topic, a.key) not in guilty]
            for behind in (a for a in piece if (a.raw.topic, a.key) in guilty):
                self._hold_back(outcome, behind, "behind", "")
            if not free:
                continue
            error = await self.attempt(work, free)
            if error is None:
                outcome.tell(free)
            elif len(free) > 1:
                middle = len(free) // 2
                stack += [free[middle:], free[:middle]]
            elif isinstance(error, Refused):
                outcome.counts["refused", free[0].raw.topic] += 1
            else:
                guilty.add((free[0].raw.topic, free[0].key))
                self._hold_back(outcome, free[0], "handler", f"{type(error).__name__}: {error}"[:300])
                self._guilty(outcome)

    def _hold_back(self, outcome: Outcome, arrival: Arrival, reason: str, detail: str) -> None:
        state = outcome.states[arrival.raw.topic, arrival.key]
        outcome.parked.append(held.Parked(arrival.raw, arrival.key, arrival.sequence, reason, detail))
        outcome.counts["held" if reason == "behind" else "parked", arrival.raw.topic] += 1
        if not arrival.tombstone:
            state.sequence = min(state.sequence, arrival.sequence - 1)
        state.held, state.guilty = state.held + 1, True

    async def attempt(self, work: Work, arrivals: Sequence[Arrival]) -> Exception | None:
        """Apply these below a savepoint; the error that rolled it back, or None. What passes by itself is raised."""
        mark = work.mark()
        try:
            async with work.db.transaction():
                await self._apply(work, arrivals)
                await work.flush()
        except Exception as error:
            if _passes(error):
                raise
            work.reset(mark)  # the savepoint is rolled back, bisection goes on
            return error
        return None

    def _guilty(self, outcome: Outcome) -> None:
        """One more in this transaction; those of a transaction that is rolled back were never there."""
        outcome.guilty += 1
        now = time.monotonic()
        self.guilty_times = [t for t in self.guilty_times if now - t < 60]  # noqa: PLR2004 - a minute
        if (number := len(self.guilty_times) + outcome.guilty) > BREAKER_PER_MINUTE:
            raise Broken(f"{number} guilty records in a minute")

    def _count(self, outcome: Outcome, records: Sequence[Raw], seconds: float) -> None:
        meters, age = self.metrics.consumer, max(0.0, time.time() - records[0].timestamp_ms / 1000)
        for (what, topic), number in outcome.counts.items():
            self.consumed[what] += number
            getattr(meters, _COUNTERS[what]).add(number, {"consumer": self.name, "topic": topic})
        self.consumed["consumed"] += len(records) + len(outcome.healed)  # a kept record comes a second time
        self.guilty_times += [time.monotonic()] * outcome.guilty
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
