"""What may not stand in clear in an event: names, numbers and addresses of people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from services.intake.domain.source_shapes.codes import WORD, is_code, is_letter_code
from services.intake.domain.source_shapes.form import MOST
from services.intake.domain.source_shapes.reading import instant

_NUMBER = re.compile(r"(?<![0-9])(?:[0-9]{12}|[0-9]{9}|(?:\+?84|0)[35789][0-9]{8})(?![0-9])")
"""Identity numbers of 12 or 9 digits and Vietnamese mobile numbers."""


_SPLIT = re.compile(r"(?<=[0-9])[ .\-](?=[0-9])")


_SUSPECT = re.compile(r"[0-9](?:[ .\-]?[0-9]){8}|@")
"""Nine digits, with or without separators, or the sign of an address: a text without them names nobody."""


_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


_FORBIDDEN = frozenset(
    [
        "name",
        "fullname",
        "firstname",
        "lastname",
        "hoten",
        "ten",
        "tenchuhoso",
        "chuhoso",
        "phone",
        "phonenumber",
        "mobile",
        "tel",
        "telephone",
        "sodienthoai",
        "dienthoai",
        "sdt",
        "identity",
        "identityno",
        "identitynumber",
        "idnumber",
        "idno",
        "cccd",
        "cmnd",
        "socccd",
        "socmnd",
        "sodinhdanh",
        "sogiaytochuhoso",
        "citizenid",
        "passport",
        "email",
        "mail",
        "thudientu",
        "address",
        "diachi",
        "diachichitiet",
        "birthdate",
        "dateofbirth",
        "ngaysinh",
    ]
)
"""Names of fields that hold people, without separators and accents; nobody sends these in clear."""


_UNREAD = frozenset({"contact_sealed", "traceparent", "tracestate", "sequence"})
"""Noise by its making: looking for numbers in it finds some."""


_LONGEST_WORD = 40


_DEEPEST = 8

_ATTRIBUTES = frozenset({"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"})


def personal(plain: Mapping[str, Any]) -> list[str]:
    """JSON Pointers to what looks like a person in clear: by the name of a field anywhere, or by a number or address in a text."""
    return list(dict.fromkeys(_personal(plain, "", 0)))[:MOST]


def _personal(value: Any, place: str, depth: int) -> Iterator[str]:
    """Of most fields nothing is found, so a pointer is made where something was, or may be deeper."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if _names_a_person(name):
                yield _below(place, name)
            elif not (depth == 0 and name in _ATTRIBUTES) and name not in _UNREAD:
                if isinstance(inner, dict | list):
                    yield from _deeper(inner, _below(place, name), depth + 1)
                elif _told(inner):
                    yield _below(place, name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _deeper(inner, f"{place}/{number}", depth + 1)
    elif _told(value):
        yield place


def _deeper(value: Any, place: str, depth: int) -> Iterator[str]:
    return iter([place]) if depth > _DEEPEST else _personal(value, place, depth)


def _below(place: str, name: str) -> str:
    return f"{place}/{name if WORD.fullmatch(name) else '?'}"


def _told(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and _tells(str(value))


def _tells(value: str) -> bool:
    """Whether a text holds somebody's number or address, with or without separators in it."""
    if _SUSPECT.search(value) is None:
        return False
    if is_code(value) or is_letter_code(value) or instant(value) is not None:
        return False
    return any(_NUMBER.search(each) for each in (value, _SPLIT.sub("", value))) or _MAIL.search(value) is not None


def _names_a_person(field: str) -> bool:
    return _field_of_people(field) if len(field) <= _LONGEST_WORD else _field_of_people.__wrapped__(field)


@lru_cache(maxsize=4096)
def _field_of_people(field: str) -> bool:
    """Whether a field of this name holds people, or names one itself; of the same few names again and again."""
    return _bare(field) in _FORBIDDEN or _tells(field)


def _bare(name: str) -> str:
    """`Họ_Tên` -> `hoten`."""
    letters = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())
