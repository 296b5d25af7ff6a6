"""The SQL of source systems: registry, events, feed, tallies, and the dossiers they own, whole batches at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec

from services.intake.domain import Dossier
from services.intake.domain.dossier import SNAPSHOT, values
from services.intake.domain.sources import Bucket, Mandate, Quota, Source
from services.intake.store import _DOSSIER, dossier_of
from services.intake.tables.dossiers import DossierRow
from shared.contracts.envelope import Fact, fact_type
from shared.kernel import Stale
from shared.store.db import Connection, arrays, names
from shared.store.unit_of_work import Work

_SOURCE = """id, name, principal, units, events_per_second, burst, max_bytes, tells_citizens, contact, sandbox, state, version, topics_at, silence_hours"""
_BY_ID = f"SELECT {_SOURCE} FROM source WHERE id = $1"
_BY_PRINCIPAL = f"SELECT {_SOURCE} FROM source WHERE principal = $1"
_ALL = f"SELECT {_SOURCE}, heard_at FROM source ORDER BY id"
_PUT = f"""INSERT INTO source AS s ({_SOURCE}, level, level_at) VALUES ($1,$2,$3,$4,$5,$6::int4,$7,$8,$9,$10,$11,$12,NULL,$13,$6::float8,$14)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, principal = excluded.principal, units = excluded.units,
events_per_second = excluded.events_per_second, burst = excluded.burst, max_bytes = excluded.max_bytes, tells_citizens = excluded.tells_citizens,
contact = excluded.contact, state = excluded.state, silence_hours = excluded.silence_hours, version = excluded.version WHERE s.version = excluded.version - 1 RETURNING 1"""
_LOCK = f"""SELECT {_SOURCE}, level, level_at FROM source WHERE id = ANY($1::text[]) OR principal = ANY($2::text[]) ORDER BY id FOR UPDATE"""
_LOCK_FREE = f"{_LOCK} SKIP LOCKED"
_REGISTERED = "SELECT id FROM source WHERE id = ANY($1::text[])"
_HEARD = """UPDATE source s SET level = u.level, level_at = u.level_at, heard_at = u.at
FROM unnest($1::text[], $2::float8[], $3::timestamptz[], $4::timestamptz[]) AS u(id, level, level_at, at) WHERE s.id = u.id RETURNING 1"""
_EVENT = "e.source, e.seq, e.id, e.body_hash, e.status, e.reason, e.fields, e.inferred, e.waits_for, e.code, e.dossier, e.payload, e.received_at, e.door"
_BEFORE = f"""WITH owned AS MATERIALIZED (SELECT id, code FROM dossier WHERE code = ANY($5::text[]) ORDER BY id FOR UPDATE)
SELECT 'known' AS what, {_EVENT} FROM unnest($1::text[], $2::text[]) AS u(source, id) CROSS JOIN LATERAL (
    SELECT * FROM source_event e WHERE e.source = u.source AND e.id = u.id AND e.status <> 'rejected' LIMIT 1) AS e
UNION ALL SELECT 'waiting', {_EVENT} FROM unnest($3::text[], $4::text[], $6::bool[]) AS u(source, code, begins) CROSS JOIN LATERAL (
    SELECT * FROM source_event e WHERE e.source = u.source AND e.code = u.code AND e.status = 'waiting'
    AND (u.begins OR EXISTS (SELECT FROM owned o WHERE o.code = u.code) OR EXISTS (SELECT FROM source_letter l WHERE l.code = u.code)) OFFSET 0) AS e
