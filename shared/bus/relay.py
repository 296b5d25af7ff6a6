"""The relay: outbox -> Kafka, in order, by one active process per database.

Leadership is a session advisory lock on a connection of its own; no transaction is held while sending. On any failure the
producer is made anew and the first unconfirmed row is sent again: readers drop the double by its sequence.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from aiokafka import AIOKafkaProducer

from shared.bus.broker import guarded, make_producer, stop_producer
from shared.bus.pace import Pace
from shared.contracts.envelope import MEDIA_TYPE, Envelope, Fact, encode, fact_type
from shared.store.db import Connection, open_direct
from shared.store.unit_of_work import Works
from shared.telemetry.metrics import Metrics
from shared.telemetry.tracing import Tracing

log = logging.getLogger(__name__)

BATCH = 2000
IDLE_SECONDS = 0.5
CONFIRM_SECONDS = 30

_READ = """SELECT o.position, o.replay, o.contact, o.added_at, f.id, f.type, f.source, f.topic, f.key, f.envelope, f.traceparent
FROM outbox o LEFT JOIN fact f ON f.id = o.fact ORDER BY o.position LIMIT $1"""
_DELETE = "DELETE FROM outbox WHERE position = ANY($1::bigint[])"
_LEAD = "SELECT pg_try_advisory_lock($1)"
_PENDING = "SELECT count(*) AS pending, extract(epoch FROM clock_timestamp() - min(added_at)) AS oldest FROM (SELECT added_at FROM outbox ORDER BY position LIMIT 100000) o"
LOCK = 7_140_001


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record ready to send."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


Sealer = Callable[[Connection, Sequence[Any]], Awaitable[dict[Any, Outgoing]]]
"""Turns contact ids into sealed records when they are sent (decisions 2)."""


def tombstone(topic: str, key: str) -> Outgoing:
    """Forget this key (compacted topics)."""
    return Outgoing(topic, key.encode(), None, ())


def current(works: Works, fact: Fact, sequence: int) -> Outgoing:
    """The current record of a compacted topic that is made when it is sent: a contact, sealed (decisions 2)."""
    kind, id_ = fact_type(type(fact)), works.new_id()
    envelope = Envelope(
        specversion="1.0", id=id_, source=f"/gandan/{works.service}", type=kind, subject=fact.subject, time=works.clock(),
        dataschema=f"/schemas/{fact.topic}/{kind}.json", sequence=sequence, epoch=works.epoch, data=msgspec.Raw(encode(fact)),
    )  # fmt: skip
    headers = [
        ("ce_id", str(id_).encode()),
        ("ce_type", kind.encode()),
        ("ce_source", envelope.source.encode()),
        ("content-type", MEDIA_TYPE.encode()),
    ]
    return Outgoing(fact.topic, fact.subject.encode(), encode(envelope), headers)


def record_of(row: Any) -> Outgoing:
    """A fact's record: the kept envelope as value, CloudEvents headers for readers that only look at those."""
    headers = [
        ("ce_id", str(row["id"]).encode()),
        ("ce_type", row["type"].encode()),
        ("ce_source", row["source"].encode()),
        ("content-type", MEDIA_TYPE.encode()),
    ]
    if row["traceparent"]:
        headers.append(("traceparent", row["traceparent"].encode()))
    if row["replay"]:
        headers.append(("x-replay", b"1"))
    return Outgoing(row["topic"], row["key"].encode(), row["envelope"], headers)


