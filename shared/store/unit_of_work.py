"""One command, one batch or one tick = one transaction: rows, facts, deadlines and the idempotent answer together.

Handlers open it with `works.begin(who)`, load, decide, save and `record`; the frame writes and commits. Nobody else commits.
"""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from hmac import digest
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from shared.contracts.envelope import Envelope, Fact, derived_id, encode, fact_type
from shared.kernel import Caller, IdempotencyMismatch, Invalid, Once, Principal, Repeated, Stale, StillRunning
from shared.settings import Keys
from shared.store import deadlines
from shared.store.db import Connection, Pool
from shared.store.facts import GENESIS, FactRow, chain_hash
from shared.store.vault import PersonRow
from shared.telemetry.tracing import Arrival, Tracing

MAX_ENVELOPE = 900_000
"""Bytes; the broker takes 1 MiB with headers. A larger fact is refused when it is recorded."""

_REPLAY = """SELECT pg_try_advisory_xact_lock($1) AS mine, i.fingerprint, i.status, i.answer
FROM (SELECT 1) one LEFT JOIN idempotency i ON i.principal = $2 AND i.key = $3"""
_STREAMS = "SELECT id, sequence, head FROM stream WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_BEGIN_STREAMS = (
    "INSERT INTO stream (id, sequence, head) SELECT u.id, 0, '' FROM unnest($1::uuid[]) AS u(id) ON CONFLICT DO NOTHING"
)


Mark: TypeAlias = dict[UUID, tuple[int, bytes]]


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


