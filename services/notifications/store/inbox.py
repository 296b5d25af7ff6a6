"""Statements about notices, inbox items and contacts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from services.notifications.domain import Notice, Place, Rendered, Standing
from services.notifications.tables import Contact, Notification
from shared.store.db import Connection, rows
from shared.store.vault import PersonRow

_CLAIM = """INSERT INTO notification_key (dedupe_key, notification) SELECT * FROM unnest($1::text[], $2::uuid[]) ON CONFLICT DO NOTHING RETURNING notification"""

# The recipients' rows are taken last and in order; a recipient's items get the numbers up to the new `seq`, in the order
# they came (`back`: how many of the same recipient follow).
_TELL = """WITH u AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::uuid[], $5::uuid[], $6::int[], $7::text[], $8::jsonb[], $9::timestamptz[],
        $10::text[], $11::text[], $12::text[], $13::text[], $14::int[])
    AS u(id, code, template_version, recipient, aggregate, aggregate_seq, unit, vars, occurred_at, title, body, action_url, severity, back)),
n AS (INSERT INTO notification (id, code, template_version, recipient, aggregate, aggregate_seq, unit, vars, state, occurred_at, created_at)
    SELECT id, code, template_version, recipient, aggregate, aggregate_seq, unit, vars, 'created', occurred_at, $15 FROM u),
r AS (INSERT INTO recipient AS r (ref, seq, unread, version) SELECT recipient, count(*), count(*), 1 FROM u GROUP BY recipient ORDER BY recipient
    ON CONFLICT (ref) DO UPDATE SET seq = r.seq + excluded.seq, unread = r.unread + excluded.unread, version = r.version + 1 RETURNING ref, seq)
