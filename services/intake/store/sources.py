"""The SQL of source systems: registry, events, feed, tallies, and the dossiers they own, whole batches at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from services.intake.domain import Dossier
from services.intake.domain.dossier import SNAPSHOT, values
from services.intake.domain.sources import Bucket, Mandate, Quota, Source
from services.intake.store import _CREATE, _DOSSIER, dossier_of
from shared.contracts.envelope import Fact, fact_type
from shared.kernel import Stale
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_SOURCE = """id, name, principal, units, events_per_second, burst, max_bytes, tells_citizens, contact, sandbox, state, version, topics_at, silence_hours"""
_BY_ID = f"SELECT {_SOURCE} FROM source WHERE id = $1"
_BY_PRINCIPAL = f"SELECT {_SOURCE} FROM source WHERE principal = $1"
_ALL = f"SELECT {_SOURCE}, heard_at FROM source ORDER BY id"
_PUT = f"""INSERT INTO source AS s ({_SOURCE}, level, level_at) VALUES ($1,$2,$3,$4,$5,$6::int4,$7,$8,$9,$10,$11,$12,NULL,$13,$6::float8,$14)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, principal = excluded.principal, units = excluded.units,
events_per_second = excluded.events_per_second, burst = excluded.burst, max_bytes = excluded.max_bytes, tells_citizens = excluded.tells_citizens,
contact = excluded.contact, state = excluded.state, silence_hours = excluded.silence_hours, version = excluded.version WHERE s.version = excluded.version - 1 RETURNING 1"""
_LOCK = f"SELECT {_SOURCE}, level, level_at FROM source WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE"
_LOCK_FREE = "SELECT id FROM source WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE SKIP LOCKED"
_REGISTERED = "SELECT id FROM source WHERE id = ANY($1::text[])"
_HEARD = """UPDATE source s SET level = u.level, level_at = u.at, heard_at = $4
FROM unnest($1::text[], $2::float8[], $3::timestamptz[]) AS u(id, level, at) WHERE s.id = u.id RETURNING 1"""
_KNOWN = """SELECT e.source, e.id, e.body_hash, e.status, e.reason, e.fields, e.inferred, e.waits_for, e.code, e.dossier
FROM unnest($1::text[], $2::text[]) AS u(source, id) CROSS JOIN LATERAL (
    SELECT * FROM source_event e WHERE e.source = u.source AND e.id = u.id AND e.status <> 'rejected' LIMIT 1) AS e"""
"""Each by the index, also where a table that grows has no statistics yet; as a join, all of it is read."""
_LOCK_OWNED = "SELECT id FROM dossier WHERE code = ANY($1::text[]) ORDER BY id FOR UPDATE"
_OWNED = f"{_DOSSIER} WHERE d.code = ANY($1::text[])"
_PEOPLE = "SELECT d.code, p.id, p.data_key, p.sealed FROM dossier d JOIN person p ON p.id = d.person WHERE d.code = ANY($1::text[])"
_WAITING_FOR = """SELECT e.source, e.seq, e.id, e.payload, e.body_hash, e.received_at, e.code, e.door
FROM unnest($1::text[], $2::text[]) AS u(source, code) CROSS JOIN LATERAL (
    SELECT * FROM source_event e WHERE e.source = u.source AND e.code = u.code AND e.status = 'waiting' OFFSET 0) AS e