@dataclass(slots=True)
class Work:
    """What a handler holds inside one transaction."""

    works: Works
    caller: Caller
    now: datetime
    db: Connection
    id: UUID
    facts: list[Pending] = field(default_factory=list)
    schedules: dict[tuple[UUID, str], deadlines.Schedule] = field(default_factory=dict)
    persons: list[tuple[PersonRow, bool]] = field(default_factory=list)
    tails: dict[UUID, Tail] = field(default_factory=dict)
    riders: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    snapshot: bytes | None = None
    flushed: int = 0

    @property
    def who(self) -> Principal:
        """The acting principal."""
        return self.caller.principal

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
        aggregate = subject if isinstance(subject, UUID) else derived_id(fact.topic, subject)
        if not published:
            aggregate = derived_id("unpublished", aggregate)
        made = id or self.new_id()
        self.facts.append(Pending(fact, made, aggregate, published, cause))
        return made

    def deadline(self, schedule: deadlines.Schedule) -> None:
        """State how a deadline stands now; the last word of a transaction counts."""
        self.schedules[schedule.aggregate, schedule.kind] = schedule

    def along(self, statement: str, *values: Any) -> None:
        """Write a row in the same statement as the facts: a data-changing statement with `$1…` that returns its rows.

        One that changes nothing means somebody else was first: `Stale`.
        """
        self.riders.append((statement, values))

    def keep(self, person: PersonRow, *, contact: bool = True) -> None:
        """Put a person into the vault; their contact goes, sealed, to notifications unless nobody will be told there."""
        self.persons.append((person, contact))

    def answers(self, snapshot: object) -> None:
        """What a repeat of this command is answered with; holds no secret and nothing personal."""
        self.snapshot = encode(snapshot)

    def mark(self) -> Mark:
        """A place to come back to when a savepoint is rolled back; everything stated before it is written already."""
        return {aggregate: (tail.sequence, tail.head) for aggregate, tail in self.tails.items()}

    def reset(self, mark: Mark) -> None:
        """Forget what was stated since the mark."""
        self.facts.clear()
        self.schedules.clear()
        self.persons.clear()
        self.riders.clear()
        self.tails = {aggregate: Tail(*place) for aggregate, place in mark.items()}

    async def flush(self) -> None:
        """Write everything stated so far in one statement."""
        if not (self.facts or self.schedules or self.persons or self.riders or self._once()):
            return
        await self._find_tails()
        parts = _Parts()
        for statement, values in self.riders:
            parts.ride(statement, values)
        if self.facts:
            self._write_facts(parts)
        if self.persons:
            self._write_persons(parts)
        if self.schedules:
            self._write_deadlines(parts)
        if once := self._once():
            parts.add(
                "i AS (INSERT INTO idempotency (principal, key, fingerprint, status, answer, created_at) VALUES ({}, {}, {}, {}, {}, {}))",
                ("bytea", _principal_key(self.who)), ("text", once.key), ("bytea", once.fingerprint), ("int2", once.status),
                ("bytea", self.snapshot or b"null"), ("timestamptz", self.now),
            )  # fmt: skip
        self.flushed += len(self.facts)
        self.facts.clear()
        self.schedules.clear()
        self.persons.clear()
        self.riders.clear()
        if not await self.db.fetchval(parts.text(), *parts.values):
            raise Stale

    def _once(self) -> Once | None:
        return self.caller.once if self.snapshot is not None else None

    async def _find_tails(self) -> None:
        unknown = sorted({p.aggregate for p in self.facts} - self.tails.keys())
        if not unknown:
            return
        rows = await self.db.fetch(_STREAMS, unknown)
        if len(rows) < len(unknown):  # two who begin one history at once take turns here, too
            await self.db.execute(_BEGIN_STREAMS, unknown)
            rows = await self.db.fetch(_STREAMS, unknown)
        for row in rows:
            self.tails[row["id"]] = Tail(row["sequence"], row["head"])

    def _write_facts(self, parts: _Parts) -> None:
        rows = [self.works.write(self, pending, self.tails[pending.aggregate]) for pending in self.facts]
        columns = list(zip(*rows, strict=True))
        arrays = parts.arrays(
            ("uuid", columns[0]), ("uuid", columns[1]), ("int4", columns[2]), ("text", columns[3]), ("text", columns[4]), ("text", columns[5]),
            ("text", columns[6]), ("timestamptz", columns[7]), ("timestamptz", columns[8]), ("text", columns[9]), ("text", columns[10]),
            ("bytea", columns[11]), ("bytea", columns[12]), ("bytea", columns[13]),
        )  # fmt: skip
        parts.raw(f"""f AS (INSERT INTO fact (id, aggregate, sequence, type, topic, key, source, occurred_at, recorded_at, actor, traceparent, envelope, previous, hash)
            SELECT * FROM unnest({arrays}))""")
        if published := [row[0] for row in rows if row[4] is not None]:
            numbered = parts.arrays(("uuid", published))
            parts.raw(
                f"o AS (INSERT INTO outbox (fact) SELECT u.id FROM unnest({numbered}) WITH ORDINALITY AS u(id, n) ORDER BY u.n)"
            )
        changed = sorted({row[1] for row in rows})
        arrays = parts.arrays(
            ("uuid", changed),
            ("int4", [self.tails[a].sequence for a in changed]),
            ("bytea", [self.tails[a].head for a in changed]),
        )
        parts.raw(f"""s AS (INSERT INTO stream (id, sequence, head) SELECT * FROM unnest({arrays})
            ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, head = excluded.head)""")

    def _write_persons(self, parts: _Parts) -> None:
        people = [person for person, _contact in self.persons]
        arrays = parts.arrays(
            ("uuid", [p.id for p in people]), ("uuid", [p.recipient for p in people]), ("bytea", [p.data_key for p in people]),
            ("int2", [p.key_id for p in people]), ("bytea", [p.sealed for p in people]), ("bytea", [p.identity_index for p in people]),
            ("bytea", [p.phone_index for p in people]), ("timestamptz", [self.now] * len(people)),
        )  # fmt: skip
        parts.raw(f"""p AS (INSERT INTO person (id, recipient, data_key, key_id, sealed, identity_index, phone_index, created_at)
            SELECT * FROM unnest({arrays}))""")
        latest = {p.recipient: p.id for p, contact in self.persons if contact}
        if not latest:
            return
        recipients = sorted(latest)
        arrays = parts.arrays(("uuid", recipients), ("uuid", [latest[r] for r in recipients]))
        parts.raw(f"""c AS (INSERT INTO contact AS c (recipient, person, sequence) SELECT u.r, u.p, 1 FROM unnest({arrays}) AS u(r, p)
            ON CONFLICT (recipient) DO UPDATE SET person = excluded.person, sequence = c.sequence + 1, forgotten_at = NULL RETURNING recipient),
            co AS (INSERT INTO outbox (contact) SELECT recipient FROM c)""")

    def _write_deadlines(self, parts: _Parts) -> None:
        rows = [self.schedules[key] for key in sorted(self.schedules)]
        arrays = parts.arrays(
            ("uuid", [r.aggregate for r in rows]), ("text", [r.kind for r in rows]), ("text", [r.rule for r in rows]),
            ("int4", [r.rule_version for r in rows]), ("jsonb", [r.clock for r in rows]), ("timestamptz", [r.due_at for r in rows]),
            ("date", [r.due_on for r in rows]), ("timestamptz", [r.warn_at for r in rows]), ("timestamptz", [r.breach_at for r in rows]),
            ("timestamptz", [r.closed_at for r in rows]),
        )  # fmt: skip
        parts.raw(f"d AS ({deadlines.UPSERT.format(arrays=arrays)})")