INSERT INTO inbox_item (recipient, seq, notification, code, aggregate, title, body, action_url, severity, created_at)
SELECT u.recipient, r.seq - u.back, u.id, u.code, u.aggregate, u.title, u.body, u.action_url, u.severity, $15 FROM u JOIN r ON r.ref = u.recipient"""

_STANDING = "SELECT seq, unread, version FROM recipient WHERE ref = $1"
_STANDINGS = "SELECT ref, seq, unread, version FROM recipient WHERE ref = ANY($1::uuid[])"
_CHANGE = (
    "UPDATE recipient SET unread = unread + $2, version = version + 1 WHERE ref = $1 RETURNING seq, unread, version"
)

_ITEM = "SELECT notification, read_at, archived_at FROM inbox_item WHERE recipient = $1 AND seq = $2"
_PLACE = "UPDATE inbox_item SET read_at = $3, archived_at = $4 WHERE recipient = $1 AND seq = $2"
_READ_ALL = """UPDATE inbox_item SET read_at = $3 WHERE recipient = $1 AND seq <= $2 AND read_at IS NULL AND archived_at IS NULL RETURNING notification"""
_FIRST_READ = """UPDATE notification SET state = 'read' WHERE id = ANY($1::uuid[]) AND state = 'created' RETURNING id, code, aggregate"""

# One round trip: how the inbox stands, and a page of it; an inbox without items gives one row of nulls.
_PAGE = """SELECT r.seq AS last, r.unread, r.version, p.* FROM recipient r LEFT JOIN LATERAL (
    SELECT i.seq, i.notification, i.code, i.aggregate, i.title, i.body, i.action_url, i.severity, i.read_at, i.archived_at, i.created_at{vars}
    FROM inbox_item i {join} WHERE i.recipient = r.ref AND {place} AND i.archived_at IS NULL AND ($4::uuid IS NULL OR i.aggregate = $4){unread}
    ORDER BY i.seq {order} LIMIT $3) p ON true WHERE r.ref = $1 ORDER BY p.seq {order}"""
_DOWN, _UP = {"place": "i.seq < $2", "order": "DESC"}, {"place": "i.seq > $2", "order": "ASC"}
_SAID = {"vars": "", "join": ""}
_VARIABLES = {"vars": ", n.vars, n.template_version", "join": "JOIN notification n ON n.id = i.notification"}

_CONTACT = """INSERT INTO contact AS c (recipient, source, data_key, key_id, sealed, has_email, received_at)
SELECT u.*, $7 FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::smallint[], $5::bytea[], $6::boolean[]) AS u ORDER BY 1, 2
ON CONFLICT (recipient, source) DO UPDATE SET data_key = excluded.data_key, key_id = excluded.key_id, sealed = excluded.sealed,
    has_email = excluded.has_email, received_at = excluded.received_at, forgotten_at = NULL"""
_FORGET = """UPDATE contact SET data_key = NULL, sealed = NULL, forgotten_at = $3 WHERE source = $1 AND recipient = ANY($2::uuid[]) AND forgotten_at IS NULL"""

_WHY = """SELECT n.*, i.seq, i.read_at, i.archived_at, k.dedupe_key, f.envelope
FROM notification n LEFT JOIN inbox_item i ON i.recipient = n.recipient AND i.notification = n.id
LEFT JOIN notification_key k ON k.dedupe_key = n.code || ':' || n.aggregate || ':' || n.aggregate_seq || ':' || n.recipient
LEFT JOIN fact f ON f.aggregate = n.id AND f.sequence = 1 WHERE n.id = $1"""

LAST = 2**31 - 1
"""No item has a higher number."""


@dataclass(frozen=True, slots=True)
class Item:
    """One row of an inbox; `variables` and `template_version` only when they were asked for."""

    seq: int
    notification: UUID
    code: str
    aggregate: UUID
    title: str
    body: str
    action_url: str
    severity: str
    place: Place
    created_at: datetime
    variables: Mapping[str, Any] | None = None
    template_version: int | None = None


async def claim(db: Connection, notices: Collection[Notice]) -> set[UUID]:
    """Write the keys of these notices, for ever; returns the ids of those that were never told before."""
    ordered = sorted((notice.dedupe_key, notice.id) for notice in notices)
    keys, ids = [key for key, _ in ordered], [id_ for _, id_ in ordered]
    return {found["notification"] for found in await db.fetch(_CLAIM, keys, ids)}


async def tell(db: Connection, notices: Sequence[Notice], texts: Sequence[Rendered], at: datetime) -> None:
    """Write notices and inbox items and raise the unread counts, in one statement."""
    await db.execute(
        _TELL, [n.id for n in notices], [n.code for n in notices], [n.template.version for n in notices], [n.recipient for n in notices],
        [n.aggregate for n in notices], [n.sequence for n in notices], [n.unit for n in notices], [n.variables for n in notices],
        [n.occurred_at for n in notices], [t.title for t in texts], [t.body for t in texts], [n.rule.action_url for n in notices],
        [n.rule.severity.value for n in notices], _followers(notices), at,
    )  # fmt: skip


def _followers(notices: Sequence[Notice]) -> list[int]:
    """For each notice, how many of the same recipient come after it."""
    seen: dict[UUID, int] = {}
    back = []
    for notice in reversed(notices):
        back.append(seen.get(notice.recipient, 0))
        seen[notice.recipient] = back[-1] + 1
    return back[::-1]


async def standing(db: Connection, recipient: UUID) -> Standing:
    """How this inbox stands; one that never got anything is empty."""
    found = await db.fetchrow(_STANDING, recipient)
    return Standing(*found) if found else Standing()


async def standings(db: Connection, recipients: Sequence[UUID]) -> dict[UUID, Standing]:
    """How these inboxes stand; only those that ever got anything."""
    found = await db.fetch(_STANDINGS, recipients)
    return {each["ref"]: Standing(each["seq"], each["unread"], each["version"]) for each in found}


async def lock(db: Connection, recipient: UUID) -> Standing:
    """As `standing`, with the row locked: changes of one inbox take turns."""
    found = await db.fetchrow(f"{_STANDING} FOR UPDATE", recipient)
    return Standing(*found) if found else Standing()


async def change(db: Connection, recipient: UUID, unread: int) -> Standing:
    """Add to the unread count and raise the version."""
    return Standing(*await db.fetchrow(_CHANGE, recipient, unread))


async def place_of(db: Connection, recipient: UUID, seq: int) -> tuple[UUID, Place] | None:
    """An item's notice and how it stands."""
    found = await db.fetchrow(_ITEM, recipient, seq)
    return (found["notification"], Place(found["read_at"], found["archived_at"])) if found else None


