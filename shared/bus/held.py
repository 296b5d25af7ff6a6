"""Sequences, held and parked records of a consumer: the statements its runtime and `gandan parked` speak."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import json

from shared.bus.arrival import Raw, headers_from_json, headers_to_json, unwritten, written
from shared.bus.place import Lost, Move
from shared.store.db import Connection

WAITING = ("gap", "behind")
"""Reasons of records that only wait; every other reason names a guilty record."""
_WRITTEN_AT = "x-gandan-timestamp"
"""Behind a kept record's own headers stands when it was written, in milliseconds."""

_STATES = """SELECT a.topic, a.key, a.sequence, a.held FROM applied a JOIN unnest($2::text[], $3::uuid[]) AS u(topic, key) USING (topic, key)
WHERE a.consumer = $1 ORDER BY a.topic, a.key FOR UPDATE OF a"""
_WAITING = """SELECT p.* FROM parked p JOIN unnest($2::text[], $3::uuid[]) AS u(topic, key) USING (topic, key)
WHERE p.consumer = $1 ORDER BY p.topic, p.key, p.sequence, p.id"""
_SETTLE = """WITH m AS (UPDATE offsets o SET next = u.next FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[]) AS u(topic, partition, seen, next)
    WHERE o.consumer = $1 AND o.topic = u.topic AND o.partition = u.partition AND o.next = u.seen AND o.cluster = $10 RETURNING 1),
a AS (INSERT INTO applied AS a (consumer, topic, key, sequence, held) SELECT $1, * FROM unnest($6::text[], $7::uuid[], $8::int[], $9::int[])
    ON CONFLICT (consumer, topic, key) DO UPDATE SET sequence = excluded.sequence, held = excluded.held)
SELECT count(*) FROM m"""
_PARK = """INSERT INTO parked (consumer, topic, partition, "offset", cluster, key, key_text, sequence, reason, detail, headers, value, parked_at)
SELECT $1, u.topic, u.partition, u.at, $2, u.key, u.key_text, u.sequence, u.reason, u.detail, u.headers::jsonb, u.value, $3
FROM unnest($4::text[], $5::int[], $6::bigint[], $7::uuid[], $8::text[], $9::int[], $10::text[], $11::text[], $12::text[], $13::bytea[])
    AS u(topic, partition, at, key, key_text, sequence, reason, detail, headers, value)
ON CONFLICT ON CONSTRAINT parked_once DO NOTHING"""


@dataclass(slots=True)
class State:
    """One key: the last sequence applied, how many records are held, whether a guilty one is among them."""

    sequence: int = 0
    held: int = 0
    guilty: bool = False


@dataclass(frozen=True, slots=True)
class Parked:
    """A record to be kept for later, with the reason in a closed word."""

    raw: Raw
    key: UUID | None
    sequence: int | None
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A kept record that may run when its turn comes."""

    id: int
    sequence: int | None
    raw: Raw


def storable(text: str) -> str:
    """A text PostgreSQL can keep: no NUL, no lone surrogate."""
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()


def raw_from(row: Any) -> Raw:
    """The record as it came; of one kept by an earlier version only the time it was kept is known."""
    headers, at = _dated(row["headers"])
    return Raw(
        row["topic"], row["partition"], row["offset"], unwritten(row["key_text"]), row["value"],
        headers_from_json(headers), int(row["parked_at"].timestamp() * 1000) if at is None else at,
    )  # fmt: skip


def _kept_headers(raw: Raw) -> str:
    kept = [*headers_to_json(raw.headers), [_WRITTEN_AT, str(raw.timestamp_ms)]]
    return json.encode(kept).decode()


def _dated(kept: Sequence[Sequence[str | None]]) -> tuple[Sequence[Sequence[str | None]], int | None]:
    """A record's own headers, and its own time where that was kept."""
    if kept and kept[-1][0] == _WRITTEN_AT and (kept[-1][1] or "").lstrip("-").isdecimal():
        return kept[:-1], int(kept[-1][1] or "")
    return kept, None


async def states(db: Connection, consumer: str, keys: Collection[tuple[str, UUID]]) -> dict[tuple[str, UUID], State]:
    """The state of each key, locked: a retry by an operator and this batch take turns."""
    if not keys:
        return {}
    wanted = sorted(keys)
    found = {key: State() for key in wanted}
    for row in await db.fetch(_STATES, consumer, [k[0] for k in wanted], [k[1] for k in wanted]):
        found[row["topic"], row["key"]] = State(row["sequence"], row["held"])
    for (topic, key), state in found.items():
        if state.held:
            state.guilty = await db.fetchval(
                "SELECT EXISTS (SELECT FROM parked WHERE consumer = $1 AND topic = $2 AND key = $3 AND reason <> ALL($4))",
                consumer,
                topic,
                key,
                list(WAITING),
            )
    return found


async def waiting(
    db: Connection, consumer: str, keys: Sequence[tuple[str, UUID]]
) -> dict[tuple[str, UUID], list[Waiting]]:
    """The kept records of these keys by sequence; where none of a key is guilty, they all only wait."""
    found: dict[tuple[str, UUID], list[Waiting]] = {}
    if keys:
        for row in await db.fetch(_WAITING, consumer, [k[0] for k in keys], [k[1] for k in keys]):
            found.setdefault((row["topic"], row["key"]), []).append(Waiting(row["id"], row["sequence"], raw_from(row)))
    return found


async def settle(
    db: Connection, consumer: str, moves: Sequence[Move], changed: Mapping[tuple[str, UUID], State], cluster: str
) -> None:
    """Move the offsets and write the sequences in one statement; `Lost` when somebody else moved a partition."""
    keys = sorted(changed)
    moved = await db.fetchval(
        _SETTLE, consumer, [m.topic for m in moves], [m.partition for m in moves], [m.seen for m in moves], [m.next for m in moves],
        [k[0] for k in keys], [k[1] for k in keys], [changed[k].sequence for k in keys], [changed[k].held for k in keys], cluster,
    )  # fmt: skip
    if moved != len(moves):
        raise Lost(f"{len(moves) - moved} partitions were moved by another member")


async def park(db: Connection, consumer: str, cluster: str, records: Sequence[Parked], now: datetime) -> None:
    """Keep these records; one kept before stays as it is."""
    if not records:
        return
    raws = [p.raw for p in records]
    await db.execute(
        _PARK, consumer, cluster, now, [r.topic for r in raws], [r.partition for r in raws], [r.offset for r in raws], [p.key for p in records],
        [written(r.key) for r in raws], [p.sequence for p in records], [p.reason for p in records],
        [storable(p.detail) for p in records], [_kept_headers(r) for r in raws], [r.value for r in raws],
    )  # fmt: skip


async def heal(db: Connection, ids: Sequence[int]) -> None:
    """Drop kept records that have been applied."""
    if ids:
        await db.execute("DELETE FROM parked WHERE id = ANY($1::bigint[])", list(ids))