UNION ALL SELECT 'owned', {", ".join("NULL" for _ in _EVENT.split(",")[:10])}, o.id, NULL, NULL, NULL FROM owned o ORDER BY 1, 3"""
"""Events each by the index, also where a table that grows has no statistics yet (as a join, all of it is read); dossiers are locked, whoever owns them."""
_OWNED = f"{_DOSSIER} WHERE d.id = ANY($1::uuid[])"
_PEOPLE = "SELECT d.code, p.id, p.data_key, p.sealed FROM dossier d JOIN person p ON p.id = d.person WHERE d.code = ANY($1::text[])"
_WRITE = """INSERT INTO source_event (source, id, type, code, body_hash, status, reason, fields, inferred, waits_for, door, time, received_at, decided_at, dossier, payload)
SELECT u.source, u.id, u.type, u.code, u.hash, u.status, u.reason, u.fields::jsonb, u.inferred::jsonb, u.waits_for, u.door, u.time, u.received_at, u.decided_at, u.dossier, u.payload
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
$12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::uuid[], $16::jsonb[])
AS u(source, id, type, code, hash, status, reason, fields, inferred, waits_for, door, time, received_at, decided_at, dossier, payload) RETURNING 1"""
_DECIDED = """UPDATE source_event e SET status = u.status, reason = u.reason, fields = u.fields::jsonb, inferred = u.inferred::jsonb, waits_for = NULL,
decided_at = u.at, dossier = u.dossier, payload = NULL
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::timestamptz[]) AS u(seq, status, reason, fields, inferred, dossier, at) WHERE e.seq = u.seq RETURNING 1"""
_FEED = """INSERT INTO source_feed (source, transaction, kind, at, code, data)
SELECT u.source, txid_current(), u.kind, u.at, u.code, u.data FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::jsonb[]) AS u(source, kind, at, code, data) RETURNING 1"""
_FEED_ONE = "INSERT INTO source_feed (source, transaction, kind, at, code, data) VALUES ($1, txid_current(), $2, $3, $4, $5) RETURNING 1"
_READ_FEED = """SELECT seq, transaction, kind, at, code, data FROM source_feed WHERE source = $1 AND (transaction, seq) > ($2, $3)
AND transaction < txid_snapshot_xmin(txid_current_snapshot()) ORDER BY transaction, seq LIMIT $4"""
"""What a transaction still open may yet write before it is not read: no cursor ever passes over an entry."""
_TALLY = """INSERT INTO source_tally AS t (source, day, what, number)
SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::bigint[])
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
_KEPT = (*SNAPSHOT, "person")
_MAKE = f"INSERT INTO dossier ({names(_KEPT)}, components) SELECT u.*, '[]' FROM {arrays(DossierRow, _KEPT)} AS u RETURNING 1"
_SAVE = f"""UPDATE dossier d SET {", ".join(f'"{name}" = u."{name}"' for name in SNAPSHOT[1:])}, person = coalesce(u.person, d.person)
FROM {arrays(DossierRow, _KEPT)} AS u({names(_KEPT)}) WHERE d.id = u.id RETURNING 1"""
_HEARING = "SELECT id FROM source WHERE id = ANY($1::text[]) AND topics_at IS NOT NULL"
_NO_TOPICS = "SELECT id FROM source WHERE topics_at IS NULL AND state <> 'closed' ORDER BY id"

Named: TypeAlias = tuple[str, str]
"""A source, and the id of an event or the code of a dossier as that source says it."""

Locked: TypeAlias = tuple[Source, Bucket]
"""A source whose row is locked for us."""

Said: TypeAlias = tuple[Literal["id", "principal"], str]
"""How it is said which source speaks: by its id or by its account."""


@dataclass(frozen=True, slots=True, repr=False)
class Before:
    """What is known of events and dossiers before they are judged; `owned` by code."""

    known: Sequence[Any]
    waiting: Sequence[Any]
    owned: Mapping[str, Dossier]


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


async def locked(work: Work, ids: Iterable[str]) -> Sequence[Locked]:
    """Those of these sources that are in the registry, by id, with their buckets; events of each are taken one batch after the other."""
    return _locked(await work.db.fetch(_LOCK, sorted(ids), []))


async def free(work: Work, ids: Iterable[str]) -> Sequence[Locked]:
    """As `locked`, without those whose rows somebody else has locked."""
    return _locked(await work.db.fetch(_LOCK_FREE, sorted(ids), []))


async def registered(work: Work, ids: Iterable[str]) -> Sequence[str]:
    """Those of these sources that are in the registry."""
    return [row["id"] for row in await work.db.fetch(_REGISTERED, sorted(ids))]


async def speaker(work: Work, said: Said) -> Locked | None:
    """The source of this id or account, locked; where a transaction is shared, none whose row somebody else has locked."""
    return await work.ask(_speakers if work.circle is None else _free_speakers, said)


async def _speakers(connection: Connection, said: Sequence[Said], statement: str = _LOCK) -> Sequence[Locked | None]:
    columns = {name: sorted(value for column, value in said if column == name) for name in ("id", "principal")}
    found = _locked(await connection.fetch(statement, columns["id"], columns["principal"]))
    named = {pair: each for each in found for pair in (("id", each[0].id), ("principal", each[0].principal))}
    return [named.get(pair) for pair in said]


