from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import httpx
import pytest
import pytest_asyncio

from services.reporting import pages
from services.reporting.pages import home
from services.reporting.tests.conftest import describe_units, tell_all
from services.reporting.tests.facts import UNIT
from services.reporting.tests.test_store import mixed
from shared.store.unit_of_work import Works

pytestmark = pytest.mark.postgres


@pytest_asyncio.fixture
async def site(works: Works) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=pages.site(works), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


class Live(HTMLParser):
    """Collects the texts that are kept up to date, and checks that every element is closed."""

    EMPTY = frozenset({"meta", "link", "img", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.open: list[tuple[str, str | None]] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.EMPTY:
            self.open.append((tag, dict(attrs).get("data-live")))

    def handle_startendtag(self, _tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """Self-closed elements of the mark."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open and (name := self.open[-1][1]):
            self.texts[name] = self.texts.get(name, "") + data


async def test_the_first_page_shows_the_figures_without_javascript(site: httpx.AsyncClient, works: Works) -> None:
    await tell_all(works, mixed())
    await describe_units(works, (UNIT, "Phường Quảng Trị"), ("18859", "Phường <Đồng Thuận>"))
    answer = await site.get("/")
    live = Live(answer.text).texts
    assert answer.status_code == 200
    assert (live["open"], live["due_today"], live["overdue"], live["on_time_month"]) == ("9", "3", "3", "6")
    assert "66,6%" in live["rate"]
    assert (live[f"{UNIT}-open"], live[f"{UNIT}-share"], live["18859-share"]) == ("6", "66,6%", "–")
    assert "Phường &lt;Đồng Thuận&gt;" in answer.text
    assert answer.text.index("Phường Quảng Trị") < answer.text.index("Phường &lt;Đồng Thuận&gt;")


async def test_the_page_speaks_vietnamese_first_and_english_on_request(site: httpx.AsyncClient) -> None:
    vi, en = await site.get("/"), await site.get("/?lang=en")
    assert '<html lang="vi">' in vi.text
    assert "Tra cứu hồ sơ của bạn" in vi.text
    assert '<html lang="en">' in en.text
    assert "Look up your dossier" in en.text
    assert Live(en.text).texts["rate"] == "No dossier was settled this month yet."


async def test_everything_the_page_loads_is_ours_and_there(site: httpx.AsyncClient) -> None:
    text = (await site.get("/")).text
    found = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
    assert {path.partition("?")[0] for path in found} == {"/static/mark.svg", "/static/site.css", "/static/live.js"}
    for path in found:
        answer = await site.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)


async def test_the_page_allows_nothing_foreign_and_nothing_inline(site: httpx.AsyncClient) -> None:
    answer = await site.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", answer.text)


async def test_a_page_that_is_not_there_says_so(site: httpx.AsyncClient) -> None:
    for path in ("/nowhere", "/static/secret.txt", "/static/..%2f__init__.py"):
        answer = await site.get(path)
        assert answer.status_code == 404
        assert "Không có trang này" in answer.text


def test_both_languages_say_the_same_things() -> None:
    assert home.WORDS["vi"].keys() == home.WORDS["en"].keys()
    fields = {key: re.findall(r"\{\w+\}", text) for key, text in home.WORDS["vi"].items()}
    assert {key: sorted(names) for key, names in fields.items()} == {
        key: sorted(re.findall(r"\{\w+\}", text)) for key, text in home.WORDS["en"].items()
    }


def test_a_share_never_looks_better_than_it_is() -> None:
    assert home.share_text(9999, 10_000, "vi") == "99,9%"
    assert home.share_text(1, 1, "vi") == "100%"
    assert home.share_text(2, 3, "en") == "66.6%"
    assert home.share_text(0, 0, "en") == "–"


def test_thousands_are_written_as_the_reader_writes_them() -> None:
    assert (home.number_text(1234567, "vi"), home.number_text(1234567, "en")) == ("1.234.567", "1,234,567")
