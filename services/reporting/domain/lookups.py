"""A slip's code and secret, as people type them, and whether they fit."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import ClassVar, Final

from shared.kernel import Refused

MOST_TRIES: Final = 5
LOCKED_FOR: Final = timedelta(minutes=15)
_UNKNOWN_CODES: Final = 4096
_LONGEST: Final = 40


class LookupRefused(Refused):
    """The code and the secret do not fit together."""

    status: ClassVar[int] = 404


class LookupLocked(Refused):
    """Too many wrong secrets were tried for this code."""

    status: ClassVar[int] = 429


def typed_code(text: str) -> str:
    """A code as people type it: small letters, spaces."""
    return "".join(text.upper().split())[:_LONGEST]


def typed_secret(text: str) -> str:
    """A secret as people type it: also dashes, O for 0, I and L for 1 (Crockford's alphabet)."""
    return typed_code(text).replace("-", "").translate(str.maketrans("OIL", "011"))


def unknown_name(code: str) -> str:
    """What tries for a code nobody has are counted under: like for a real one, in a bounded number of rows."""
    return f"?{int.from_bytes(sha256(code.encode()).digest()[:4], 'big') % _UNKNOWN_CODES}"
