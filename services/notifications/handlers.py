"""What notifications does: tell, mark, look up, keep and forget contacts. One function, one use case, one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from services.notifications import domain, store
from services.notifications.data import book
from services.notifications.domain import Language, Mark, NoSuchItem, NoSuchNotice, Notice, Standing
from shared.contracts.envelope import Fact, derived_id
from shared.contracts.notifications import NoticeCreated, NoticeRead
from shared.kernel import Caller, Principal
from shared.settings import Keys
from shared.store import vault
from shared.store.unit_of_work import Cause, Work, Works

# -- telling ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """A fact another service stated, as this one needs it."""

    type: str
    fact: Fact
    sequence: int
    cause: Cause


async def tell(work: Work, heard: Sequence[Heard]) -> None:
    """Make the notices these facts owe, but none that was made before; in the order the facts came."""
    owed = {n.id: (n, each.cause) for each in heard for n in domain.owed(book(), each.type, each.fact, each.sequence)}
    if not owed:
        return
    fresh = await store.claim(work.db, [notice for notice, _ in owed.values()])
    new = [pair for id_, pair in owed.items() if id_ in fresh]
    if not new:
        return
    for notice, cause in new:
        work.starts(notice.id)
        work.record(_created(work, notice), cause=cause)
    notices = [notice for notice, _ in new]
    texts = [domain.render(book(), notice.template, notice.variables, domain.OFFICIAL) for notice in notices]
    await store.tell(work.db, notices, texts, work.now)


def _created(work: Work, notice: Notice) -> NoticeCreated:
    return NoticeCreated(
        occurred_at=work.now, notice=notice.id, code=notice.code, aggregate=notice.aggregate, aggregate_sequence=notice.sequence,
        recipient=notice.recipient, unit=notice.unit,
    )  # fmt: skip


# -- the inbox -------------------------------------------------------------------------------------------------------


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


async def mark(works: Works, who: Caller, seq: int, act: Mark) -> Standing:
    """Mark one item of the caller's own inbox; the answer is how the inbox stands then."""
    recipient = domain.inbox_of(who.principal)
    async with works.begin(who) as work:
        standing = await store.lock(work.db, recipient)
        found = await store.place_of(work.db, recipient, seq)
        if found is None:
            raise NoSuchItem
        notice, place = found
        marked = domain.mark(place, act, work.now)
        if marked != place:
            await store.save_place(work.db, recipient, seq, marked)
            standing = await store.change(work.db, recipient, marked.counts - place.counts)
        if act is Mark.READ:
            await _note_reading(work, recipient, [notice])
        work.answers(standing_answer(standing))
    return standing


async def read_all(works: Works, who: Caller, up_to: int) -> Standing:
    """Mark every unread item up to this number, not those that arrived meanwhile."""
    recipient = domain.inbox_of(who.principal)
    async with works.begin(who) as work:
        standing = await store.lock(work.db, recipient)
        if notices := await store.read_up_to(work.db, recipient, up_to, work.now):
            standing = await store.change(work.db, recipient, -len(notices))
            await _note_reading(work, recipient, notices)
        work.answers(standing_answer(standing))
    return standing


async def _note_reading(work: Work, recipient: UUID, notices: Sequence[UUID]) -> None:
    """State once that a notice was read, however often it is marked."""
    for row in await store.first_read(work.db, notices):
        work.record(
            NoticeRead(
                occurred_at=work.now,
                notice=row["id"],
                code=row["code"],
                aggregate=row["aggregate"],
                recipient=recipient,
            )
        )


def standing_answer(standing: Standing) -> dict[str, int]:
    """What every mark is answered with."""
    return {"unread": standing.unread, "version": standing.version}


# -- contacts --------------------------------------------------------------------------------------------------------


class SealedForAnother(Exception):  # noqa: N818 - what is wrong with a record, so that it is parked and not lost
    """This contact was not sealed with our public key, or it was damaged."""


@dataclass(frozen=True, slots=True)
class SealedContact:
    """How to reach a recipient, readable by us alone; `sealed` None means: forget it."""

    recipient: UUID
    sealed: bytes | None


async def keep_contacts(work: Work, source: str, arrived: Sequence[SealedContact]) -> None:
    """Open what was sealed for us, encrypt it under a key of its own, and keep the last word on each recipient."""
    last = {contact.recipient: contact.sealed for contact in arrived}
    known = {recipient: sealed for recipient, sealed in last.items() if sealed is not None}
    if known:
        people = [_enclose(work.works.keys, source, recipient, sealed) for recipient, sealed in known.items()]
        await store.keep_contacts(work.db, source, people, work.now)
    if gone := [recipient for recipient in last if recipient not in known]:
        await store.forget_contacts(work.db, source, gone, work.now)


def _enclose(keys: Keys, source: str, recipient: UUID, sealed: bytes) -> vault.PersonRow:
    return vault.enclose(keys, _contact_id(source, recipient), recipient, _open(keys, sealed))


def _contact_id(source: str, recipient: UUID) -> UUID:
    return derived_id("contact", source, recipient)


def _open(keys: Keys, sealed: bytes) -> vault.Details:
    """The details inside; what went wrong is told without a word of them."""
    try:
        plain = SealedBox(PrivateKey(keys.contact)).decrypt(sealed)
        return msgspec.json.decode(plain, type=vault.Details)
    except (CryptoError, ValueError, TypeError, msgspec.MsgspecError):
        raise SealedForAnother from None


async def contact(works: Works, recipient: UUID) -> vault.Details | None:
    """The newest contact any service gave for a recipient; None when none is known or all are forgotten."""
    async with works.reading() as db:
        for row in await store.contacts(db, recipient):
            row_id = _contact_id(row["source"], recipient)
            return vault.disclose(works.keys, {"id": row_id, "data_key": row["data_key"], "sealed": row["sealed"]})
    return None


# -- looking up ------------------------------------------------------------------------------------------------------


async def skeletons(works: Works, who: Principal, aggregate: UUID) -> Sequence[Any]:
    """What was told about a dossier: codes, times and states, without words; officers see their own units' notices."""
    units = None if domain.sees_every_unit(who) else who.units
    async with works.reading() as db:
        return await store.skeletons(db, aggregate, units)


async def explain(works: Works, notice_id: UUID) -> dict[str, Any]:
    """Why a notice exists and what became of it: rule, guard, key, cause, times. For `gandan notices why ID`."""
    async with works.reading() as db:
        row = await store.why(db, notice_id)
    if row is None:
        raise NoSuchNotice
    return {**_what(row), **_because(row)}


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