async def _free_speakers(connection: Connection, said: Sequence[Said]) -> Sequence[Locked | None]:
    return await _speakers(connection, said, _LOCK_FREE)


def _locked(rows: Iterable[Any]) -> Sequence[Locked]:
    return [(source_of(row), Bucket(row["level"], row["level_at"])) for row in rows]


def heard(work: Work, buckets: Mapping[str, Bucket]) -> None:
    """Remember what is left in each bucket, and that these sources were heard of."""
    work.rows_along(_HEARD, ((id_, left.level, left.at, work.now) for id_, left in buckets.items()))


async def before(
    work: Work, events: Collection[Named], dossiers: Collection[Named], begun: Collection[Named]
) -> Before:
    """What became of those of these events that were taken or wait, what waits for these dossiers, and the dossiers, locked, whoever owns them.

    What waits is read of those that are there or may begin now (`begun`): with every event that waits behind it, it would be read in vain.
    """
    return await work.ask(_before, (frozenset(events), frozenset(dossiers), frozenset(begun)))


async def _before(
    connection: Connection, told: Sequence[tuple[frozenset[Named], frozenset[Named], frozenset[Named]]]
) -> Sequence[Before]:
    events, dossiers, begun = (sorted(frozenset[Named]().union(*each)) for each in zip(*told, strict=True))
    codes, begins = sorted({code for _, code in dossiers}), set(begun)
    rows = await connection.fetch(
        _BEFORE, *_columns(events), *_columns(dossiers), codes, [each in begins for each in dossiers]
    )
    ids = [row["dossier"] for row in rows if row["what"] == "owned"]
    owned = {row["code"]: dossier_of(row) for row in await connection.fetch(_OWNED, ids)} if ids else {}
    return [
        Before(
            [row for row in rows if row["what"] == "known" and (row["source"], row["id"]) in asked],
            [row for row in rows if row["what"] == "waiting" and (row["source"], row["code"]) in named],
            {code: owned[code] for _, code in sorted(named) if code in owned},
        )
        for asked, named, _ in told
    ]  # fmt: skip


def _columns(pairs: Sequence[Named]) -> tuple[list[str], list[str]]:
    return [source for source, _ in pairs], [name for _, name in pairs]


async def people(work: Work, codes: Iterable[str]) -> Mapping[str, Any]:
    """The vault rows of the people of these dossiers, by code."""
    wanted = frozenset(codes)
    return await work.ask(_people, wanted) if wanted else {}


async def _people(connection: Connection, wanted: Sequence[frozenset[str]]) -> Sequence[Mapping[str, Any]]:
    rows = {row["code"]: row for row in await connection.fetch(_PEOPLE, sorted(frozenset[str]().union(*wanted)))}
    return [{code: rows[code] for code in codes if code in rows} for codes in wanted]


def write_events(work: Work, rows: Sequence[Row]) -> None:
    """Write down what became of new events, and of those that waited."""
    work.rows_along(_WRITE, (
        (r.source, r.id, r.type, r.code, r.body_hash, r.status, r.reason, _json(r.fields), _json(r.inferred), r.waits_for, r.door, r.time, r.received_at,
         work.now, r.dossier, r.payload) for r in rows if r.seq is None
    ))  # fmt: skip
    work.rows_along(_DECIDED, (
        (r.seq, r.status, r.reason, _json(r.fields), _json(r.inferred), r.dossier, work.now) for r in rows if r.seq is not None
    ))  # fmt: skip


def _json(values: Sequence[Any]) -> str:
    """As text: an array of arrays would be taken for one with two dimensions."""
    return msgspec.json.encode(values).decode()


def write_dossiers(
    work: Work, made: Sequence[tuple[Dossier, UUID]], changed: Sequence[tuple[Dossier, UUID | None]]
) -> None:
    """Write dossiers heard of for the first time with their people, and those that changed."""
    work.rows_along(_MAKE, ((*values(dossier), person) for dossier, person in made))
    work.rows_along(_SAVE, ((*values(dossier), person) for dossier, person in changed))


def feed(work: Work, entries: Sequence[Entry]) -> None:
    """Tell sources."""
    work.rows_along(_FEED, ((each.source, each.kind, each.at, each.code, dict(each.data)) for each in entries))


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
    work.rows_along(
        _TALLY, sorted((source, day, *each) for source, endings in counted.items() for each in endings.items())
    )


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
