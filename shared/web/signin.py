"""Who looks at a page: a sealed cookie holds the session, and every form is bound to the browser it was shown in.

No table stands behind it: the cookie is the session, AES-256-GCM under a key derived from `keys.cursor`. It holds roles,
units and the recipient, never an identity number. Where a service has the staff directory (intake), rights are
asked of it anew on every request; elsewhere those of the sign-in hold until the session ends.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest, digest
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel import Principal
from shared.settings import Keys

SESSION_SECONDS = 8 * 3600
"""A working day; whoever stays longer signs in again."""
MOST_COOKIE_BYTES = 4000
"""Browsers keep cookies up to 4096 bytes, name and attributes included."""

_NONCE = 12
_SESSION = "session-1"
"""Raised with every change of what a session holds: older cookies then are no session, and their owner signs in again."""
_FORM_SECONDS = 24 * 3600


class SessionExpired(Exception):  # noqa: N818 - reads as what the page then says
    """There was a session, and its time is over."""


class SessionTooLarge(Exception):  # noqa: N818 - as above
    """So many units do not fit into a cookie."""


class FormForged(Exception):  # noqa: N818 - as above
    """The form was not shown to this browser, or too long ago."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals small values for a browser to carry, each for one purpose and for a time."""

    key: bytes
    now: Callable[[], float] = time.time

    @staticmethod
    def of(keys: Keys, now: Callable[[], float] = time.time) -> Seal:
        """The seal of an installation."""
        return Seal(digest(keys.cursor, b"gandan pages seal", "sha256"), now)

    def close(self, purpose: str, value: Any, seconds: float) -> str:
        """The value as text nobody can read or change; it opens for `seconds`."""
        nonce = secrets.token_bytes(_NONCE)
        plain = orjson.dumps([self.now() + seconds, value])
        return _text(nonce + AESGCM(self.key).encrypt(nonce, plain, purpose.encode()))

    def open(self, purpose: str, text: str) -> Any:
        """The value; `SessionExpired` when its time is over, None when it is not ours, damaged or meant for something else."""
        raw = _bytes(text)
        try:
            until, value = orjson.loads(AESGCM(self.key).decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode()))
        except (InvalidTag, ValueError):
            return None
        if until <= self.now():
            raise SessionExpired
        return value


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in; `number` binds forms to this session."""

    principal: Principal
    number: str


@dataclass(frozen=True, slots=True)
class Sessions:
    """Writes and reads the cookies; `secure` where the pages are reached over HTTPS."""

    seal: Seal
    secure: bool

    @property
    def _name(self) -> str:
        return "__Host-gandan-session" if self.secure else "gandan-session"

    @property
    def _visit(self) -> str:
        return "__Host-gandan-visit" if self.secure else "gandan-visit"

    def read(self, request: Request) -> Session | None:
        """The session of this browser; `SessionExpired` when its time is over."""
        found = self.seal.open(_SESSION, request.cookies.get(self._name, ""))
        return _session(found) if found is not None else None

    def begin(self, response: Response, who: Principal, seconds: float = SESSION_SECONDS) -> Session:
        """Sign this browser in; a session cookie, so that closing the browser ends it too."""
        session = Session(who, secrets.token_hex(16))
        text = self.seal.close(_SESSION, _written(session), seconds)
        if len(text) > MOST_COOKIE_BYTES - 100:
            raise SessionTooLarge
        self._set(response, self._name, text)
        return session

    def end(self, response: Response) -> None:
        """Sign this browser out."""
        response.delete_cookie(self._name, path="/", secure=self.secure, httponly=True, samesite="lax")

    def form_token(self, request: Request, response: Response, session: Session | None) -> str:
        """What a form carries; a browser that is not signed in is given a number of its own first."""
        number = session.number if session else request.cookies.get(self._visit, "")
        if not number:
            number = secrets.token_hex(16)
            self._set(response, self._visit, number)
        return self.seal.close("form", self._bound(number), _FORM_SECONDS)

    def check_form(self, request: Request, session: Session | None, token: str) -> None:
        """Raise `FormForged` unless this form was shown to this browser, in this session, within a day."""
        number = session.number if session else request.cookies.get(self._visit, "")
        try:
            bound = self.seal.open("form", token)
        except SessionExpired:
            raise FormForged from None
        if not number or not isinstance(bound, str) or not compare_digest(bound, self._bound(number)):
            raise FormForged

    def _bound(self, number: str) -> str:
        return digest(self.seal.key, b"form" + number.encode(), "sha256").hex()

    def _set(self, response: Response, name: str, text: str) -> None:
        response.set_cookie(name, text, path="/", secure=self.secure, httponly=True, samesite="lax")


def _written(session: Session) -> list[Any]:
    who = session.principal
    recipient = who.recipient.hex if who.recipient else None
    return [session.number, who.subject, sorted(who.roles), sorted(who.units), recipient]


def _session(found: list[Any]) -> Session:
    number, subject, roles, units, recipient = found
    known = UUID(recipient) if recipient else None
    return Session(
        Principal(subject, frozenset(roles), frozenset(units), recipient=known, acting=min(roles, default="nobody")),
        number,
    )


def local_path(text: str) -> str:
    """Where to go back to: a path of ours, else the first page; never another host."""
    fair = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if fair else "/"