ORDER BY e.seq"""
_WRITE = """INSERT INTO source_event (source, id, type, code, body_hash, status, reason, fields, inferred, waits_for, door, time, received_at, decided_at, dossier, payload)
SELECT u.source, u.id, u.type, u.code, u.hash, u.status, u.reason, u.fields::jsonb, u.inferred::jsonb, u.waits_for, u.door, u.time, u.received_at, $14, u.dossier, u.payload
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
$12::timestamptz[], $13::timestamptz[], $15::uuid[], $16::jsonb[])
AS u(source, id, type, code, hash, status, reason, fields, inferred, waits_for, door, time, received_at, dossier, payload) RETURNING 1"""
_DECIDED = """UPDATE source_event e SET status = u.status, reason = u.reason, fields = u.fields::jsonb, inferred = u.inferred::jsonb, waits_for = NULL,
decided_at = $7, dossier = u.dossier, payload = NULL
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[]) AS u(seq, status, reason, fields, inferred, dossier) WHERE e.seq = u.seq RETURNING 1"""
_FEED = """INSERT INTO source_feed (source, transaction, kind, at, code, data)
SELECT u.source, txid_current(), u.kind, u.at, u.code, u.data FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::jsonb[]) AS u(source, kind, at, code, data) RETURNING 1"""
_FEED_ONE = "INSERT INTO source_feed (source, transaction, kind, at, code, data) VALUES ($1, txid_current(), $2, $3, $4, $5) RETURNING 1"
_READ_FEED = """SELECT seq, transaction, kind, at, code, data FROM source_feed WHERE source = $1 AND (transaction, seq) > ($2, $3)
AND transaction < txid_snapshot_xmin(txid_current_snapshot()) ORDER BY transaction, seq LIMIT $4"""
"""What a transaction still open may yet write before it is not read: no cursor ever passes over an entry."""
_TALLY = """INSERT INTO source_tally AS t (source, day, what, number)
SELECT u.source, $1, u.what, u.number FROM unnest($2::text[], $3::text[], $4::bigint[]) AS u(source, what, number)
ON CONFLICT (source, day, what) DO UPDATE SET number = t.number + excluded.number RETURNING 1"""
_LISTED = """SELECT seq, id, type, code, status, reason, fields, inferred, waits_for, door, time, received_at, decided_at, dossier, encode(body_hash, 'hex') AS body_hash
FROM source_event WHERE source = $1 AND ($2::text IS NULL OR status = $2) AND ($3::bigint IS NULL OR CASE WHEN $4 THEN seq > $3 ELSE seq < $3 END)"""
_LATE = (
    "SELECT DISTINCT source FROM source_event WHERE status = 'waiting' AND received_at < $1 ORDER BY source LIMIT 100"
)
_FOR_CATALOGUE = "SELECT DISTINCT source FROM source_event WHERE status = 'waiting' AND waits_for = 'procedure' AND payload -> 'data' ->> 'procedure' = ANY($1::text[]) ORDER BY source LIMIT 100"
_OF_SOURCE = """SELECT seq, id, payload, body_hash, received_at, code, door, waits_for FROM source_event
WHERE source = $1 AND status = 'waiting' AND (received_at < $2 OR (waits_for = 'procedure' AND payload -> 'data' ->> 'procedure' = ANY($3::text[])))
AND seq > $4 ORDER BY seq LIMIT $5 FOR UPDATE"""
_SAVE = f"""UPDATE dossier SET {", ".join(f'"{name}" = ${n}' for n, name in enumerate(SNAPSHOT[1:], 2))}, person = coalesce(${len(SNAPSHOT) + 1}, person)
WHERE id = $1"""
_HEARING = "SELECT id FROM source WHERE id = ANY($1::text[]) AND topics_at IS NOT NULL"
_NO_TOPICS = "SELECT id FROM source WHERE topics_at IS NULL AND state <> 'closed' ORDER BY id"

Named: TypeAlias = tuple[str, str]
"""A source, and the id of an event or the code of a dossier as that source says it."""


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One event to be written down."""

    source: str
    id: str
    type: str | None
    code: str | None
    body_hash: bytes
    status: str
    received_at: datetime
    time: datetime | None = None
    reason: str | None = None
    fields: Sequence[str] = ()
    inferred: Sequence[int | str] = ()
    waits_for: str | None = None
    dossier: UUID | None = None
    payload: Mapping[str, Any] | None = None
    door: str = "http"
    seq: int | None = None
    """Of an event that waited."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed."""

    source: str
    kind: str
    at: datetime
    code: str | None
    data: Mapping[str, Any] = field(default_factory=dict)


def source_of(row: Any) -> Source:
    """An entry of the registry as the domain knows it."""
    units = tuple(
        Mandate(each["unit"], date.fromisoformat(each["valid_from"]), each["valid_to"] and date.fromisoformat(each["valid_to"]))
        for each in row["units"]
    )  # fmt: skip
    return Source(
        row["id"], row["name"], row["principal"], units, Quota(row["events_per_second"], row["burst"], row["max_bytes"]), row["tells_citizens"],
        row["contact"], row["sandbox"], row["state"], row["version"], row["topics_at"],
        row["silence_hours"],
    )  # fmt: skip


async def source(connection: Connection, id: str) -> Source | None:
    """The source of this id."""
    row = await connection.fetchrow(_BY_ID, id)
    return None if row is None else source_of(row)


