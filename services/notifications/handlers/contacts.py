"""Contacts: sealed by their senders, opened here alone, kept encrypted, forgotten on a tombstone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from nacl.exceptions import CryptoError

from services.notifications import store
from services.notifications.adapters.messages import address_of
from services.notifications.store import deliveries
from shared.contracts.envelope import derived_id
from shared.settings import Keys
from shared.store import vault
from shared.store.unit_of_work import Work, Works


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
        await _keep(work, source, {recipient: _open(work.works.keys, sealed) for recipient, sealed in known.items()})
    if gone := [recipient for recipient in last if recipient not in known]:
        await store.forget_contacts(work.db, source, gone, work.now)
        await deliveries.forget(work.db, gone)


async def _keep(work: Work, source: str, known: Mapping[UUID, vault.Details]) -> None:
    """Write what was opened; deliveries that waited for an address may go."""
    people = [
        vault.enclose(work.works.keys, _contact_id(source, recipient), recipient, details)
        for recipient, details in known.items()
    ]
    with_email = sorted(
        recipient for recipient, details in known.items() if details.email and address_of(details.email)
    )
    await store.keep_contacts(work.db, source, people, with_email, work.now)
    if with_email:
        await deliveries.release(work.db, with_email)


def _contact_id(source: str, recipient: UUID) -> UUID:
    return derived_id("contact", source, recipient)


def _open(keys: Keys, sealed: bytes) -> vault.Details:
    """The details inside; what went wrong is told without a word of them."""
    try:
        plain = vault.box_of(keys.contact).decrypt(sealed)
        return msgspec.json.decode(plain, type=vault.Details)
    except (CryptoError, ValueError, TypeError, msgspec.MsgspecError):
        raise SealedForAnother from None


async def contact(works: Works, recipient: UUID) -> vault.Details | None:
    """The newest contact any service gave for a recipient; None when none is known or all are forgotten."""
    async with works.reading() as db:
        for row in await store.contacts(db, recipient):
            return disclose(works.keys, recipient, row)
    return None


def disclose(keys: Keys, recipient: UUID, row: Any) -> vault.Details:
    """Decrypt one contact of a recipient (`source`, `data_key`, `sealed`)."""
    row_id = _contact_id(row["source"], recipient)
    return vault.disclose(keys, {"id": row_id, "data_key": row["data_key"], "sealed": row["sealed"]})
