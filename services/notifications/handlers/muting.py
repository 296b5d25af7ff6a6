"""Muting: a recipient asks not to be sent by e-mail what is not statutory, from the message itself (RFC 8058)."""

from __future__ import annotations

import base64
import binascii
from hmac import compare_digest, digest
from typing import ClassVar
from uuid import UUID

from services.notifications.domain import Channel
from services.notifications.store import deliveries
from shared.kernel import Refused, system
from shared.store.unit_of_work import Works

_MAC = 16


class LinkInvalid(Refused):
    """The link is wrong, or a part of it is missing."""

    status: ClassVar[int] = 404


def stop_token(key: bytes, delivery: UUID) -> str:
    """What stands in the message of a delivery: names the delivery, nobody else, and cannot be guessed.

    The colon keeps it out of traces, which show plain words of an address only.
    """
    return f"{_text(delivery.bytes)}:{_text(_mac(key, delivery))}"


def _mac(key: bytes, delivery: UUID) -> bytes:
    return digest(key, b"stop" + delivery.bytes, "sha256")[:_MAC]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _delivery_of(key: bytes, token: str) -> UUID:
    name, _, mac = token.partition(":")
    try:
        delivery, given = UUID(bytes=_raw(name)), _raw(mac)
    except (binascii.Error, ValueError):
        raise LinkInvalid from None
    if not compare_digest(given, _mac(key, delivery)):
        raise LinkInvalid
    return delivery


def check_stop(works: Works, token: str) -> None:
    """Raise `LinkInvalid` unless the link is one of ours; changes nothing."""
    _delivery_of(works.keys.cursor, token)


async def stop(works: Works, token: str) -> None:
    """Send the recipient of that message nothing by e-mail that can be muted; what waits is stopped with it."""
    delivery = _delivery_of(works.keys.cursor, token)
    async with works.begin(system("unsubscribe")) as work:
        row = await deliveries.one(work.db, delivery)
        if row is None:
            raise LinkInvalid
        await deliveries.prefer(work.db, row["recipient"], Channel.EMAIL, work.now, enabled=False)


async def wants_email(works: Works, recipient: UUID) -> bool:
    """Whether a recipient gets what can be muted; everybody does who never asked for quiet."""
    async with works.reading() as db:
        return recipient not in await deliveries.muted(db, Channel.EMAIL, [recipient])