async def source_of_principal(connection: Connection, principal: str) -> Source | None:
    """The source whose tokens these are."""
    row = await connection.fetchrow(_BY_PRINCIPAL, principal)
    return None if row is None else source_of(row)


async def sources(connection: Connection) -> Sequence[Source]:
    """The registry, by id."""
    return [source_of(row) for row in await connection.fetch(_ALL)]


async def put(work: Work, source: Source) -> None:
    """Write an entry; `Stale` when somebody else changed it."""
    units = [asdict(each) for each in source.units]
    quota = source.quota
    written = await work.db.fetchval(
        _PUT, source.id, source.name, source.principal, units, quota.events_per_second, quota.burst, quota.max_bytes, source.tells_citizens,
        source.contact, source.sandbox, source.state, source.version, source.silence_hours, work.now,
    )  # fmt: skip
    if written is None:
        raise Stale(seen=source.version - 1)


async def sandboxes(work: Work) -> frozenset[str | None]:
    """Sources of whose dossiers nothing leaves intake."""
    return frozenset(row["id"] for row in await work.db.fetch("SELECT id FROM source WHERE sandbox"))


async def locked(work: Work, ids: Iterable[str]) -> Sequence[tuple[Source, Bucket]]:
    """Those of these sources that are in the registry, by id, with their buckets; events of each are taken one batch after the other."""
    rows = await work.db.fetch(_LOCK, sorted(ids))
    return [(source_of(row), Bucket(row["level"], row["level_at"])) for row in rows]


async def busy(work: Work, ids: Collection[str]) -> Sequence[str]:
    """Those of these sources whose rows somebody else has locked; the others are locked by us from now on."""
    ours = {row["id"] for row in await work.db.fetch(_LOCK_FREE, sorted(ids))}
    if not (missing := sorted(set(ids) - ours)):
        return ()
    return [row["id"] for row in await work.db.fetch(_REGISTERED, missing)]


def heard(work: Work, buckets: Mapping[str, Bucket]) -> None:
    """Remember what is left in each bucket, and that these sources were heard of."""
    if buckets:
        left = list(buckets.values())
        work.along(_HEARD, list(buckets), [each.level for each in left], [each.at for each in left], work.now)


async def known(work: Work, told: Iterable[Named]) -> Sequence[Any]:
    """What became of those of these events that were taken or wait: (source, id)."""
    return await _of_pairs(work, _KNOWN, told)


async def _of_pairs(work: Work, statement: str, pairs: Iterable[Named]) -> Sequence[Any]:
    """What is found for pairs, each asked for once; nothing is asked for none."""
    if not (wanted := sorted(set(pairs))):
        return ()
    rows: Sequence[Any] = await work.db.fetch(statement, *map(list, zip(*wanted, strict=True)))
    return rows


async def owned(work: Work, codes: Iterable[str]) -> dict[str, Dossier]:
    """The dossiers with these codes, locked, whoever owns them; locked by a statement of its own, as every dossier's clocks are read."""
    wanted = sorted(set(codes))
    if not wanted or not await work.db.fetch(_LOCK_OWNED, wanted):
        return {}
    return {row["code"]: dossier_of(row) for row in await work.db.fetch(_OWNED, wanted)}


async def people(work: Work, codes: Iterable[str]) -> Mapping[str, Any]:
    """The vault rows of the people of these dossiers, by code."""
    wanted = sorted(set(codes))
    return {row["code"]: row for row in await work.db.fetch(_PEOPLE, wanted)} if wanted else {}


async def waiting_for(work: Work, codes: Iterable[Named]) -> Sequence[Any]:
    """The events of each source that wait for its dossier with a code, in order: (source, code)."""
    return await _of_pairs(work, _WAITING_FOR, codes)


def write_events(work: Work, rows: Sequence[Row]) -> None:
    """Write down what became of new events, and of those that waited."""
    new, old = [row for row in rows if row.seq is None], [row for row in rows if row.seq is not None]
    if new:
        work.along(
            _WRITE, [r.source for r in new], [r.id for r in new], [r.type for r in new], [r.code for r in new], [r.body_hash for r in new], [r.status for r in new],
            [r.reason for r in new], [_json(r.fields) for r in new], [_json(r.inferred) for r in new], [r.waits_for for r in new],
            [r.door for r in new], [r.time for r in new], [r.received_at for r in new], work.now, [r.dossier for r in new],
            [r.payload for r in new],
        )  # fmt: skip
    if old:
        work.along(
            _DECIDED, [r.seq for r in old], [r.status for r in old], [r.reason for r in old], [_json(r.fields) for r in old],
            [_json(r.inferred) for r in old], [r.dossier for r in old], work.now,
        )  # fmt: skip