class _Parts:
    """Common table expressions of one statement, with their numbered arguments."""

    def __init__(self) -> None:
        self.ctes: list[str] = []
        self.values: list[Any] = []
        self.riders = 0

    def _place(self, kind: str, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{kind}"

    def arrays(self, *columns: tuple[str, Sequence[Any]]) -> str:
        return ", ".join(self._place(f"{kind}[]", values) for kind, values in columns)

    def add(self, template: str, *values: tuple[str, Any]) -> None:
        self.ctes.append(template.format(*(self._place(kind, value) for kind, value in values)))

    def raw(self, cte: str) -> None:
        self.ctes.append(cte)

    def ride(self, statement: str, values: Sequence[Any]) -> None:
        name = f"r{self.riders}"
        self.ctes.append(f"{name} AS ({_renumbered(statement, len(self.values))})")
        self.values += values
        self.riders += 1

    def text(self) -> str:
        """The statement; its answer is whether every rider changed something."""
        changed = " AND ".join(f"EXISTS (SELECT FROM r{n})" for n in range(self.riders)) or "true"
        return f"WITH {', '.join(self.ctes)} SELECT {changed}"


@lru_cache(maxsize=256)
def _renumbered(statement: str, by: int) -> str:
    return re.sub(r"\$(\d+)", lambda match: f"${int(match[1]) + by}", statement) if by else statement


def _principal_key(who: Principal) -> bytes:
    return sha256(who.subject.encode()).digest()[:16]


def _lock_number(who: Principal, once: Once) -> int:
    number: int = struct.unpack(">q", sha256(_principal_key(who) + once.key.encode()).digest()[:8])[0]
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
    """Set after a commit that filled the outbox, so that the relay need not poll."""

    @asynccontextmanager
    async def begin(self, caller: Caller) -> AsyncIterator[Work]:
        """Open a transaction; commits when the block ends well. Raises `Repeated` for a command done before."""
        async with self.pool.acquire() as connection:
            work = Work(self, caller, self.clock(), connection, self.new_id())
            try:
                async with connection.transaction():
                    if caller.once is not None:
                        await _refuse_repeated(work, caller.once)
                    yield work
                    await work.flush()
            except asyncpg.UniqueViolationError as error:
                if caller.once is None or error.constraint_name != "idempotency_pkey":
                    raise
                async with connection.transaction():
                    await _refuse_repeated(work, caller.once)
                raise StillRunning from error
        if work.flushed:
            self.committed.set()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection for reads that need no transaction."""
        async with self.pool.acquire() as connection:
            yield connection

    def actor(self, who: Principal, unit: str | None) -> str:
        """Role, unit and HMAC of the subject, as kept in a fact (decisions 6)."""
        return f"{who.acting}|{unit or ''}|{digest(self.keys.actor, who.subject.encode(), 'sha256').hex()[:16]}"

    def _trace(self, topic: str, pending: Pending) -> str:
        """The creation context kept with a fact: below the request's span, or below the processing of its cause."""
        if (cause := pending.cause) is None:
            return self.tracing.create(topic, pending.id).traceparent
        with self.tracing.process_one(cause.topic, cause.group, cause.trace):
            return self.tracing.create(topic, pending.id).traceparent

    def write(self, work: Work, pending: Pending, tail: Tail) -> tuple[Any, ...]:
        """The columns of a fact's row; moves the tail on."""
        fact, kind, cause = pending.fact, fact_type(type(pending.fact)), pending.cause
        unit = getattr(fact, "unit", None)
        source = f"/gandan/{self.service}" + (f"/{unit}" if unit else "")
        envelope = msgspec.json.encode(
            Envelope(
                specversion="1.0", id=pending.id, source=source, type=kind, subject=fact.subject, time=work.now, dataschema=f"/schemas/{fact.topic}/{kind}.json",
                sequence=tail.sequence + 1, epoch=self.epoch, correlationid=(cause.correlation if cause else None) or str(work.id), causationid=cause.id if cause else None,
                data=msgspec.Raw(encode(fact)),
            )
        )  # fmt: skip
        if len(envelope) > MAX_ENVELOPE:
            raise FactTooLarge(f"{kind}: {len(envelope)} bytes, at most {MAX_ENVELOPE}")
        topic = fact.topic if pending.published else None
        row = FactRow(
            id=pending.id, aggregate=pending.aggregate, sequence=tail.sequence + 1, type=kind, topic=topic, key=fact.subject, source=source,
            occurred_at=fact.occurred_at, recorded_at=work.now, actor=self.actor(work.who, unit),
            traceparent=self._trace(topic, pending) if topic else None, envelope=envelope,
        )  # fmt: skip
        previous = tail.head
        tail.sequence, tail.head = row.sequence, chain_hash(previous, row)
        return (
            row.id, row.aggregate, row.sequence, row.type, row.topic, row.key, row.source, row.occurred_at, row.recorded_at, row.actor,
            row.traceparent, row.envelope, previous, tail.head,
        )  # fmt: skip


async def _refuse_repeated(work: Work, once: Once) -> None:
    row = await work.db.fetchrow(_REPLAY, _lock_number(work.who, once), _principal_key(work.who), once.key)
    if row["fingerprint"] is not None:
        if row["fingerprint"] != once.fingerprint:
            raise IdempotencyMismatch
        raise Repeated(row["answer"], row["status"])
    if not row["mine"]:
        raise StillRunning
