"""How each field of an event is read: the value as we use it, or ValueError."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from services.intake.domain.source_shapes.codes import is_code, is_letter_code
from shared.law import ZONE

Read = Callable[[Any], Any]
"""The value as we use it; `ValueError` or `TypeError` when it is wrong."""


@dataclass(frozen=True, slots=True)
class Text:
    """Reads a text of this form; of these `words`, where they are a list."""

    form: re.Pattern[str]
    words: tuple[str, ...] = ()

    def __call__(self, value: Any) -> str:
        """The text, or ValueError."""
        if not isinstance(value, str) or self.form.fullmatch(value) is None:
            raise ValueError(self.form.pattern)
        return value


def text(pattern: str) -> Read:
    """A text of this form."""
    return Text(re.compile(pattern))


def one_of(*words: str) -> Read:
    """One of these words."""
    return Text(re.compile("|".join(map(re.escape, words))), words)


def read_instant(value: Any) -> datetime:
    """An instant with its zone, RFC 3339."""
    found = instant(value)
    if found is None:
        raise ValueError("an instant")
    return found


def instant(value: Any) -> datetime | None:
    """An instant with a zone, of this century or the last; None for anything else."""
    if not isinstance(value, str) or len(value) > 40:  # noqa: PLR2004 - with any fraction
        return None
    return _instant(value)


@lru_cache(maxsize=4096)
def _instant(value: str) -> datetime | None:
    """The same instant stands in several fields of an event, and each is looked at more than once."""
    if "T" not in (value := value.upper()):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    if found.tzinfo is None or not 1990 <= found.year <= 2199:  # noqa: PLR2004 - beyond it is a mistake
        return None
    return found


def read_status(value: Any) -> int:
    """A portal number."""
    if type(value) is not int or not 1 <= value <= 10:  # noqa: PLR2004 - the portal's ten
        raise ValueError("1..10")
    return value


def read_flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def read_sealed(value: Any) -> bytes:
    """A sealed box in base64: 48 bytes more than its content."""
    if not isinstance(value, str) or len(value) > 8192:  # noqa: PLR2004 - a contact has a few hundred bytes
        raise ValueError("base64")
    try:
        found = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("base64") from None
    if len(found) <= 48:  # noqa: PLR2004 - what the box itself takes
        raise ValueError("a sealed box")
    return found


def read_letter_code(value: Any) -> str:
    """A letter's code."""
    if not isinstance(value, str) or not is_letter_code(value):
        raise ValueError("a letter's code")
    return value


def read_day(value: Any) -> date:
    """A day, RFC 3339."""
    if not isinstance(value, str) or re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", value) is None:
        raise ValueError("a day")
    return date.fromisoformat(value)


@dataclass(frozen=True, slots=True)
class Count:
    """Reads a whole number from 0 to `most`."""

    most: int

    def __call__(self, value: Any) -> int:
        """The number, or ValueError."""
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= self.most:
            raise ValueError(f"0..{self.most}")
        return value


def read_code(value: Any) -> str:
    """A dossier's code as Vietnamese systems write it."""
    if not isinstance(value, str) or not is_code(value):
        raise ValueError("a dossier code")
    return value


def local_day(at: datetime) -> date:
    """The day in Vietnam."""
    return at.astimezone(ZONE).date()