def _json(values: Sequence[Any]) -> str:
    """As text: an array of arrays would be taken for one with two dimensions."""
    return msgspec.json.encode(values).decode()


async def write_dossiers(
    work: Work, made: Sequence[tuple[Dossier, UUID]], changed: Sequence[tuple[Dossier, UUID | None]]
) -> None:
    """Write dossiers heard of for the first time with their people, and those that changed."""
    if made:
        await work.db.executemany(
            _CREATE, [(*values(dossier), person, None, None, [], None, None) for dossier, person in made]
        )
    if changed:
        await work.db.executemany(_SAVE, [(*values(dossier), person) for dossier, person in changed])


def feed(work: Work, entries: Sequence[Entry]) -> None:
    """Tell sources."""
    if entries:
        work.along(
            _FEED, [e.source for e in entries], [e.kind for e in entries], [e.at for e in entries], [e.code for e in entries],
            [dict(e.data) for e in entries],
        )  # fmt: skip


def tell(work: Work, dossier: Dossier, fact: Fact) -> None:
    """The source that owns a dossier hears what its citizen did."""
    if dossier.source is None:
        return
    data = {"reason_class": getattr(fact, "reason_class", None), "score": getattr(fact, "score", None)}
    said = {name: value for name, value in data.items() if value is not None}
    kind = fact_type(type(fact)).split(".")[2]
    work.along(_FEED_ONE, dossier.source, kind, fact.occurred_at, dossier.code, said)


async def hears(work: Work, source: str) -> bool:
    """Whether a source has a topic of replies by now."""
    return await work.ask(_hear, source)


async def _hear(connection: Connection, sources: Sequence[str]) -> Sequence[bool]:
    there = {row["id"] for row in await connection.fetch(_HEARING, list(sources))}
    return [each in there for each in sources]


async def read_feed(connection: Connection, source: str, after: tuple[int, int], limit: int) -> Sequence[Any]:
    """The entries behind a place, in order."""
    rows: Sequence[Any] = await connection.fetch(_READ_FEED, source, *after, limit)
    return rows


def tally(work: Work, day: date, counted: Mapping[str, Mapping[str, int]]) -> None:
    """Count how the events of each source ended."""
    if rows := sorted((source, *each) for source, endings in counted.items() for each in endings.items()):
        work.along(_TALLY, day, *map(list, zip(*rows, strict=True)))


async def listed(
    connection: Connection, source: str, status: str | None, *, after: int | None, back: bool, limit: int
) -> Sequence[Any]:
    """The events of a source, newest first (`back`: oldest first)."""
    order = "ASC" if back else "DESC"
    rows: Sequence[Any] = await connection.fetch(
        f"{_LISTED} ORDER BY seq {order} LIMIT $5", source, status, after, back, limit
    )
    return rows


async def restless(connection: Connection, before: datetime, procedures: Sequence[str]) -> Sequence[str]:
    """Sources with events that waited long enough, or whose procedure is known now."""
    found = {row["source"] for row in await connection.fetch(_LATE, before)}
    if procedures:
        found |= {row["source"] for row in await connection.fetch(_FOR_CATALOGUE, list(procedures))}
    return sorted(found)


async def ripe(
    work: Work, source: str, before: datetime, procedures: Sequence[str], after: int, limit: int
) -> Sequence[Any]:
    """Those events behind a number, in order, locked."""
    rows: Sequence[Any] = await work.db.fetch(_OF_SOURCE, source, before, list(procedures), after, limit)
    return rows


async def without_topics(connection: Connection) -> Sequence[str]:
    """Sources whose topics were not made yet."""
    return [row["id"] for row in await connection.fetch(_NO_TOPICS)]


async def topics_made(connection: Connection, ids: Sequence[str], at: datetime) -> None:
    """Their topics are there: replies go there from now on."""
    await connection.execute("UPDATE source SET topics_at = $2 WHERE id = ANY($1::text[])", list(ids), at)
