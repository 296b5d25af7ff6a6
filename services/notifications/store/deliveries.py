"""Statements about deliveries: routing, the queue of what is due, attempts, what stands against an address.

The queue lives on the database's own clock (`now()`), so that processes need not agree on the time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.notifications.domain import AddressState, Attempt, Circumstances, Class, Delivery, Verdict
from services.notifications.domain.deliveries import CONTACT_WAIT, COOL_DOWN
from shared.store.db import Connection

_CIRCUMSTANCES = """SELECT 'told' AS what, NULL AS class, aggregate AS id FROM told_elsewhere WHERE aggregate = ANY($1::uuid[])
UNION ALL SELECT 'muted', NULL, recipient FROM preference WHERE recipient = ANY($2::uuid[]) AND channel = $3 AND NOT enabled
UNION ALL SELECT DISTINCT 'lately', d.class, d.recipient FROM unnest($4::text[], $5::timestamptz[]) AS c(class, since)
    JOIN delivery d ON d.class = c.class AND d.created_at > c.since AND d.class <> 'statutory' AND d.state <> 'cancelled' WHERE d.recipient = ANY($2::uuid[])"""

_ELSEWHERE = "INSERT INTO told_elsewhere (aggregate) SELECT unnest($1::uuid[]) ORDER BY 1 ON CONFLICT DO NOTHING"

# A delivery waits for its recipient's contact when none with an address is known; 'epoch' means: at once.
_BEGIN = """INSERT INTO delivery (id, notification, step, channel, class, recipient, ordering_key, state, held_for, code, next_at, not_before,
    expires_at, until_read, attempts, failures, doubts, created_at)
SELECT u.id, u.notification, u.step, u.channel, u.class, u.recipient, u.ordering_key, CASE WHEN w.waits THEN 'held' ELSE u.state END,
    CASE WHEN w.waits THEN 'contact' END, u.code, CASE WHEN w.waits THEN now() + $14 WHEN u.state = 'pending' THEN to_timestamp(0) END,
    u.not_before, u.expires_at, u.until_read, 0, 0, 0, $13
FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::timestamptz[],
    $11::timestamptz[], $12::boolean[])
    WITH ORDINALITY AS u(id, notification, step, channel, class, recipient, ordering_key, state, code, not_before, expires_at, until_read, n)
CROSS JOIN LATERAL (SELECT u.state = 'pending' AND NOT EXISTS (SELECT FROM contact c WHERE c.recipient = u.recipient AND c.forgotten_at IS NULL
    AND c.has_email IS NOT FALSE) AS waits) w
ORDER BY u.n"""

# What was told to one recipient about one aggregate before goes out before, or surely not at all.
_DUE = """SELECT d.id, d.notification, d.channel, d.class, d.recipient, d.ordering_key, d.expires_at, d.attempts, d.failures, d.doubts,
    n.code, n.aggregate, n.template_version, n.vars, f.id AS fact, f.traceparent
FROM delivery d JOIN notification n ON n.id = d.notification LEFT JOIN fact f ON f.aggregate = d.notification AND f.sequence = 1
WHERE d.channel = $1 AND d.state = 'pending' AND d.next_at <= now() AND d.not_before <= $2
    AND NOT EXISTS (SELECT FROM delivery e WHERE e.ordering_key = d.ordering_key AND e.channel = d.channel AND e.position < d.position AND e.not_before <= $2
        AND (e.state IN ('pending', 'held', 'sending') OR e.state = 'unknown' AND e.next_at IS NOT NULL))
