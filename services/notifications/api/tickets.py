"""Tickets for the live stream: a browser's EventSource cannot send a token, so it shows one of these in its address.

A ticket names a recipient and an end, and an HMAC over both; nothing is stored. It opens that recipient's stream and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import struct
import time
from dataclasses import dataclass
from hmac import compare_digest, digest
from typing import ClassVar
from uuid import UUID

import orjson
from fastapi import Request

from services.notifications import domain
from shared.kernel import Principal, Refused
from shared.web.auth import Allow
from shared.web.door import door_of
from shared.web.operations import Operation, takes_header

_MAC = 16
_BODY = struct.Struct(">16sQ")
_LONGEST_SECONDS = 86_400


class TicketInvalid(Refused):
    """The stream ticket cannot be trusted, or it has ended."""

    status: ClassVar[int] = 401


def issue(key: bytes, recipient: UUID, until: int) -> str:
    """A ticket for this recipient's stream, good until this second since 1970."""
    body = _BODY.pack(recipient.bytes, until)
    return base64.urlsafe_b64encode(body + _mac(key, body)).rstrip(b"=").decode()


def check(key: bytes, ticket: str, now: float) -> tuple[UUID, int]:
    """Whose stream a ticket opens, and until when; raises `TicketInvalid`."""
    try:
        raw = base64.b64decode(ticket + "=" * (-len(ticket) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TicketInvalid from None
    body, mac = raw[:-_MAC], raw[-_MAC:]
    if len(body) != _BODY.size or not compare_digest(mac, _mac(key, body)):
        raise TicketInvalid
    recipient, until = _BODY.unpack(body)
    if until <= now:
        raise TicketInvalid
    return UUID(bytes=recipient), until


def _mac(key: bytes, body: bytes) -> bytes:
    return digest(key, b"stream-ticket" + body, "sha256")[:_MAC]


def token_end(request: Request) -> int:
    """When the bearer token of this request ends, at most a day from now; read after the token was verified."""
    payload = request.headers["authorization"].rpartition(" ")[2].split(".")[1]
    claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return int(min(claims["exp"], time.time() + _LONGEST_SECONDS))


@dataclass(frozen=True, slots=True)
class Opened:
    """A right to a stream: whose, and until when (seconds since 1970)."""

    recipient: UUID
    until: int


@dataclass(frozen=True, slots=True)
class TicketOrToken(Allow):
    """The stream's right: a ticket in the query, else a citizen's bearer token."""

    async def __call__(self, request: Request) -> Principal:  # the base class's signature; the end stands in the state
        """The citizen of the ticket or the token."""
        if (ticket := request.query_params.get("ticket")) is None:
            principal = await Allow.__call__(self, request)
            request.state.opened = Opened(domain.inbox_of(principal), token_end(request))
            return principal
        recipient, until = check(door_of(request).keys.cursor, ticket, time.time())
        request.state.opened = Opened(recipient, until)
        return Principal(subject="stream-ticket", roles=frozenset({"citizen"}), recipient=recipient, acting="citizen")

    def describe(self, operation: Operation) -> None:
        """Document both ways in."""
        Allow.describe(self, operation)
        operation["security"].append({})
        takes_header(
            operation,
            "Last-Event-ID",
            "The last `id` you got; what came later is sent first.",
            example="41",
            required=False,
        )
