"""Reading: inboxes for citizens, what was told for officers, why it was told for operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from services.notifications import domain, store
from services.notifications.data import book
from services.notifications.domain import Language, NoSuchDelivery, NoSuchNotice, Standing
from services.notifications.store import deliveries
from shared.kernel import Principal
from shared.store.unit_of_work import Works


@dataclass(frozen=True, slots=True)
class Asked:
    """Which items of an inbox: those below a number, or above one."""

    limit: int
    after: int | None = None
    before: int | None = None
    unread: bool = False
    aggregate: UUID | None = None


async def inbox(
    works: Works, recipient: UUID, asked: Asked, language: Language
) -> tuple[Standing, list[store.Item], bool]:
    """How the inbox stands, a page of it with the newest item first, and whether there is more in that direction."""
    async with works.reading() as db:
        standing, found = await store.page(
            db, recipient, below=asked.after, above=asked.before, limit=asked.limit + 1, unread=asked.unread,
            aggregate=asked.aggregate, variables=language != domain.OFFICIAL,
        )  # fmt: skip
    kept, more = found[: asked.limit], len(found) > asked.limit
    if asked.before is not None:
        kept.reverse()
    return standing, [_speaking(item, language) for item in kept], more


async def standing_of(works: Works, recipient: UUID) -> Standing:
    """Unread count and version."""
    async with works.reading() as db:
        return await store.standing(db, recipient)


async def standings_of(works: Works, recipients: Sequence[UUID]) -> dict[UUID, Standing]:
    """As `standing_of`, for those of these inboxes that ever got anything."""
    async with works.reading() as db:
        return await store.standings(db, recipients)


async def since(works: Works, recipient: UUID, seq: int, language: Language, limit: int) -> list[store.Item]:
    """The items after a number, the oldest first."""
    async with works.reading() as db:
        _standing, found = await store.page(
            db, recipient, above=seq, limit=limit, variables=language != domain.OFFICIAL
        )
    return [_speaking(item, language) for item in found]


def _speaking(item: store.Item, language: Language) -> store.Item:
    """The item in this language: as it was told, or the same words' other language with the same values."""
    if item.variables is None or item.template_version is None or language == domain.OFFICIAL:
        return item
    template = book().templates[item.code, item.template_version]
    said = domain.render(book(), template, item.variables, language)
    return replace(item, title=said.title, body=said.body)


@dataclass(frozen=True, slots=True)
class Told:
    """What was told, without words: the notice's row and those of its deliveries."""

    notice: Mapping[str, Any]
    deliveries: Sequence[Mapping[str, Any]]


async def skeletons(works: Works, who: Principal, aggregate: UUID) -> list[Told]:
    """What was told about a dossier or a case: codes, times and states; officers see their own units' notices."""
    units = None if domain.sees_every_unit(who) else who.units
    async with works.reading() as db:
        notices = await store.skeletons(db, aggregate, units)
        sent = await deliveries.of_notices(db, [row["id"] for row in notices])
    return [Told(dict(row), [dict(d) for d in sent if d["notification"] == row["id"]]) for row in notices]


async def attempts_of(
    works: Works, who: Principal, delivery: UUID
) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """A delivery and its attempts; there is no such delivery for officers of other units."""
    async with works.reading() as db:
        row = await deliveries.one(db, delivery)
        if row is None or not (domain.sees_every_unit(who) or row["unit"] in who.units):
            raise NoSuchDelivery
        tries = await deliveries.attempts(db, [delivery])
    return dict(row), [dict(each) for each in tries]


async def explain(works: Works, notice_id: UUID) -> dict[str, Any]:
    """Why a notice exists and what became of it: rule, guard, key, cause, times, ways out. For `gandan notices why ID`."""
    async with works.reading() as db:
        row = await store.why(db, notice_id)
        sent = await deliveries.of_notices(db, [notice_id])
        tries = await deliveries.attempts(db, [each["id"] for each in sent])
    if row is None:
        raise NoSuchNotice
    return {**_what(row), **_because(row), "deliveries": [_way_out(each, tries) for each in sent]}


def _way_out(sent: Any, tries: Sequence[Any]) -> dict[str, Any]:
    told = ("channel", "state", "held_for", "code", "not_before", "expires_at")
    tried = ("n", "provider", "started_at", "finished_at", "outcome", "code")
    return {
        "id": str(sent["id"]), **{name: sent[name] for name in told},
        "attempts": [{name: each[name] for name in tried} for each in tries if each["delivery"] == sent["id"]],
    }  # fmt: skip


def _what(row: Any) -> dict[str, Any]:
    place = domain.Place(row["read_at"], row["archived_at"])
    return {
        "id": str(row["id"]), "code": row["code"], "template_version": row["template_version"], "recipient": str(row["recipient"]),
        "unit": row["unit"], "state": row["state"], "occurred_at": row["occurred_at"], "created_at": row["created_at"],
        "inbox": None if row["seq"] is None else {
            "seq": row["seq"], "state": place.state, "read_at": place.read_at, "archived_at": place.archived_at,
        },
    }  # fmt: skip


def _because(row: Any) -> dict[str, Any]:
    envelope = msgspec.json.decode(row["envelope"]) if row["envelope"] is not None else {}
    rules = [
        {
            "topic": rule.topic,
            "when": rule.when,
            "guard": str(rule.guard) if rule.guard else None,
            "audience": rule.audience,
            "class": rule.class_.value,
        }
        for rule in book().rules_of(row["code"])
    ]
    return {
        "rules": rules, "dedupe_key": row["dedupe_key"], "aggregate": str(row["aggregate"]), "aggregate_seq": row["aggregate_seq"],
        "caused_by": envelope.get("causationid"), "correlation": envelope.get("correlationid"), "variables": row["vars"],
    }  # fmt: skip
