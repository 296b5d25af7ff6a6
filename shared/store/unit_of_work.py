"""One command, one batch or one tick = one transaction: rows, facts, deadlines and the idempotent answer together.

Handlers open it with `works.begin(who)`, load, decide, save and `record`; the frame writes and commits. Nobody else commits.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from hmac import digest
from typing import Any, Protocol, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from shared.contracts.envelope import Envelope, Fact, derived_id, encode, fact_type
from shared.kernel import Caller, IdempotencyMismatch, Invalid, Once, Principal, Repeated, StillRunning
from shared.settings import Keys
from shared.store import deadlines
from shared.store.db import Connection, Pool
from shared.store.facts import GENESIS, FactRow, chain_hash
from shared.store.vault import PersonRow
from shared.store.writing import write_all
from shared.telemetry.tracing import Arrival, Tracing

MAX_ENVELOPE = 900_000
"""Bytes; the broker takes 1 MiB with headers. A larger fact is refused when it is recorded."""

_REPEATS = """SELECT pg_try_advisory_xact_lock(u.lock) AS mine, i.fingerprint, i.status, i.answer
FROM unnest($1::int8[], $2::bytea[], $3::text[]) WITH ORDINALITY AS u(lock, principal, key, n)
LEFT JOIN idempotency i ON i.principal = u.principal AND i.key = u.key ORDER BY u.n"""


K = TypeVar("K")
V = TypeVar("V")
Question: TypeAlias = Callable[[Connection, Sequence[K]], Awaitable[Sequence[V]]]
"""A statement that answers for many: one answer a key, in their order."""


class Circle(Protocol):
    """Those who share a transaction; a question of several is put to the database once."""

    async def ask(self, question: Question[K, V], key: K) -> V:
        """The answer for this key."""
        ...


class FactTooLarge(Invalid):
    """This would make a fact larger than the broker takes; shorten the texts in it."""


@dataclass(slots=True)
class Tail:
    """The end of one aggregate's history: its last sequence and hash."""

    sequence: int = 0
    head: bytes = GENESIS


@dataclass(frozen=True, slots=True)
class Cause:
    """The fact that made a consumer state another one, and how its trace goes on."""

    id: str
    topic: str
    group: str
    trace: Arrival
    correlation: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A fact that waits for the end of the transaction."""

    fact: Fact
    id: UUID
    aggregate: UUID
    published: bool
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a unit of work stood: how many of each were stated and not written yet, and where the histories ended."""

    facts: int
    schedules: Mapping[tuple[UUID, str], deadlines.Schedule]
    persons: int
    riders: int
    rows: int
    seen: int
    tails: Mapping[UUID, tuple[int, bytes]]
    answer: object | None


