"""A page as a reader without JavaScript sees it: its live texts, links, forms, and what stands in it."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx

Attributes = dict[str, str | None]


class Seen(HTMLParser):
    """Reads a page and checks that every element is closed."""

    EMPTY = frozenset({"meta", "link", "img", "br", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.live: dict[str, str] = {}
        self.links: list[tuple[str, str]] = []
        self.fields: dict[str, str] = {}
        self.open: list[tuple[str, Attributes]] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("name") and found.get("type") != "radio":
            self.fields[str(found["name"])] = found.get("value") or ""
        if tag == "a":
            self.links.append((found["href"] or "", ""))
        if tag not in self.EMPTY:
            self.open.append((tag, found))

    def handle_startendtag(self, _tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """Self-closed shapes of a chart."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, found in self.open:
            if (name := found.get("data-live")) is not None:
                self.live[name] = (self.live.get(name, "") + data).strip()
        if any(tag == "a" for tag, _ in self.open):
            self.links[-1] = (self.links[-1][0], (self.links[-1][1] + data).strip())


def words_of(answer: httpx.Response) -> str:
    """The text of a page, with its white space made plain."""
    text = re.sub(r"<head>.*?</head>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(text))


async def sign_in(
    site: httpx.AsyncClient, role: str, unit: str = "", person: str = "", back: str = "/"
) -> httpx.Response:
    """Choose who one is on the sign-in page."""
    form = Seen((await site.get("/dang-nhap", params={"lai": back})).text).fields
    return await site.post("/dang-nhap", data={**form, "role": role, "unit": unit, "person": person})


async def listed(site: httpx.AsyncClient, address: str) -> list[str]:
    """The ids of a list behind a figure, page after page."""
    found: list[str] = []
    while address:
        parts = urlsplit(address)
        answer = await site.get(parts.path, params=httpx.QueryParams(parts.query))
        assert answer.status_code == 200, (address, answer.status_code)
        seen = Seen(answer.text)
        found += [
            path.rpartition("/")[2] for path, _ in seen.links if re.fullmatch(r"/(ho-so|vu-viec)/[0-9a-f-]{36}", path)
        ]
        address = next((path for path, text in seen.links if "Trang sau" in text), "")
    return found
