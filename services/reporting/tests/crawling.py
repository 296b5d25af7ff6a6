"""A reader who follows every link of the pages, and counts every list."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from services.reporting.tests.seeing import Figure, Seen

ONE_OF_MANY = re.compile(r"/(ho-so|vu-viec)/[0-9a-f-]{36}$")
LOOKED_AT = 6
"""Dossiers and cases looked at one by one; the others are made by the same template of the same rows."""


class Length(NamedTuple):
    """How long a list is: rows counted page after page; what its heading says of them, and of what others see."""

    rows: int
    mine: int
    whole: int | None


@dataclass
class Crawler:
    """One reader, who follows every link."""

    site: httpx.AsyncClient
    lengths: dict[str, Length] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """Each page, by its path."""
    figures: dict[str, list[Figure]] = field(default_factory=dict)
    """What each page showed, by its path."""

    async def get(self, address: str) -> httpx.Response:
        parts = urlsplit(address)
        return await self.site.get(parts.path, params=httpx.QueryParams(parts.query))

    async def crawl(self, *also: str) -> None:
        """Every page that can be reached from the first and from these, but for the further pages of lists."""
        waiting: list[str] = ["/", *also]
        known, looked = set(waiting), Counter[str]()
        while waiting:
            address = waiting.pop()
            answer = await self.get(address)
            assert answer.status_code == 200, (address, answer.status_code)
            seen = Seen(answer.text)
            self.figures[address], self.texts[address] = seen.figures, answer.text
            for link, _ in seen.links:
                if link in known or not self.goes_on(link):
                    continue
                known.add(link)
                if many := ONE_OF_MANY.match(link):
                    looked[many[1]] += 1
                if not many or looked[many[1]] <= LOOKED_AT:
                    waiting.append(link)

    @staticmethod
    def goes_on(link: str) -> bool:
        """Ours (the counter is intake's), a page, in the language we read, and not a list that `length` reads anyway."""
        return link.startswith("/") and not link.startswith(("/reporting/", "/static/", "/quay")) and "?" not in link

    async def length(self, address: str) -> Length:
        if address not in self.lengths:
            rows, place, head = 0, address, None
            while place:
                answer = await self.get(place)
                assert answer.status_code == 200, (place, answer.status_code)
                seen = Seen(answer.text)
                rows += sum(1 for link, _ in seen.links if ONE_OF_MANY.match(link))
                head = head or seen.count
                place = next((link for link, text in seen.links if "Trang sau" in text), "")
            assert head is not None
            whole = head.get("data-whole")
            self.lengths[address] = Length(rows, int(head["data-mine"] or ""), int(whole) if whole else None)
        return self.lengths[address]

    async def check(self) -> int:
        """Compare every figure with its list, and one zero of each kind on each page; how many were compared."""
        compared = 0
        for page, figures in self.figures.items():
            zeros: set[str] = set()
            for figure in figures:
                assert figure.linked == (figure.value > 0), (page, figure)
                if not figure.value and figure.name in zeros:
                    continue
                zeros |= set() if figure.value else {figure.name}
                found = await self.length(figure.address)
                assert found.rows == found.mine, (page, figure, found)
                expected = found.whole if figure.of and found.whole is not None else found.rows
                assert expected == figure.value, (page, figure, found)
                compared += 1
        return compared