ORDER BY d.next_at, d.position LIMIT $3 FOR UPDATE OF d SKIP LOCKED"""

_CONTACTS = """SELECT recipient, source, data_key, sealed FROM contact
WHERE recipient = ANY($1::uuid[]) AND forgotten_at IS NULL AND has_email IS NOT FALSE ORDER BY received_at DESC"""
_NO_EMAIL = """UPDATE contact SET has_email = false FROM unnest($1::uuid[], $2::text[]) AS u(recipient, source)
WHERE contact.recipient = u.recipient AND contact.source = u.source"""
_AGAINST = """SELECT recipient, address_hmac, state FROM contact_point
WHERE recipient = ANY($1::uuid[]) AND channel = $2 AND (until IS NULL OR until > now())"""
_MUTED = "SELECT recipient FROM preference WHERE recipient = ANY($1::uuid[]) AND channel = $2 AND NOT enabled"

_TAKE = """WITH u AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) AS u(id, state, code)),
d AS (UPDATE delivery SET state = u.state, code = u.code, held_for = CASE WHEN u.state = 'held' THEN 'contact' END,
        next_at = CASE WHEN u.state = 'held' THEN now() + $6 END, lease_until = CASE WHEN u.state = 'sending' THEN now() + $5 END,
        attempts = attempts + (u.state = 'sending')::int
    FROM u WHERE delivery.id = u.id RETURNING delivery.id, delivery.state, delivery.attempts)
INSERT INTO attempt (delivery, n, provider, started_at) SELECT id, attempts, $4, now() FROM d WHERE state = 'sending'"""

# The number of the attempt fences off whoever lost the lease; what came late may still end a doubt, but not begin one.
_SETTLE = """WITH a AS (UPDATE attempt SET finished_at = now(), outcome = $6, code = $4 WHERE delivery = $1 AND n = $2 AND outcome IS NULL)
UPDATE delivery d SET state = $3, code = $4, next_at = now() + $5::interval, lease_until = NULL, failures = $7, doubts = $8
FROM notification n WHERE d.id = $1 AND d.attempts = $2 AND (d.state = 'sending' OR d.state = 'unknown' AND $3 <> 'unknown') AND n.id = d.notification
RETURNING d.recipient, d.notification, n.code, n.aggregate, d.channel, d.attempts"""
_HOLD_AGAINST = """INSERT INTO contact_point (recipient, channel, address_hmac, state, since, until) VALUES ($1, $2, $3, $4, now(), now() + $5::interval)
ON CONFLICT (recipient, channel, address_hmac) DO UPDATE SET state = excluded.state, since = excluded.since, until = excluded.until"""

_LAPSED = """SELECT id, class, attempts, failures, doubts FROM delivery WHERE state = 'sending' AND lease_until < now()
ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED"""
_EXPIRE = """UPDATE delivery SET state = 'expired', held_for = NULL, next_at = NULL WHERE id IN (
    SELECT id FROM delivery WHERE state IN ('pending', 'held') AND expires_at <= $1 ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED)"""
_RESEND = """UPDATE delivery SET state = 'pending', next_at = to_timestamp(0) WHERE id IN (
    SELECT id FROM delivery WHERE state = 'unknown' AND next_at <= now() ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED)"""
_RELEASE = """UPDATE delivery SET state = 'pending', held_for = NULL, next_at = to_timestamp(0) WHERE id IN (
    SELECT d.id FROM delivery d WHERE d.state = 'held' AND d.held_for = 'contact'{only} AND EXISTS (SELECT FROM contact c
        WHERE c.recipient = d.recipient AND c.forgotten_at IS NULL AND c.has_email IS NOT FALSE)
    ORDER BY d.id LIMIT 500 FOR UPDATE OF d SKIP LOCKED)"""
_GIVE_UP = """UPDATE delivery d SET state = 'failed-permanent', code = 'no-address', held_for = NULL, next_at = NULL
FROM notification n WHERE n.id = d.notification AND d.id IN (
    SELECT id FROM delivery WHERE state = 'held' AND next_at <= now() ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED)
