"""E-mail messages as they travel: addresses, headers, the two forms of a letter."""

from __future__ import annotations

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

_WIRE = SMTP.clone(max_line_length=76)


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
    domain, key = posted.sender.domain, f"{posted.delivery}@{posted.sender.domain}"
    message = EmailMessage(_WIRE)
    message["From"], message["To"], message["Subject"] = posted.sender, posted.to, written.subject
    message["Date"] = format_datetime(posted.at)
    message["Message-ID"] = f"<{key}>"
    message["References"] = f"<{posted.thread}@{domain}>"
    message["Content-Language"] = posted.language
    message["Auto-Submitted"] = "auto-generated"
    if posted.stop_link is not None:  # RFC 8058: both headers, and the link changes nothing until it is posted to
        message["List-Unsubscribe"] = f"<{posted.stop_link}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(written.plain)
    message.add_alternative(written.html, subtype="html")
    message.set_boundary(f"=_{posted.delivery.hex}")
    return Letter(key, posted.sender.addr_spec, posted.to.addr_spec, message.as_bytes())
