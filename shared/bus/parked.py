"""What an operator does with records that could not be applied: list, show, retry in order, discard with a reason.

A retry takes the same lock on its key as the consumer does, so both may run at once and each fact is applied once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.bus import held
from shared.bus.arrival import Arrival, Raw, Undecodable, key_id
from shared.bus.bisecting import comes_again
from shared.bus.consumer import Consumer
from shared.bus.door import Door
from shared.contracts.envelope import Fact, fact
from shared.kernel import Caller, Invalid, NotFound, Refused, system
from shared.store.db import Connection
from shared.store.unit_of_work import Work

DISCARD_REASONS = frozenset({"corrected-at-source", "obsolete", "test-data", "unreadable"})
"""Why a record may be discarded: a closed list, since a fact holds no free text (decisions 6)."""


class NotParked(NotFound):
    """There is no such parked record."""


class UnknownReason(Invalid):
    """A record is discarded for a reason of the closed list only."""


@fact("", "consumer")
class RecordDiscarded(Fact):
    """An operator discarded a parked record; unpublished, kept with the facts of the service that read it."""

    consumer: str
    record_topic: str
    partition: int
    offset: int
    sequence: int | None
    parked_as: str
    reason_class: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of `gandan parked list`: never the payload."""

    id: int
    consumer: str
    topic: str
    partition: int
    offset: int
    key: UUID | None
    sequence: int | None
    reason: str
    detail: str
    attempts: int
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """One record whole, as it came."""

    listed: Listed
    raw: Raw


@dataclass(slots=True)
class Retried:
    """What a retry did; `stopped` says why records are left."""

    applied: int = 0
    dropped: int = 0
    left: int = 0
    stopped: str = ""


_LISTED = 'id, consumer, topic, partition, "offset", key, sequence, reason, detail, attempts, parked_at'
_LIST = f"SELECT {_LISTED} FROM parked WHERE $1::text IS NULL OR consumer = $1 ORDER BY consumer, topic, key, sequence, id LIMIT 1000"
_KEYS = "SELECT DISTINCT topic, key FROM parked WHERE consumer = $1 AND (id = $2 OR key = $3) ORDER BY topic, key"
_OF_KEY = 'SELECT * FROM parked WHERE consumer = $1 AND topic = $2 AND key IS NOT DISTINCT FROM $3 ORDER BY cluster, partition, "offset"'
_TRIED = "UPDATE parked SET attempts = attempts + 1, reason = $2, detail = $3, sequence = coalesce($4, sequence) WHERE id = $1"
_APPLIED = """INSERT INTO applied AS a (consumer, topic, key, sequence, held) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (consumer, topic, key) DO UPDATE SET sequence = excluded.sequence, held = excluded.held"""


def _listed(row: Any) -> Listed:
    return Listed(**{name: row[name] for name in Listed.__slots__})


async def listed(db: Connection, consumer: str | None = None) -> list[Listed]:
    """The first 1000 parked records, by key and sequence."""
    return [_listed(row) for row in await db.fetch(_LIST, consumer)]


async def shown(db: Connection, record: int) -> Shown:
    """One parked record with headers and value; `NotParked`."""
    row = await db.fetchrow("SELECT * FROM parked WHERE id = $1", record)
    if row is None:
        raise NotParked
    return Shown(_listed(row), held.raw_from(row))


async def retry(consumer: Consumer, which: int | UUID | str) -> Retried:
    """Run what is kept for a key again, in order, in one transaction; `which` is a record's id or a key.

    What succeeds is dropped from the table and the facts that waited behind it run too; the first failure stops its key.
    """
    done = Retried()
    async with consumer.works.begin(system(consumer.name)) as work:
        for topic, key in await _keys(work.db, consumer.name, which):
            if isinstance(consumer, Door):
                await _take_again(consumer, work, topic, key, done)
                continue
            await _Rerun(consumer, work, topic, key, done).run()
    return done


async def discard(consumer: Consumer, record: int, *, who: Caller, why: str) -> Retried:
    """Give a record up: its sequence counts as passed, what waited behind it runs; an unpublished fact says who and why."""
    if why not in DISCARD_REASONS:
        raise UnknownReason(field="/why", allowed=sorted(DISCARD_REASONS))
    done = Retried()
    async with consumer.works.begin(who) as work:
        row = await work.db.fetchrow("SELECT * FROM parked WHERE id = $1 AND consumer = $2", record, consumer.name)
        if row is None:
            raise NotParked
        if isinstance(consumer, Door):
            await held.heal(work.db, [record])  # nothing waits behind a record of a door
        else:
            await _Rerun(consumer, work, row["topic"], row["key"], done, given_up=record).run()
        work.record(_discarded(row, why, work.now), published=False)
    return done


