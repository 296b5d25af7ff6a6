"""Which server carries e-mail, read from one address: `smtp://user:password@host:port?tls=starttls`."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.headerregistry import Address
from ipaddress import ip_address
from typing import Literal, TypeAlias, get_args
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from services.notifications.adapters.messages import sender_of
from shared.settings import WrongSetting

Tls: TypeAlias = Literal["starttls", "implicit", "none"]

NOBODY = Address("Gần Dân", addr_spec="khong-tra-loi@gandan.invalid")
"""Who simulated messages come from."""

_SCHEMES: dict[str, tuple[Tls, int]] = {"smtp": ("starttls", 587), "smtps": ("implicit", 465)}


@dataclass(frozen=True, slots=True)
class Server:
    """An SMTP server; without TLS only where it is asked for, and a password never in clear to another machine."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How e-mail leaves; without a server everything is simulated."""

    server: Server | None = None
    sender: Address = field(default_factory=lambda: NOBODY)

    @staticmethod
    def of(url: str | None, sender: str | None) -> MailSettings:
        """From GANDAN_SMTP_URL and GANDAN_MAIL_FROM; raises `WrongSetting`."""
        if url is None:
            return MailSettings(sender=_sender(sender) if sender else NOBODY)
        if sender is None:
            raise WrongSetting("GANDAN_MAIL_FROM is needed with GANDAN_SMTP_URL: the address citizens see")
        return MailSettings(_server(url), _sender(sender))


def _sender(text: str) -> Address:
    made = sender_of(text)
    if made is None:
        raise WrongSetting("GANDAN_MAIL_FROM is not an address: `Name <name@domain>` or `name@domain`")
    return made


def _server(url: str) -> Server:
    """What is wrong is named without the address: it holds a password."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise WrongSetting("GANDAN_SMTP_URL is not of the form smtp://user:password@host:port?tls=starttls")
    tls, port = _tls(parts), _port(parts)
    user, password = (unquote(each) if each else None for each in (parts.username, parts.password))
    if password and tls == "none" and not _is_loopback(parts.hostname):
        raise WrongSetting("GANDAN_SMTP_URL: a password is not sent without TLS to another machine")
    return Server(parts.hostname, port, tls, user, password)


def _tls(parts: SplitResult) -> Tls:
    asked = parse_qs(parts.query).get("tls", [_SCHEMES[parts.scheme][0]])[-1]
    for known in get_args(Tls):
        if asked == known:
            return known  # type: ignore[no-any-return] # get_args forgets the literal
    raise WrongSetting("GANDAN_SMTP_URL: tls is one of starttls, implicit, none")


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or _SCHEMES[parts.scheme][1]
    except ValueError:
        raise WrongSetting("GANDAN_SMTP_URL: the port is not a number up to 65535") from None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
