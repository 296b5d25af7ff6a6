"""The codes an event may name: of dossiers, letters, units, and its own id."""

from __future__ import annotations

import re
from typing import Any, Final

LETTER = re.compile(r"(?!DT\.)[A-Z]{2}[A-Z0-9]{0,6}(?:\.[A-Z0-9]{1,8}){0,4}-[0-9]{6}(?:[0-9]{2})?-[0-9]{1,6}")
"""A letter's code: a sign, the day, a number. Signs that begin with `DT.` are ours."""


EVENT_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")


JSON: Final = re.compile(r"application/json(?: ?; ?charset=(?:utf-8|UTF-8))?")
"""What `data` is; some clients always name the one encoding it can have (RFC 8259, section 8.1)."""


CODE: Final = re.compile(
    r"(?:[A-Z][0-9]{2}(?:\.[0-9]{2,3}){0,3}|[0-9]{3}(?:\.[0-9]{2}){2}\.[A-Z][0-9]{2})-[0-9]{6}(?:[0-9]{2})?-[0-9]{4,10}"
)
"""Decision 20/2020/QĐ-TTg and Circular 03/2025/TT-VPCP, Art. 13, and agencies before them; never read for what it means."""


_PERSON_ID = re.compile(r"(?<![0-9])(?:0[0-9]{11}|(?:\+?84|0)[35789][0-9]{8})(?![0-9])")
"""In an event's id only what cannot well be a counter."""


_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""Nobody's number, though one in a thousand holds digits in a row that look like one."""


WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


def is_code(value: str) -> bool:
    """Whether this is a dossier's code."""
    return len(value) <= 40 and CODE.fullmatch(value) is not None  # noqa: PLR2004 - the longest lawful one has about thirty


def is_letter_code(value: str) -> bool:
    """Whether this is a letter's code, and no dossier's."""
    return len(value) <= 40 and LETTER.fullmatch(value) is not None and not is_code(value)  # noqa: PLR2004 - as above


def is_key(value: Any) -> bool:
    """Whether this may be kept of any event as what it is about: the code of a dossier, a letter, or a unit."""
    return isinstance(value, str) and (
        is_code(value) or is_letter_code(value) or re.fullmatch(UNIT_CODE, value) is not None
    )


def is_json(value: Any) -> bool:
    """Whether this media type is that of `data`."""
    return isinstance(value, str) and JSON.fullmatch(value) is not None


def is_event_id(value: Any) -> bool:
    """Whether this can be an event's id: printable, short, nobody's number."""
    if not isinstance(value, str) or EVENT_ID.fullmatch(value) is None:
        return False
    return _UUID.fullmatch(value) is not None or _PERSON_ID.search(value) is None


UNIT_CODE = r"[0-9]{2,5}"