async def _take_again(door: Door, work: Work, topic: str, key: UUID | None, done: Retried) -> None:
    """Hand a door its records of this key again, in order; each by itself, since none waits for another."""
    for row in await work.db.fetch(f"{_OF_KEY} FOR UPDATE", door.name, topic, key):
        mark = work.mark()
        try:
            async with work.db.transaction():
                await door.entry.take(work, [held.raw_from(row)], {row["topic"]})
                await work.flush()
        except Exception as error:
            if comes_again(error):
                raise
            work.reset(mark)
            said = f"{type(error).__name__}: {error}"[:300]
            await work.db.execute(_TRIED, row["id"], "handler", held.storable(said), None)
            done.stopped, done.left = f"handler: {said}", done.left + 1
        else:
            await held.heal(work.db, [row["id"]])
            done.applied += 1


def _discarded(row: Any, why: str, at: datetime) -> RecordDiscarded:
    return RecordDiscarded(
        occurred_at=at, consumer=row["consumer"], record_topic=row["topic"], partition=row["partition"], offset=row["offset"],
        sequence=row["sequence"], parked_as=row["reason"], reason_class=why,
    )  # fmt: skip


async def _keys(db: Connection, consumer: str, which: int | UUID | str) -> list[tuple[str, UUID | None]]:
    record = which if isinstance(which, int) else None
    key = None if isinstance(which, int) else key_id(str(which).encode())
    found = await db.fetch(_KEYS, consumer, record, key)
    if not found:
        raise NotParked
    return [(row["topic"], row["key"]) for row in found]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A kept record, read again: an arrival, or why it still cannot be read."""

    id: int
    arrival: Arrival | None
    reason: str = ""
    detail: str = ""


@dataclass(slots=True)
class _Rerun:
    """One key's kept records running again, under the lock of its `applied` row."""

    consumer: Consumer
    work: Work
    topic: str
    key: UUID | None
    done: Retried
    given_up: int | None = None
    state: held.State = field(default_factory=held.State)
    gone: list[int] = field(default_factory=list)

    async def run(self) -> None:
        """Apply what can be applied; write where the key stands now and what is left of it."""
        if self.key is not None:
            wanted = (self.topic, self.key)
            self.state = (await held.states(self.work.db, self.consumer.name, {wanted}))[wanted]
        rows = await self.work.db.fetch(_OF_KEY, self.consumer.name, self.topic, self.key)
        kept = [self._read(row) for row in rows if row["id"] != self.given_up]
        self._give_up([row for row in rows if row["id"] == self.given_up], kept)
        await self._apply_in_order(kept)
        await held.heal(self.work.db, self.gone)
        left = len(rows) - len(self.gone)
        self.done.left += left
        if self.key is not None:
            await self.work.db.execute(_APPLIED, self.consumer.name, self.topic, self.key, self.state.sequence, left)

    def _read(self, row: Any) -> _Kept:
        try:
            return _Kept(row["id"], self.consumer.reading.arrival(held.raw_from(row), retried=True))
        except Undecodable as error:
            return _Kept(row["id"], None, error.reason, str(error))

    def _give_up(self, rows: Sequence[Any], kept: Sequence[_Kept]) -> None:
        """The sequence of a discarded record is passed; an unreadable one stood where exactly one is missing, or nowhere."""
        for row in rows:
            self.gone.append(row["id"])
            passed = row["sequence"]
            if passed is None and self._one_is_missing(kept):
                passed = self.state.sequence + 1
            if passed is not None and passed == self.state.sequence + 1:
                self.state.sequence = passed

    def _one_is_missing(self, kept: Sequence[_Kept]) -> bool:
        waiting = {k.arrival.sequence for k in kept if k.arrival is not None}
        return self.state.sequence + 1 not in waiting and self.state.sequence + 2 in waiting

    async def _apply_in_order(self, kept: Sequence[_Kept]) -> None:
        """By sequence, up to the first that fails; what came after an unreadable record waits for a decision about that."""
        readable: list[tuple[Arrival, _Kept]] = []
        for one in kept:
            if one.arrival is None:
                await self._stop(one.id, one.reason, one.detail, None)
                break
            readable.append((one.arrival, one))
        for arrival, one in sorted(readable, key=lambda pair: pair[0].sequence):
            if not await self._next(arrival, one):
                break

    async def _next(self, arrival: Arrival, one: _Kept) -> bool:
        """Apply one; False when the key stops here."""
        compacted = self.consumer.reading.keeps_newest(self.topic)
        if not arrival.tombstone and arrival.sequence <= self.state.sequence:
            self.gone.append(one.id)
            self.done.dropped += 1
            return True
        if not compacted and arrival.sequence > self.state.sequence + 1:
            self.done.stopped = self.done.stopped or f"gap: {self.state.sequence + 1} has not come"
            return False
        error = await self.consumer.attempt(self.work, [arrival])
        if error is not None and not isinstance(error, Refused):
            await self._stop(one.id, "handler", f"{type(error).__name__}: {error}"[:300], arrival.sequence)
            return False
        self.gone.append(one.id)
        self.done.applied += 1
        self.state.sequence = max(self.state.sequence, arrival.sequence)
        return True

    async def _stop(self, record: int, reason: str, detail: str, sequence: int | None) -> None:
        await self.work.db.execute(_TRIED, record, reason, held.storable(detail), sequence)
        self.done.stopped = f"{reason}: {detail}"
