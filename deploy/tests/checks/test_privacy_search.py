"""The search for people finds them in every spelling: a search that finds nothing proves something only then."""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Callable
from urllib.parse import quote

import pytest

from deploy.tests.checks.privacy import Person, Search

PERSON = Person(
    "Hồ Thị Quỳnh Nhưỡng", "044.190.123.987", "+84 905 817 263", "nhuong.ho@thu-nghiem.example", "Thôn Ẩn, xã Vắng"
)

HIDING: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "decomposed": lambda text: unicodedata.normalize("NFD", text).encode(),
    "small": lambda text: text.lower().encode(),
    "capitals": lambda text: text.upper().encode(),
    "escaped JSON": lambda text: json.dumps(text).encode(),
    "a URL": lambda text: quote(text).encode(),
    "base64": lambda text: base64.b64encode(b"{" + text.encode() + b"}}"),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "UTF-16": lambda text: text.encode("utf-16-le"),
}


@pytest.mark.parametrize("mark", ["name", "identity_no", "phone", "email", "address"])
@pytest.mark.parametrize("hiding", HIDING)
def test_every_mark_is_found_in_every_spelling(mark: str, hiding: str) -> None:
    search = Search([PERSON])
    search.look("text", "here", b"something before " + HIDING[hiding](PERSON.marks()[mark]) + b" and after")
    assert f"text: here: {mark} of person 0" in search.hits


def test_a_phone_is_found_as_it_was_written_at_home_or_abroad() -> None:
    for written in (b"0905817263", b"+84905817263", b"84905817263"):
        search = Search([PERSON])
        search.look("text", "here", written)
        assert "text: here: phone of person 0" in search.hits


def test_other_people_are_not_found() -> None:
    search = Search([PERSON])
    search.look("text", "here", "Hồ Thị Quỳnh, 044190123988, 0905817264".encode())
    assert search.hits == []
