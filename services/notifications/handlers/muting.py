"""Muting: a recipient asks not to be sent by e-mail what is not statutory, from the message itself (RFC 8058)."""

from __future__ import annotations

import base64
import binascii
from hmac import compare_digest, digest
from typing import ClassVar
from uuid import UUID

from services.notifications.domain import Channel, NoSuchDelivery
from services.notifications.store import deliveries
from shared.kernel import NotFound, system
from shared.store.unit_of_work import Works

_MAC = 16
_ID = 16


class LinkInvalid(NotFound):
    """The link is wrong, or a part of it is missing."""

    status: ClassVar[int] = 404


def stop_token(key: bytes, delivery: UUID) -> str:
    """What stands in the message of a delivery: names the delivery, nobody else, and cannot be guessed."""
    return base64.urlsafe_b64encode(delivery.bytes + _mac(key, delivery)).rstrip(b"=").decode()


def _mac(key: bytes, delivery: UUID) -> bytes:
    return digest(key, b"stop" + delivery.bytes, "sha256")[:_MAC]


def _delivery_of(key: bytes, token: str) -> UUID:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise LinkInvalid from None
    if len(raw) != _ID + _MAC:
        raise LinkInvalid
    delivery = UUID(bytes=raw[:_ID])
    if not compare_digest(raw[_ID:], _mac(key, delivery)):
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
            raise NoSuchDelivery
        await deliveries.prefer(work.db, row["recipient"], Channel.EMAIL, work.now, enabled=False)


async def wants_email(works: Works, recipient: UUID) -> bool:
    """Whether a recipient gets what can be muted; everybody does who never asked for quiet."""
    async with works.reading() as db:
        return recipient not in await deliveries.muted(db, Channel.EMAIL, [recipient])
