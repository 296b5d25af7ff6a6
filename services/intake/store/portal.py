"""The SQL of the national portal's form: what came in it, how sources speak, and the queue of what goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.intake.domain.portal import Profile
from shared.kernel import Stale
from shared.store.db import Connection
from shared.store.unit_of_work import Work

_PROFILE = "SELECT form, units, version FROM portal_profile WHERE source = $1"
_PUT_PROFILE = """INSERT INTO portal_profile AS p (source, form, units, version) VALUES ($1, $2, $3, $4)
ON CONFLICT (source) DO UPDATE SET form = excluded.form, units = excluded.units, version = excluded.version
WHERE p.version = excluded.version - 1 RETURNING 1"""
_KEEP = """WITH new AS (
    INSERT INTO portal_item (source, id, code, service, received_at, refs, unknown_fields)
    SELECT $1, u.id, u.code, u.service, $7, u.refs::jsonb, u.unknown
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int4[]) AS u(id, code, service, refs, unknown)
    ON CONFLICT DO NOTHING RETURNING unknown_fields)
INSERT INTO source_tally AS t (source, day, what, number)
SELECT $1, ($7::timestamptz AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, 'unknown-fields', sum(unknown_fields) FROM new HAVING sum(unknown_fields) > 0
ON CONFLICT (source, day, what) DO UPDATE SET number = t.number + excluded.number"""
_ITEMS = "SELECT service, received_at, refs, unknown_fields FROM portal_item WHERE source = $1 AND code = $2 ORDER BY received_at, id LIMIT 200"

_OWE = """INSERT INTO egress (dossier, sequence, code, service, status, at, state, attempts, next_at, doubt, queued_at)
SELECT d.id, u.sequence, d.code, u.service, u.status, u.at, 'queued', 0, clock_timestamp(), false, $6
FROM unnest($1::uuid[], $2::int8[], $3::text[], $4::int4[], $5::timestamptz[]) AS u(dossier, sequence, service, status, at)
JOIN dossier d ON d.id = u.dossier WHERE d.source IS NULL ORDER BY u.dossier, u.sequence ON CONFLICT (dossier, sequence) DO NOTHING"""
_CLAIM = """UPDATE egress e SET state = 'sending', doubt = e.doubt OR e.state = 'sending', attempts = e.attempts + 1,
next_at = clock_timestamp() + make_interval(secs => $2)
WHERE e.id IN (
    SELECT h.id FROM egress h WHERE h.state IN ('queued', 'in-doubt', 'sending') AND h.next_at <= clock_timestamp()
    AND NOT EXISTS (SELECT 1 FROM egress p WHERE p.dossier = h.dossier AND p.sequence < h.sequence AND p.state NOT IN ('sent', 'dropped'))
    ORDER BY h.next_at, h.id LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING e.id, e.dossier, e.sequence, e.code, e.service, e.at, e.attempts, e.doubt, coalesce(e.status, (
    SELECT p.status FROM egress p WHERE p.dossier = e.dossier AND p.sequence < e.sequence AND p.status IS NOT NULL ORDER BY p.sequence DESC LIMIT 1
), 1) AS status"""
"""Only the first of a dossier that is not done; one that a killed process held is taken again, in doubt."""
_DONE = """UPDATE egress SET state = $3, answer_code = $4, error = NULL, doubt = false, found = $5, sent_at = $6
WHERE id = $1 AND attempts = $2 AND state = 'sending'"""
_LATER = """UPDATE egress SET state = $3::varchar, answer_code = $4, error = $5, doubt = doubt OR $3::varchar = 'in-doubt',
next_at = clock_timestamp() + make_interval(secs => $6) WHERE id = $1 AND attempts = $2 AND state = 'sending'"""
_LISTED = """SELECT id, dossier, sequence, code, service, status, at, state, attempts, next_at, doubt, answer_code, error, found, queued_at, sent_at
FROM egress WHERE ($1::text IS NULL OR state = $1) AND ($2::bigint IS NULL OR CASE WHEN $3 THEN id > $2 ELSE id < $2 END)"""
_COUNTS = """SELECT state, count(*) AS rows, extract(epoch FROM $1::timestamptz - min(queued_at))::float8 AS oldest
FROM egress WHERE state NOT IN ('sent', 'dropped') GROUP BY state"""
_RETRY = """UPDATE egress SET state = CASE WHEN doubt THEN 'in-doubt' ELSE 'queued' END, attempts = 0, next_at = clock_timestamp()
WHERE state IN ('refused', 'queued', 'in-doubt') AND ($1::bigint IS NULL OR id = $1) RETURNING id"""


@dataclass(frozen=True, slots=True)
class Received:
    """An item that was taken, without what stood in it."""

    id: str
    code: str
    service: str
    references: Sequence[Mapping[str, Any]]
    unknown: int


async def profile(connection: Connection, source: str) -> Profile:
    """How a source speaks."""
    row = await connection.fetchrow(_PROFILE, source)
    return Profile() if row is None else Profile(row["form"], row["units"], row["version"])


async def put_profile(work: Work, source: str, made: Profile) -> None:
    """Write it; `Stale` when somebody else did."""
    if await work.db.fetchval(_PUT_PROFILE, source, made.form, dict(made.units), made.version) is None:
        raise Stale(seen=made.version - 1)


async def keep(connection: Connection, source: str, rows: Sequence[Received], at: datetime) -> None:
    """Write down items not seen before, and count their unknown fields."""
    if rows:
        await connection.execute(
            _KEEP, source, [r.id for r in rows], [r.code for r in rows], [r.service for r in rows], [_json(r.references) for r in rows],
            [r.unknown for r in rows], at,
        )  # fmt: skip


def _json(values: Sequence[Any]) -> str:
    """As text: an array of arrays would be taken for one with two dimensions."""
    return msgspec.json.encode(values).decode()


async def items(connection: Connection, source: str, code: str) -> Sequence[Mapping[str, Any]]:
    """The items of a dossier in the order they came."""
    rows: Sequence[Mapping[str, Any]] = await connection.fetch(_ITEMS, source, code)
    return rows


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing the portal is to hear of a dossier: by which service, the status, and when that was."""

    dossier: UUID
    sequence: int
    service: str
    status: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Sending:
    """One of them in hand; `doubt`: the portal may have taken it already."""

    id: int
    dossier: UUID
    sequence: int
    code: str
    service: str
    status: int
    at: datetime
    attempts: int
    doubt: bool


async def owe(work: Work, rows: Sequence[Owed]) -> None:
    """Queue what the portal is to hear; of dossiers that are ours alone, each once."""
    if rows:
        await work.db.execute(
            _OWE, [r.dossier for r in rows], [r.sequence for r in rows], [r.service for r in rows], [r.status for r in rows],
            [r.at for r in rows], work.now,
        )  # fmt: skip


async def claim(connection: Connection, limit: int, lease_seconds: float) -> Sequence[Sending]:
    """Take what is due, one of each dossier, for so long."""
    return [Sending(**row) for row in await connection.fetch(_CLAIM, limit, lease_seconds)]


async def done(
    connection: Connection, sending: Sending, state: str, code: str | None, at: datetime, *, found: bool
) -> None:
    """The receipt; nothing where somebody else has it in hand by now."""
    await connection.execute(_DONE, sending.id, sending.attempts, state, code, found, at)


async def later(
    connection: Connection, sending: Sending, state: str, *, code: str | None, error: str, wait_seconds: float
) -> None:
    """Not yet: when it is tried again, and why."""
    await connection.execute(_LATER, sending.id, sending.attempts, state, code, error, wait_seconds)


async def listed(
    connection: Connection, state: str | None, *, after: int | None, back: bool, limit: int
) -> Sequence[Mapping[str, Any]]:
    """The queue, newest first (`back`: oldest first)."""
    order = "ASC" if back else "DESC"
    rows: Sequence[Mapping[str, Any]] = await connection.fetch(
        f"{_LISTED} ORDER BY id {order} LIMIT $4", state, after, back, limit
    )
    return rows


async def counts(connection: Connection, at: datetime) -> Mapping[str, tuple[int, float]]:
    """How many are not done, by state, and the age of the oldest in seconds."""
    return {row["state"]: (row["rows"], row["oldest"]) for row in await connection.fetch(_COUNTS, at)}


async def retry(connection: Connection, id: int | None) -> int:
    """Try one again at once, or (None) all that wait; how many."""
    return len(await connection.fetch(_RETRY, id))