@dataclass(slots=True)
class Relay:
    """Sends one service's outbox for as long as it leads."""

    service: str
    url: str
    bootstrap: str
    wake: asyncio.Event
    metrics: Metrics
    tracing: Tracing
    prefix: str = ""
    sealer: Sealer | None = None
    batch: int = BATCH
    leading: bool = False
    error: str | None = None
    sent: int = 0
    failpoint: Callable[[str], None] = field(default=lambda _where: None)
    """Tests end the process here, between every two steps."""

    async def run(self) -> None:
        """Lead, send, and begin again after any failure; ends only by cancellation."""
        delay = 0.1
        while True:
            began = time.monotonic()
            try:
                await self._lead()
            except Exception as error:  # noqa: BLE001 - a door: whatever happens, the relay goes on
                self.error = f"{type(error).__name__}: {error}"[:200]
                log.warning("relay %s: %s", self.service, self.error)
            self.leading = False
            delay = 0.1 if time.monotonic() - began > 5 else min(5, delay * 2)  # noqa: PLR2004 - it ran well for a while
            await asyncio.sleep(delay)

    async def _lead(self) -> None:
        connection = await open_direct(self.url, name=f"{self.service}-relay")
        try:
            while not await connection.fetchval(_LEAD, LOCK):
                self.error = None
                self.wake.clear()  # or a commit of this process would make the wait below a hot loop
                await self._pause()
            self.leading = True
            await self._send_all(connection)
        finally:
            await guarded(connection.close(timeout=1), 2)
            connection.terminate()

    async def _send_all(self, connection: Connection) -> None:
        producer = await make_producer(self.bootstrap, f"{self.service}-relay")
        self.error, pace = None, Pace()
        try:
            while True:
                self.wake.clear()
                pace.begin()
                if await self.send_batch(connection, producer) < self.batch:
                    await self._pause()
                    await pace.rest()
        finally:
            await stop_producer(producer, 3)

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                await self.wake.wait()

    async def send_batch(self, connection: Connection, producer: AIOKafkaProducer) -> int:
        """Send the oldest rows in order, wait for every ack, delete them; returns how many."""
        rows = await connection.fetch(_READ, self.batch)
        if not rows:
            return 0
        contacts = await self._sealed(connection, [row["contact"] for row in rows if row["contact"]])
        with self.tracing.send_batch(
            sorted({row["topic"] for row in rows if row["topic"]}),
            [(row["id"], row["traceparent"]) for row in rows if row["id"]],
        ):
            waits = [await self._send(producer, row, contacts) for row in rows]
            self.failpoint("sent")
            await _confirmed([wait for wait in waits if wait is not None])
        self.failpoint("confirmed")
        await connection.execute(_DELETE, [row["position"] for row in rows])
        self.failpoint("deleted")
        self.sent += len(rows)
        self.metrics.outbox.relay_delay.record(
            max(0.0, time.time() - rows[0]["added_at"].timestamp()), {"service": self.service}
        )
        return len(rows)

    async def _send(
        self, producer: AIOKafkaProducer, row: Any, contacts: Mapping[Any, Outgoing]
    ) -> asyncio.Future[Any] | None:
        outgoing = contacts.get(row["contact"]) if row["contact"] else record_of(row)
        if outgoing is None:
            return None
        future: asyncio.Future[Any] = await producer.send(
            self.prefix + outgoing.topic, value=outgoing.value, key=outgoing.key, headers=outgoing.headers
        )
        return future

    async def _sealed(self, connection: Connection, contacts: Sequence[Any]) -> dict[Any, Outgoing]:
        return await self.sealer(connection, contacts) if contacts and self.sealer is not None else {}


async def _confirmed(waits: Sequence[asyncio.Future[Any]]) -> None:
    """Wait for every ack, at most `CONFIRM_SECONDS`; the first error, or TimeoutError, is raised and nothing is cancelled."""
    if not waits:
        return
    _done, late = await asyncio.wait(waits, timeout=CONFIRM_SECONDS)
    if late:
        raise TimeoutError(f"{len(late)} records are not confirmed after {CONFIRM_SECONDS} s")
    for wait in waits:
        wait.result()


async def measure(connection: Connection, service: str, metrics: Metrics) -> None:
    """Set the gauges of the outbox: rows pending (counted up to 100 000) and the age of the oldest, in seconds."""
    row = await connection.fetchrow(_PENDING)
    metrics.outbox.pending.set(row["pending"], {"service": service})
    metrics.outbox.oldest_pending.set(float(row["oldest"] or 0), {"service": service})


_REFILL = """WITH chunk AS (SELECT id, aggregate, sequence FROM fact WHERE (aggregate, sequence) > ($1, $2) AND topic = ANY($3::text[])
    ORDER BY aggregate, sequence LIMIT $4),
i AS (INSERT INTO outbox (fact, replay) SELECT id, true FROM chunk ORDER BY aggregate, sequence)
SELECT aggregate, sequence, count(*) OVER () AS rows FROM chunk ORDER BY aggregate DESC, sequence DESC LIMIT 1"""
_REFILL_CONTACTS = "INSERT INTO outbox (contact) SELECT recipient FROM contact ORDER BY recipient"


async def refill(
    connection: Connection, topics: Sequence[str], *, contacts: bool, chunk: int = 10_000
) -> AsyncIterator[int]:
    """Put every kept fact of these topics back into the outbox, same ids and sequences; yields the rows so far."""
    place, total = (UUID(int=0), 0), 0
    while (row := await connection.fetchrow(_REFILL, *place, list(topics), chunk)) is not None:
        place, total = (row["aggregate"], row["sequence"]), total + row["rows"]
        yield total
    if contacts:
        await connection.execute(_REFILL_CONTACTS)