@dataclass(slots=True)
class Work:
    """What a handler holds inside one transaction."""

    works: Works
    caller: Caller
    now: datetime
    connection: Connection
    id: UUID
    context: Context | None = None
    """Where the request's span is, when the work is done in another task."""
    circle: Circle | None = None
    """Whoever shares the transaction."""
    touched: bool = False
    """Whether the database was used, so that a refusal may have left something to roll back."""
    facts: list[Pending] = field(default_factory=list)
    schedules: dict[tuple[UUID, str], deadlines.Schedule] = field(default_factory=dict)
    persons: list[tuple[PersonRow, bool]] = field(default_factory=list)
    tails: dict[UUID, Tail] = field(default_factory=dict)
    riders: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    rows: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    answer: object | None = None
    flushed: int = 0

    @property
    def db(self) -> Connection:
        """The transaction's connection."""
        self.touched = True
        return self.connection

    @property
    def who(self) -> Principal:
        """The acting principal."""
        return self.caller.principal

    async def ask(self, question: Question[K, V], key: K, *, spends: bool = False) -> V:
        """Ask the database what neighbours in a shared transaction ask, too: one round trip for all of them.

        A question that `spends` changes something; whoever is refused after it takes it back with the transaction.
        """
        self.touched = self.touched or spends
        if self.circle is not None:
            return await self.circle.ask(question, key)
        return (await question(self.connection, [key]))[0]

    def new_id(self) -> UUID:
        """A fresh time-ordered id (UUIDv7)."""
        return self.works.new_id()

    def starts(self, aggregate: UUID) -> None:
        """This aggregate begins here: it has no history to look up."""
        self.tails[aggregate] = Tail()

    def knows(self, aggregate: UUID, sequence: int, head: bytes) -> None:
        """Take over the place of a locked aggregate's history, saving a look-up."""
        self.tails.setdefault(aggregate, Tail(sequence, head))

    def record(self, fact: Fact, *, id: UUID | None = None, published: bool = True, cause: Cause | None = None) -> UUID:
        """State a fact; it gets its sequence, envelope and hash when the transaction ends."""
        subject = getattr(fact, fact.about)
        aggregate = subject if isinstance(subject, UUID) else _named(fact.topic, subject)
        if not published:
            aggregate = derived_id("unpublished", aggregate)
        made = id or self.new_id()
        self.facts.append(Pending(fact, made, aggregate, published, cause))
        return made

    def deadline(self, schedule: deadlines.Schedule) -> None:
        """State how a deadline stands now; the last word of a transaction counts."""
        self.schedules[schedule.aggregate, schedule.kind] = schedule

    def along(self, statement: str, *values: Any, seen: int | None = None) -> None:
        """Write a row in the same statement as the facts: a data-changing statement with `$1…` that returns its rows.

        One that changes nothing means somebody else was first: `Stale`, with the version that was `seen`.
        """
        self.riders.append((statement, values))
        if seen is not None:
            self.seen.append(seen)

    def rows_along(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows, or none, in the same statement as the facts, with those that neighbours write by this statement: each `$n` is one column of all, an array."""
        self.rows += [(statement, row) for row in rows]

    def keep(self, person: PersonRow, *, contact: bool = True) -> None:
        """Put a person into the vault; their contact goes, sealed, to notifications unless nobody will be told there."""
        self.persons.append((person, contact))

    def answers(self, snapshot: object) -> None:
        """What a repeat of this command is answered with; holds no secret and nothing personal."""
        self.answer = snapshot

    def mark(self) -> Mark:
        """A place to come back to. With writing between, all before it has to be written already (a savepoint is rolled back)."""
        tails = {aggregate: (tail.sequence, tail.head) for aggregate, tail in self.tails.items()}
        return Mark(
            len(self.facts),
            dict(self.schedules),
            len(self.persons),
            len(self.riders),
            len(self.rows),
            len(self.seen),
            tails,
            self.answer,
        )

    def reset(self, mark: Mark) -> None:
        """Forget what was stated since the mark."""
        if len(self.facts) < mark.facts:
            raise AssertionError("what was stated before the mark was written after it")
        del self.facts[mark.facts :], self.persons[mark.persons :], self.riders[mark.riders :], self.rows[mark.rows :]
        del self.seen[mark.seen :]
        self.schedules, self.answer = dict(mark.schedules), mark.answer
        self.tails = {aggregate: Tail(*place) for aggregate, place in mark.tails.items()}

    @property
    def once(self) -> Once | None:
        """The idempotency key whose answer is to be kept."""
        return self.caller.once if self.answer is not None else None

    @property
    def stated(self) -> bool:
        """Whether anything waits to be written."""
        return bool(self.facts or self.schedules or self.persons or self.riders or self.rows or self.once)

    async def flush(self) -> None:
        """Write everything stated so far in one statement."""
        await write_all(self.connection, [self])

    def wrote(self) -> None:
        """Everything stated so far stands in the database."""
        self.flushed += len(self.facts)
        self._forget()

    def _forget(self) -> None:
        self.facts.clear()
        self.schedules.clear()
        self.persons.clear()
        self.riders.clear()
        self.rows.clear()
        self.seen.clear()
        self.answer = None  # one is kept once; the next flush has nothing more to say


@lru_cache(maxsize=1024)
def _pseudonym(key: bytes, subject: str) -> str:
    """Who acted, for those who have the key; one batch has thousands of facts of one actor."""
    return digest(key, subject.encode(), "sha256").hex()[:16]


@lru_cache(maxsize=1024)
def _named(topic: str, subject: str) -> UUID:
    """The aggregate of a fact about something that has a name and no id."""
    return derived_id(topic, subject)


def _lock_number(who: Principal, once: Once) -> int:
    number: int = struct.unpack(">q", sha256(who.key + once.key.encode()).digest()[:8])[0]
    return number


@dataclass(slots=True)
class Works:
    """Opens units of work on one service's database."""

    service: str
    pool: Pool
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    keys: Keys
    tracing: Tracing
    epoch: int = 1
    committed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set after a commit that filled the outbox, so that the relay need not poll; the relay clears it."""
    listening: list[asyncio.Event] = field(default_factory=list)

    @asynccontextmanager
    async def begin(self, caller: Caller) -> AsyncIterator[Work]:
        """Open a transaction; commits when the block ends well. Raises `Repeated` for a command done before."""
        async with self.pool.acquire() as connection:
            work = Work(self, caller, self.clock(), connection, self.new_id())
            try:
                async with connection.transaction():
                    if caller.once is not None:
                        await refuse_repeated(work, caller.once)
                    yield work
                    await work.flush()
            except asyncpg.UniqueViolationError as error:
                if caller.once is None or error.constraint_name != "idempotency_pkey":
                    raise
                async with connection.transaction():
                    await refuse_repeated(work, caller.once)
                raise StillRunning from error
        if work.flushed:
            self.tell()

    def tell(self) -> None:
        """Facts are committed: wake whoever waits for that."""
        for each in (self.committed, *self.listening):
            each.set()

    def listen(self) -> asyncio.Event:
        """Another event that is set after such a commit, for one who waits and clears it; the relay's is the relay's."""
        self.listening.append(heard := asyncio.Event())
        return heard

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection for reads that need no transaction."""
        async with self.pool.acquire() as connection:
            yield connection

    def actor(self, who: Principal, unit: str | None) -> str:
        """Role, unit and HMAC of the subject, as kept in a fact (decisions 6)."""
        return f"{who.acting}|{unit or ''}|{_pseudonym(self.keys.actor, who.subject)}"

    def _trace(self, topic: str, pending: Pending, context: Context | None) -> str:
        """The creation context kept with a fact: below the request's span, or below the processing of its cause."""
        if (cause := pending.cause) is None:
            if context is not None:
                return context.run(self.tracing.create, topic, pending.id).traceparent
            return self.tracing.create(topic, pending.id).traceparent
        with self.tracing.process_one(cause.topic, cause.group, cause.trace):
            return self.tracing.create(topic, pending.id).traceparent

    def write(self, work: Work, pending: Pending, tail: Tail) -> tuple[Any, ...]:
        """The columns of a fact's row; moves the tail on."""
        fact, kind, cause = pending.fact, fact_type(type(pending.fact)), pending.cause
        unit, subject = getattr(fact, "unit", None), fact.subject
        source = f"/gandan/{self.service}" + (f"/{unit}" if unit else "")
        envelope = msgspec.json.encode(
            Envelope(
                specversion="1.0", id=pending.id, source=source, type=kind, subject=subject, time=work.now, dataschema=f"/schemas/{fact.topic}/{kind}.json",
                sequence=tail.sequence + 1, epoch=self.epoch, correlationid=(cause.correlation if cause else None) or str(work.id), causationid=cause.id if cause else None,
                data=msgspec.Raw(encode(fact)),
            )
        )  # fmt: skip
        if len(envelope) > MAX_ENVELOPE:
            raise FactTooLarge(f"{kind}: {len(envelope)} bytes, at most {MAX_ENVELOPE}")
        topic = fact.sent_on if pending.published else None
        row = FactRow(
            id=pending.id, aggregate=pending.aggregate, sequence=tail.sequence + 1, type=kind, topic=topic, key=subject, source=source,
            occurred_at=fact.occurred_at, recorded_at=work.now, actor=self.actor(work.who, unit),
            traceparent=self._trace(topic, pending, work.context) if topic else None, envelope=envelope,
        )  # fmt: skip
        previous = tail.head
        tail.sequence, tail.head = row.sequence, chain_hash(previous, row)
        return (
            row.id, row.aggregate, row.sequence, row.type, row.topic, row.key, row.source, row.occurred_at, row.recorded_at, row.actor,
            row.traceparent, row.envelope, previous, tail.head,
        )  # fmt: skip


async def find_repeats(db: Connection, commands: Sequence[tuple[Principal, Once]]) -> Sequence[Any]:
    """What is known of each command: its first answer, and whether its key is ours until the end of the transaction."""
    rows: Sequence[Any] = await db.fetch(
        _REPEATS,
        [_lock_number(who, once) for who, once in commands], [who.key for who, _ in commands], [once.key for _, once in commands],
    )  # fmt: skip
    return rows


async def refuse_repeated(work: Work, once: Once) -> None:
    """Raise what `judge_repeat` does for the command of this work."""
    judge_repeat((await find_repeats(work.connection, [(work.who, once)]))[0], once)


def judge_repeat(found: Any, once: Once) -> None:
    """`Repeated` with the first answer, `IdempotencyMismatch`, or `StillRunning`; else the command is new."""
    if found["fingerprint"] is not None:
        if found["fingerprint"] != once.fingerprint:
            raise IdempotencyMismatch
        raise Repeated(found["answer"], found["status"])
    if not found["mine"]:
        raise StillRunning
