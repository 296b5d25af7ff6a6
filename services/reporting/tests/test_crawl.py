"""Every page fetched by everybody who may: no link leads nowhere, and every figure leads to a list of exactly that length."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from services.reporting.domain import CASE_TITLES, FIGURES
from services.reporting.tests.conftest import browsing, describe_procedures, describe_units, tell_all, tell_letters
from services.reporting.tests.crawling import Crawler
from services.reporting.tests.facts import MONDAY, UNIT, Dossier
from services.reporting.tests.letters import Letter
from services.reporting.tests.seeing import sign_in
from services.reporting.tests.test_letters_store import letters_and_cases
from services.reporting.tests.test_store import mixed
from shared.contracts.envelope import Fact
from shared.runtime import Service
from shared.store.unit_of_work import Works

pytestmark = pytest.mark.postgres

OTHER = "18880"


def late_ones() -> list[tuple[Dossier, list[Fact]]]:
    """Late dossiers with officers, and so many of one officer that their list has two pages."""
    friday = date(2026, 11, 20)
    made: list[tuple[Dossier, list[Fact]]] = []
    for number in range(58):
        dossier = Dossier(unit=UNIT if number else OTHER, at=MONDAY - timedelta(days=7 + number % 20))
        facts: list[Fact] = [
            dossier.submitted(),
            dossier.accepted(friday),
            dossier.assigned(f"officer-{0 if number < 53 else number}"),
        ]
        made.append((dossier, facts))
    return made


@pytest_asyncio.fixture
async def province(works: Works) -> None:
    """Dossiers and letters in every situation, in two units, one of them with a long list; a third unit has nothing."""
    await tell_all(works, [*mixed(), *late_ones()])
    loose, mine = Letter(unit=UNIT, code="19360-26-00091"), Letter("complaint", unit=OTHER, code="18880-26-00092")
    late = date(2026, 11, 20)
    await tell_letters(works, [*letters_and_cases(), (loose, [loose.registered(), loose.split()], [loose.opened(late)]), (mine, [mine.registered(), mine.split()], [mine.opened(late), mine.assigned("officer-1")])])  # fmt: skip
    await describe_units(works, ("44", "Tỉnh Quảng Trị"), (UNIT, "Phường Quảng Trị"), (OTHER, "Phường Đồng Hới"), ("19429", "Xã Lao Bảo"))  # fmt: skip
    await describe_procedures(works)


@pytest.mark.usefixtures("province")
async def test_every_figure_a_leader_sees_leads_to_a_list_of_that_length(site: httpx.AsyncClient) -> None:
    await sign_in(site, "inspector", unit="44")
    crawler = Crawler(site)
    await crawler.crawl()
    assert {"/", "/bang-dieu-hanh", "/tra-cuu", "/ho-so", "/vu-viec", "/don-vi/44", f"/don-vi/{UNIT}", f"/don-vi/{OTHER}", "/don-vi/19429"} <= crawler.figures.keys()  # fmt: skip
    assert await crawler.check() > 150
    names = Counter(figure.name for figures in crawler.figures.values() for figure in figures)
    assert names.keys() >= FIGURES.keys() | CASE_TITLES.keys() | {
        "late",
        "due",
        "age",
        "received",
        "settled",
        "settled_league",
    }
    assert max(found.rows for found in crawler.lengths.values()) > 50, "no list had a second page"


@pytest.mark.usefixtures("province")
@pytest.mark.parametrize("role", ["clerk", "head"])
async def test_every_figure_an_officer_of_one_unit_sees_leads_to_a_list_that_says_how_many_of_it_are_theirs(
    site: httpx.AsyncClient, role: str
) -> None:
    await sign_in(site, role, unit=UNIT)
    crawler = Crawler(site)
    await crawler.crawl()
    assert ("/bang-dieu-hanh" in crawler.figures) == (role != "clerk")
    assert await crawler.check() > 60
    for figure in crawler.figures[f"/don-vi/{UNIT}"]:
        assert figure.address not in crawler.lengths or crawler.lengths[figure.address].rows == figure.value, figure
    foreign = [crawler.lengths[figure.address] for figure in crawler.figures[f"/don-vi/{OTHER}"] if figure.linked]
    assert {found.rows for found in foreign} == {0}


@pytest.mark.usefixtures("province")
async def test_a_visitor_who_follows_a_figure_is_asked_to_sign_in_and_then_sees_that_list(
    site: httpx.AsyncClient, service: Service
) -> None:
    visitor = Crawler(site)
    await visitor.crawl()
    assert "/bang-dieu-hanh" not in visitor.figures
    assert visitor.figures[f"/don-vi/{UNIT}"]
    async with browsing(service) as inside:
        await sign_in(inside, "head", unit="44")
        leader = Crawler(inside)
        for page in ("/", f"/don-vi/{OTHER}"):
            for figure in visitor.figures[page]:
                if not figure.linked:
                    continue
                answer = await visitor.get(figure.address)
                assert answer.status_code == 303, figure
                (back,) = parse_qs(urlsplit(answer.headers["location"]).query)["lai"]
                assert (await leader.length(back)).rows == figure.value, (page, figure)
    assert len(leader.lengths) > 30