async def save_place(db: Connection, recipient: UUID, seq: int, place: Place) -> None:
    """Write how an item stands."""
    await db.execute(_PLACE, recipient, seq, place.read_at, place.archived_at)


async def read_up_to(db: Connection, recipient: UUID, seq: int, at: datetime) -> list[UUID]:
    """Mark every unread item up to this number; returns their notices."""
    return [found["notification"] for found in await db.fetch(_READ_ALL, recipient, seq, at)]


async def first_read(db: Connection, notices: Sequence[UUID]) -> Sequence[Any]:
    """Those of these notices that had never been read (`id`, `code`, `aggregate`); from now on they have."""
    found: Sequence[Any] = await db.fetch(_FIRST_READ, sorted(notices))
    return found


async def page(
    db: Connection, recipient: UUID, *, below: int | None = None, above: int | None = None, limit: int,
    unread: bool = False, aggregate: UUID | None = None, variables: bool = False,
) -> tuple[Standing, list[Item]]:  # fmt: skip
    """How the inbox stands, and its items not archived: downwards from `below`, or upwards from `above`, in that order."""
    way, place = (_DOWN, LAST if below is None else below) if above is None else (_UP, above)
    statement = _PAGE.format(
        **way, **(_VARIABLES if variables else _SAID), unread=" AND i.read_at IS NULL" if unread else ""
    )
    found = [tuple(each.values()) for each in await db.fetch(statement, recipient, place, limit, aggregate)]
    standing = Standing(*found[0][:3]) if found else Standing()
    return standing, [_item(*each[3:]) for each in found if each[3] is not None]


def _item(  # the columns of a page, in their order
    seq: int, notification: UUID, code: str, aggregate: UUID, title: str, body: str, action_url: str, severity: str,
    read_at: datetime | None, archived_at: datetime | None, created_at: datetime, *variables: Any,
) -> Item:  # fmt: skip
    place = Place(read_at, archived_at)
    return Item(seq, notification, code, aggregate, title, body, action_url, severity, place, created_at, *variables)


async def keep_contacts(
    db: Connection, source: str, people: Sequence[PersonRow], with_email: Collection[UUID], at: datetime
) -> None:
    """Write what a source says of these recipients; its last word counts."""
    await db.execute(
        _CONTACT, [p.recipient for p in people], [source] * len(people), [p.data_key for p in people],
        [p.key_id for p in people], [p.sealed for p in people], [p.recipient in with_email for p in people], at,
    )  # fmt: skip


async def forget_contacts(db: Connection, source: str, recipients: Sequence[UUID], at: datetime) -> None:
    """Destroy the keys and the sealed contacts this source gave."""
    await db.execute(_FORGET, source, sorted(recipients), at)


async def contacts(db: Connection, recipient: UUID) -> Sequence[Any]:
    """The encrypted contacts of a recipient, the newest first; forgotten ones are left out."""
    statement = (
        select(Contact.source, Contact.data_key, Contact.sealed)
        .where(Contact.recipient == recipient, col(Contact.forgotten_at).is_(None))
        .order_by(col(Contact.received_at).desc())
    )
    return await rows(db, statement)


async def skeletons(db: Connection, aggregate: UUID, units: Collection[str] | None) -> Sequence[Any]:
    """Notices about an aggregate, of these units (None: of all), in the order of its facts."""
    statement = select(
        Notification.id, Notification.code, Notification.template_version, Notification.aggregate, Notification.aggregate_seq,
        Notification.unit, Notification.state, Notification.occurred_at, Notification.created_at,
    ).where(Notification.aggregate == aggregate)  # type: ignore[call-overload] # more columns than its overloads name  # fmt: skip
    if units is not None:
        statement = statement.where(col(Notification.unit).in_(sorted(units)))
    return await rows(db, statement.order_by(col(Notification.aggregate_seq), col(Notification.code)).limit(200))


async def why(db: Connection, notice: UUID) -> Any | None:
    """A notice with its inbox place, its key and the envelope of its first fact."""
    return await db.fetchrow(_WHY, notice)