RETURNING d.recipient, d.notification, n.code, n.aggregate, d.channel, d.attempts"""
# three counts, since each state has an index of its own
_PENDING = " + ".join(
    f"(SELECT count(*) FROM delivery WHERE channel = $1 AND state = '{state}')"
    for state in ("pending", "held", "sending")
)

_READ = """UPDATE delivery SET state = 'cancelled', code = 'read-in-inbox', held_for = NULL, next_at = NULL WHERE id IN (
    SELECT id FROM delivery WHERE notification = ANY($1::uuid[]) AND until_read AND state IN ('pending', 'held') ORDER BY id FOR UPDATE)"""
_PREFER = """INSERT INTO preference (recipient, channel, enabled, changed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (recipient, channel) DO UPDATE SET enabled = excluded.enabled, changed_at = excluded.changed_at WHERE preference.enabled <> excluded.enabled"""
_MUTE = """UPDATE delivery SET state = 'cancelled', code = 'unsubscribed', held_for = NULL, next_at = NULL WHERE id IN (
    SELECT id FROM delivery WHERE recipient = $1 AND channel = $2 AND class <> 'statutory' AND state IN ('pending', 'held') ORDER BY id FOR UPDATE)"""

_OF_NOTICES = """SELECT id, notification, channel, state, held_for, code, attempts, not_before, expires_at FROM delivery
WHERE notification = ANY($1::uuid[]) ORDER BY notification, step"""
_ONE = """SELECT d.id, d.notification, d.channel, d.recipient, d.state, d.held_for, d.code, n.unit FROM delivery d
JOIN notification n ON n.id = d.notification WHERE d.id = $1"""
_ATTEMPTS = "SELECT delivery, n, provider, started_at, finished_at, outcome, code FROM attempt WHERE delivery = ANY($1::uuid[]) ORDER BY delivery, n"


async def circumstances(
    db: Connection, aggregates: Collection[UUID], recipients: Collection[UUID], channel: str, capped: Sequence[tuple[Class, datetime]]
) -> Circumstances:  # fmt: skip
    """What keeps notices in: sources that tell themselves, people who asked for quiet, classes sent since these instants."""
    classes, since = [class_.value for class_, _ in capped], [at for _, at in capped]
    found = await db.fetch(_CIRCUMSTANCES, list(aggregates), list(recipients), channel, classes, since)
    by = {what: [row for row in found if row["what"] == what] for what in ("told", "muted", "lately")}
    return Circumstances(
        told_elsewhere={row["id"] for row in by["told"]}, muted={row["id"] for row in by["muted"]},
        lately={(Class(row["class"]), row["id"]) for row in by["lately"]},
    )  # fmt: skip


async def note_told_elsewhere(db: Connection, aggregates: Collection[UUID]) -> None:
    """The sources of these aggregates tell their citizens themselves."""
    await db.execute(_ELSEWHERE, list(aggregates))


async def begin(db: Connection, deliveries: Sequence[Delivery], at: datetime) -> None:
    """Write new deliveries in one statement; those on their way wait for a contact where none is known."""
    await db.execute(
        _BEGIN, [d.id for d in deliveries], [d.notice.id for d in deliveries], [d.step.number for d in deliveries],
        [d.step.channel.value for d in deliveries], [d.notice.rule.class_.value for d in deliveries], [d.notice.recipient for d in deliveries],
        [d.ordering_key for d in deliveries], [d.state.value for d in deliveries], [d.code for d in deliveries], [d.not_before for d in deliveries],
        [d.expires_at for d in deliveries], [d.step.until_read for d in deliveries], at, CONTACT_WAIT,
    )  # fmt: skip


async def due(db: Connection, channel: str, now: datetime, limit: int) -> Sequence[Any]:
    """Deliveries that may be tried now, locked; with their notice's words and the trace it came in."""
    found: Sequence[Any] = await db.fetch(_DUE, channel, now, limit)
    return found


async def reachable(db: Connection, recipients: Sequence[UUID]) -> Sequence[Any]:
    """Encrypted contacts that may hold an e-mail address, the newest first."""
    found: Sequence[Any] = await db.fetch(_CONTACTS, recipients)
    return found


async def note_no_email(db: Connection, contacts: Sequence[tuple[UUID, str]]) -> None:
    """These contacts (recipient, source) hold no address a message can be sent to."""
    ordered = sorted(contacts)
    await db.execute(_NO_EMAIL, [recipient for recipient, _ in ordered], [source for _, source in ordered])


async def against(db: Connection, channel: str, recipients: Sequence[UUID]) -> dict[tuple[UUID, bytes], AddressState]:
    """What is known against addresses of these recipients now."""
    found = await db.fetch(_AGAINST, recipients, channel)
    return {(row["recipient"], row["address_hmac"]): AddressState(row["state"]) for row in found}


async def muted(db: Connection, channel: str, recipients: Sequence[UUID]) -> set[UUID]:
    """Which of these recipients asked not to be sent what can be muted."""
    return {row["recipient"] for row in await db.fetch(_MUTED, recipients, channel)}


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a due delivery goes, and why."""

    id: UUID
    state: str
    code: str | None


async def take(db: Connection, rows: Sequence[Taken], provider: str, lease: timedelta) -> None:
    """Write where due deliveries go; those to be sent get a lease and an attempt row."""
    ids, states, codes = [row.id for row in rows], [row.state for row in rows], [row.code for row in rows]
    await db.execute(_TAKE, ids, states, codes, provider, lease, CONTACT_WAIT)


async def settle(db: Connection, attempt: Attempt, verdict: Verdict) -> Any | None:
    """Write what became of an attempt; the delivery's notice, or None when somebody else has taken the delivery on meanwhile."""
    return await db.fetchrow(
        _SETTLE, attempt.delivery, attempt.n, verdict.state.value, verdict.code, verdict.after, verdict.outcome, verdict.failures, verdict.doubts
    )  # fmt: skip


async def hold_against(db: Connection, recipient: UUID, channel: str, address: bytes, state: AddressState) -> None:
    """Note that an address does not exist, or that its server refuses us, which passes."""
    until = COOL_DOWN if state is AddressState.BLOCKED else None
    await db.execute(_HOLD_AGAINST, recipient, channel, address, state.value, until)


async def forget(db: Connection, recipients: Sequence[UUID]) -> None:
    """Nothing is kept against the addresses of people we no longer know."""
    await db.execute("DELETE FROM contact_point WHERE recipient = ANY($1::uuid[])", recipients)


async def lapsed(db: Connection) -> list[Attempt]:
    """Attempts whose lease is over, locked: whoever made them is gone."""
    return [
        Attempt(row["id"], row["attempts"], row["class"] == Class.STATUTORY, row["failures"], row["doubts"])
        for row in await db.fetch(_LAPSED)
    ]


async def move_on(db: Connection, now: datetime) -> Sequence[Any]:
    """Expire what is no use any more, send again what waited in doubt, release what waited for a contact; whom we gave up on."""
    await db.execute(_EXPIRE, now)
    await db.execute(_RESEND)
    await db.execute(_RELEASE.format(only=""))
    given_up: Sequence[Any] = await db.fetch(_GIVE_UP)
    return given_up


async def pending(db: Connection, channel: str) -> int:
    """How many deliveries have still to go out."""
    found: int = await db.fetchval(f"SELECT {_PENDING}", channel)
    return found


async def release(db: Connection, recipients: Sequence[UUID]) -> None:
    """A contact came: what waited for it may go."""
    await db.execute(_RELEASE.format(only=" AND d.recipient = ANY($1::uuid[])"), recipients)


async def read_in_inbox(db: Connection, notices: Sequence[UUID]) -> None:
    """These notices were read: what was to be sent only until then stays in."""
    await db.execute(_READ, notices)


async def prefer(db: Connection, recipient: UUID, channel: str, at: datetime, *, enabled: bool) -> None:
    """Keep whether a recipient wants what can be muted; what waits to be sent is stopped with it."""
    await db.execute(_PREFER, recipient, channel, enabled, at)
    if not enabled:
        await db.execute(_MUTE, recipient, channel)


async def of_notices(db: Connection, notices: Sequence[UUID]) -> Sequence[Any]:
    """The deliveries of these notices."""
    found: Sequence[Any] = await db.fetch(_OF_NOTICES, notices)
    return found


async def one(db: Connection, delivery: UUID) -> Any | None:
    """A delivery with its notice's unit and recipient."""
    return await db.fetchrow(_ONE, delivery)


async def attempts(db: Connection, deliveries: Sequence[UUID]) -> Sequence[Any]:
    """The attempts of these deliveries, in order."""
    found: Sequence[Any] = await db.fetch(_ATTEMPTS, deliveries)
    return found
