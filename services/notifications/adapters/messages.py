"""E-mail messages as they travel: addresses, headers, the two forms of a letter."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from uuid import UUID

from services.notifications.adapters.letters import Written
from services.notifications.domain import Letter

_WORD_BYTES = 45
"""As many bytes become 60 characters, and with what stands around them one word of at most 75."""


def address_of(text: str, name: str = "") -> Address | None:
    """An address a message can be sent to, its domain in ASCII; None when this is none, or its local part is not ASCII."""
    local, at, domain = text.strip().rpartition("@")
    try:
        spoken = domain.encode("idna").decode("ascii")
        made = Address(display_name=" ".join(name.split()), addr_spec=f"{local}@{spoken}")
    except (ValueError, IndexError, HeaderParseError):
        return None
    return made if at and local.isascii() and made.domain and made.username else None


def sender_of(text: str) -> Address | None:
    """`Name <address>`, or an address alone."""
    name, spec = parseaddr(text)
    return address_of(spec, name)


@dataclass(frozen=True, slots=True)
class Posted:
    """What stands on the envelope and in the headers beside the words."""

    delivery: UUID
    thread: UUID
    sender: Address
    to: Address
    language: str
    at: datetime
    stop_link: str | None


def compose(written: Written, posted: Posted) -> Letter:
    """The message; the same delivery has the same Message-ID however often it is sent, one thread per aggregate."""
    key = f"{posted.delivery}@{posted.sender.domain}"
    body = EmailMessage(SMTP)
    body.set_content(written.plain)
    body.add_alternative(written.html, subtype="html")
    body.set_boundary(f"=_{posted.delivery.hex}")
    head = "".join(f"{name}: {value}\r\n" for name, value in _headers(key, written.subject, posted))
    return Letter(key, posted.sender.addr_spec, posted.to.addr_spec, head.encode("ascii") + body.as_bytes())


def _headers(key: str, subject: str, posted: Posted) -> Iterator[tuple[str, str]]:
    """Written by hand: the standard library loses a blank where it folds a long Vietnamese subject."""
    yield "From", _mailbox(posted.sender)
    yield "To", _mailbox(posted.to)
    yield "Subject", encoded(subject)
    yield "Date", format_datetime(posted.at)
    yield "Message-ID", f"<{key}>"
    yield "References", f"<{posted.thread}@{posted.sender.domain}>"
    yield "Content-Language", posted.language
    yield "Auto-Submitted", "auto-generated"
    if posted.stop_link is not None:  # RFC 8058: both headers, and the link changes nothing until it is posted to
        yield "List-Unsubscribe", f"<{posted.stop_link}>"
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"


def _mailbox(address: Address) -> str:
    return f"{encoded(address.display_name)}\r\n <{address.addr_spec}>" if address.display_name else address.addr_spec


def encoded(text: str) -> str:
    """A text as encoded words (RFC 2047), folded; no control character and no header of its own gets through."""
    words, room = [""], _WORD_BYTES
    for letter in (each for each in text if each.isprintable()):
        size = len(letter.encode())
        if size > room:
            words.append("")
            room = _WORD_BYTES
        words[-1] += letter
        room -= size
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word.encode()).decode()}?=" for word in words)
