"""Items of the national portal's form: each becomes a source event and goes through the same rule book."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from services.intake.data import portal as forms
from services.intake.domain import portal
from services.intake.domain.portal import Item, Profile
from services.intake.domain.sources import Delivered, Source
from services.intake.handlers.desk import Desk
from services.intake.handlers.source_events import ACCEPTED, WAITING, Outcome, take_events
from services.intake.handlers.sources import UnknownUnits, read_source
from services.intake.store import portal as portal_store
from services.intake.store.portal import Received
from shared.contracts.sources import PortalProfileChanged
from shared.kernel import Caller, Principal, Stale
from shared.settings import Keys
from shared.store import vault
from shared.turns import in_turns

DOOR = "portal"
TRANSLATED = 12
"""Items that are read in one go; most of it is the sealing of their people."""
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""An id without digits: none of it can be taken for somebody's number."""


@dataclass(frozen=True, slots=True, repr=False)
class Sync:
    """One request of the portal's form."""

    service: str
    madonvi: str
    items: Sequence[Any]
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one item; `fields` are pointers into it, `unknown` its fields that nobody knows."""

    outcome: Outcome
    fields: tuple[str, ...]
    unknown: tuple[str, ...]


async def take_portal_items(
    desk: Desk, who: Caller, source: Source, sync: Sync, *, dry_run: bool = False
) -> tuple[Sequence[Answer], float]:
    """Take the items of a request, in order, and in how many seconds there is room for those that came too fast; an item that was taken before changes nothing."""
    async with desk.works.reading() as connection:
        profile = await portal_store.profile(connection, source.id)
    form, agencies = forms.form(profile.form), {unit.agency: unit.code for unit in desk.shelf.units.values()}

    def translated(said: Any) -> tuple[Item, bytes, Delivered]:
        unit = profile.unit_of(portal.agency_of(said, form, sync.madonvi), agencies)
        item = portal.read(sync.service, said, form, unit, backfill=sync.backfill)
        digest = _digest(desk.works.keys, sync, said)
        return item, digest, _event(desk, source, item, digest)

    told = [translated(_readable(each)) async for each in in_turns(sync.items, TRANSLATED)]
    taken = await take_events(
        desk, who, ("principal", source.principal), DOOR, [event for *_, event in told], dry_run=dry_run
    )
    became = [(item, digest, outcome) for (item, digest, _), outcome in zip(told, taken.outcomes, strict=True)]
    if not dry_run:
        await _keep(desk, source, sync, became)
    return [Answer(outcome, item.named(outcome.fields), item.unknown) for item, _, outcome in became], taken.wait


def _readable(item: Any) -> Any:
    """The item; None for one that no JSON text can hold (half a surrogate pair, a number without end)."""
    try:
        msgspec.json.encode(item)
    except (ValueError, OverflowError, RecursionError):
        return None
    return item


def _digest(keys: Keys, sync: Sync, item: Any) -> bytes:
    """What makes an item itself, whatever the order of its fields; keyed, since people stand in it."""
    body = msgspec.json.encode([sync.service, sync.madonvi, sync.backfill, item], order="deterministic")
    return hmac.digest(keys.index, b"portal-item|" + body, "sha256")


def event_id(digest: bytes) -> str:
    """The id of an item's event: from its digest, so that the same item is the same event."""
    return f"portal-{digest.hex()[:40].translate(_LETTERS)}"


def _event(desk: Desk, source: Source, item: Item, digest: bytes) -> Delivered:
    """The item as a source event; its person travels sealed, as those of any other event."""
    now, data = desk.works.clock(), dict(item.data)
    if item.applicant is not None:
        details = vault.Details(
            item.applicant.name, item.applicant.identity_no, item.applicant.phone, item.applicant.email
        )
        data["contact_sealed"] = base64.b64encode(vault.seal_contact(desk.works.keys.contact_public, details)).decode()
    plain = {
        "specversion": "1.0", "id": event_id(digest), "source": source.uri, "type": item.type, "subject": item.code,
        "time": now.isoformat(), "datacontenttype": "application/json", "data": data,
    }  # fmt: skip
    return Delivered(msgspec.json.encode(plain), now, digest=digest)


async def _keep(desk: Desk, source: Source, sync: Sync, taken: Sequence[tuple[Item, bytes, Outcome]]) -> None:
    """Write down what the items refer to; those that came before, be it in a process that was killed here, are there already."""
    rows = [
        Received(event_id(digest), item.code or "", sync.service, item.references, len(item.unknown))
        for item, digest, outcome in taken
        if outcome.status in {ACCEPTED, WAITING}
    ]
    async with desk.works.reading() as connection:
        await portal_store.keep(connection, source.id, rows, desk.works.clock())


async def read_portal_items(desk: Desk, who: Principal, id: str, code: str) -> Sequence[Mapping[str, Any]]:
    """What came of a dossier in the portal's form: when, by which service, and the attachments it refers to."""
    source = await read_source(desk, who, id)
    async with desk.works.reading() as connection:
        return await portal_store.items(connection, source.id, code)


async def read_portal_profile(desk: Desk, who: Principal, id: str) -> Profile:
    """How a source speaks; the usual way where nobody said otherwise."""
    source = await read_source(desk, who, id)
    async with desk.works.reading() as connection:
        return await portal_store.profile(connection, source.id)


async def put_portal_profile(desk: Desk, who: Caller, id: str, wanted: Profile, seen: int | None) -> Profile:
    """Say how a source speaks."""
    source = await read_source(desk, who.principal, id)
    if unknown := sorted(set(wanted.units.values()) - set(desk.shelf.units)):
        raise UnknownUnits(field="/units", units=", ".join(unknown))
    async with desk.works.begin(who) as work:
        before = await portal_store.profile(work.db, source.id)
        if seen is not None and seen != before.version:
            raise Stale(seen=seen, version=before.version)
        made = Profile(wanted.form, wanted.units, before.version + 1)
        await portal_store.put_profile(work, source.id, made)
        work.record(
            PortalProfileChanged(
                occurred_at=work.now, source=source.id, entry_version=made.version, form=made.form, units=sorted(set(made.units.values()))
            ),
            published=False,
        )  # fmt: skip
    return made
