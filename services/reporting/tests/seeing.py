"""A page as a reader without JavaScript sees it: its live texts, links, forms, and what stands in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx

Attributes = dict[str, str | None]


@dataclass
class Figure:
    """A number of a page, what it counts over (a unit, all, or what its reader may see), and the address of its list."""

    name: str
    of: str
    address: str
    linked: bool
    text: str = ""

    @property
    def value(self) -> int:
        return int(self.text.replace(".", "").replace(",", ""))


class Seen(HTMLParser):
    """Reads a page and checks that every element is closed."""

    EMPTY = frozenset({"meta", "link", "img", "br", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.figures: list[Figure] = []
        self.share: dict[str, str] = {}
        self.count: Attributes = {}
        self.links: list[tuple[str, str]] = []
        self.fields: dict[str, str] = {}
        self.open: list[tuple[str, Attributes]] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("name") and found.get("type") != "radio":
            self.fields[str(found["name"])] = found.get("value") or ""
        if "data-figure" in found:
            address = found.get("href") or found.get("data-href") or ""
            self.figures.append(
                Figure(found["data-figure"] or "", found.get("data-of") or "", address, "href" in found)
            )
        if found.get("id") == "count":
            self.count = found
        if tag == "a" and "href" in found:
            self.links.append((found["href"] or "", ""))
        if tag not in self.EMPTY:
            self.open.append((tag, found))

    def handle_startendtag(self, _tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """Self-closed shapes of a chart."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if any("data-figure" in found for _, found in self.open):
            self.figures[-1].text += data.strip()
        for _, found in self.open:
            if "data-share" in found:
                self.share[found.get("data-of") or ""] = data.strip()
        if any(tag == "a" and "href" in found for tag, found in self.open):
            self.links[-1] = (self.links[-1][0], (self.links[-1][1] + data).strip())

    def values(self, of: str) -> dict[str, int]:
        """The figures counted over this."""
        return {figure.name: figure.value for figure in self.figures if figure.of == of}


def words_of(answer: httpx.Response) -> str:
    """The text of a page, with its white space made plain."""
    text = re.sub(r"</?(?:a|time)(?: [^>]*)?>", "", answer.text)
    text = re.sub(r"<head>.*?</head>|<[^>]+>", " ", text, flags=re.DOTALL)
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
