"""Facts at rest: a hash chain per aggregate, written with the change they tell, never changed again."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from shared.store.db import Connection

GENESIS = b""
"""`previous` of the first fact of an aggregate."""


@dataclass(frozen=True, slots=True)
class FactRow:
    """One row of `fact` but for its two hashes."""

    id: UUID
    aggregate: UUID
    sequence: int
    type: str
    topic: str | None
    key: str
    source: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    traceparent: str | None
    envelope: bytes


@lru_cache(maxsize=1024)
def _instant(value: datetime) -> bytes:
    """Whole batches are recorded at one."""
    return struct.pack(">q", int(value.timestamp()) * 1_000_000 + value.microsecond)


def chain_hash(previous: bytes, row: FactRow) -> bytes:
    """SHA-256(previous hash || every column, length-prefixed); 32 bytes (decisions 5)."""
    columns = (
        row.id.bytes, row.aggregate.bytes, struct.pack(">q", row.sequence), row.type.encode(), (row.topic or "").encode(),
        row.key.encode(), row.source.encode(), _instant(row.occurred_at), _instant(row.recorded_at), row.actor.encode(),
        (row.traceparent or "").encode(), row.envelope,
    )  # fmt: skip
    digest = sha256(previous)
    for column in columns:
        digest.update(struct.pack(">I", len(column)))
        digest.update(column)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class Damage:
    """One broken place of a history: which aggregate, which sequence, what is wrong."""

    aggregate: UUID
    sequence: int
    what: str


_HISTORY = """SELECT f.*, s.sequence AS last, s.head FROM stream s LEFT JOIN fact f ON f.aggregate = s.id
WHERE s.id > $1 ORDER BY s.id, f.sequence"""
_ORPHANS = "SELECT DISTINCT aggregate, min(sequence) AS sequence FROM fact f WHERE NOT EXISTS (SELECT FROM stream s WHERE s.id = f.aggregate) GROUP BY 1"


def _row(record: Any) -> FactRow:
    return FactRow(**{name: record[name] for name in FactRow.__slots__})


class _Walk:
    """The state of a verification while it walks through one aggregate after the other."""

    def __init__(self) -> None:
        self.stream: tuple[UUID, int, bytes] | None = None
        self.sequence = 0
        self.head = GENESIS
        self.whole = True

    def enter(self, record: Any) -> list[Damage]:
        found = self.leave()
        self.stream = (record["id_of_stream"], record["last"], record["head"])
        self.sequence, self.head, self.whole = 0, GENESIS, True
        return found

    def step(self, record: Any) -> list[Damage]:
        row = _row(record)
        wrong = ""
        if row.sequence != self.sequence + 1:
            wrong = (
                f"fact {self.sequence + 1} is missing"
                if row.sequence > self.sequence + 1
                else "a sequence stands twice"
            )
        elif record["previous"] != self.head:
            wrong = "it does not follow the fact before it"
        elif chain_hash(record["previous"], row) != record["hash"]:
            wrong = "its content was changed"
        at = self.sequence + 1 if wrong.endswith("is missing") else row.sequence
        self.sequence, self.head = row.sequence, record["hash"]
        if not wrong or not self.whole:
            return []
        self.whole = False
        return [Damage(row.aggregate, at, wrong)]

    def leave(self) -> list[Damage]:
        if self.stream is None or not self.whole:
            return []
        aggregate, last, head = self.stream
        if self.sequence < last:
            return [Damage(aggregate, self.sequence + 1, f"the last {last - self.sequence} facts are missing")]
        return [Damage(aggregate, last, "the head was changed")] if head != self.head else []


async def verify(connection: Connection) -> AsyncIterator[Damage | int]:
    """Walk every history of a service; yields each damage, and the number of facts seen every 10 000.

    The aggregate's own sequence and head are compared too: a deleted tail breaks no link (decisions 5).
    """
    walk, seen = _Walk(), 0
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for record in connection.cursor(
            _HISTORY.replace("SELECT f.*", "SELECT s.id AS id_of_stream, f.*"), UUID(int=0), prefetch=2000
        ):
            if walk.stream is None or record["id_of_stream"] != walk.stream[0]:
                for damage in walk.enter(record):
                    yield damage
            if record["id"] is not None:
                seen += 1
                for damage in walk.step(record):
                    yield damage
                if seen % 10_000 == 0:
                    yield seen
        for damage in walk.leave():
            yield damage
        for orphan in await connection.fetch(_ORPHANS):
            yield Damage(orphan["aggregate"], orphan["sequence"], "the aggregate of these facts was deleted")
    yield seen
