"""The pages in a real browser: what a citizen and a leader do, without JavaScript and with it, at two widths; axe's rules."""

from __future__ import annotations

import asyncio
import base64
import hmac
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio
import uvicorn
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it has no stubs
from playwright.async_api import Browser, Page, async_playwright

from services.reporting.tests.conftest import describe_procedures, describe_units, tell_all, tell_letters
from services.reporting.tests.facts import MONDAY, UNIT, Dossier
from services.reporting.tests.letters import RECEIPT, Letter
from services.reporting.tests.test_letters_store import letters_and_cases
from services.reporting.tests.test_store import mixed
from shared.runtime import Service
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.postgres,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

CODE, SECRET = "H50.12-261123-0099", "7K3M9Q01"
WIDTHS = (360, 1280)
PATIENCE_MS = 10_000
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@dataclass(frozen=True)
class Place:
    """Where the pages are, and what is told on them."""

    url: str
    dossier: Dossier
    letter: Letter


def verifier(keys: Keys, code: str) -> str:
    made = hmac.digest(keys.verifier, f"{code}|{SECRET}".encode(), "sha256")[:18]
    return base64.urlsafe_b64encode(made).decode()


@pytest_asyncio.fixture
async def place(service: Service, works: Works, keys: Keys, clock: StandingClock) -> AsyncIterator[Place]:
    """The pages on a port of their own, with dossiers and letters in every situation; one of them four days late."""
    dossier, letter = Dossier(code=CODE, verifier=verifier(keys, CODE)), Letter(verifier=verifier(keys, RECEIPT))
    asked = dossier.supplement_requested(MONDAY + timedelta(hours=50), 20.75)
    await tell_all(works, [*mixed(), (dossier, [dossier.submitted(), dossier.accepted(), dossier.assigned(), asked])])
    await tell_letters(works, [*letters_and_cases(), (letter, [letter.registered(), letter.split()], [letter.opened(), letter.assigned()])])  # fmt: skip
    await describe_units(works, ("44", "Tỉnh Quảng Trị"), (UNIT, "Phường Quảng Trị"), ("18880", "Phường Đồng Hới"))
    await describe_procedures(works)
    clock.at("2026-11-24T09:00:00+07:00")
    server = uvicorn.Server(uvicorn.Config(service.pages, port=0, log_config=None, lifespan="off"))  # type: ignore[arg-type]
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag, no event
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Place(f"http://127.0.0.1:{port}", dossier, letter)
    server.should_exit = True
    await task


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        await made.close()


async def plain(browser: Browser, width: int = 1280, *, javascript: bool = False) -> Page:
    """A page in a browser of its own, without JavaScript unless it is asked for."""
    context = await browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=javascript)
    context.set_default_timeout(PATIENCE_MS)
    return await context.new_page()


async def sign_in(page: Page, place: Place, role: str = "head") -> None:
    await page.goto(f"{place.url}/dang-nhap")
    await page.check(f"input[value={role}]")
    await page.click("main button")


@pytest.mark.parametrize("width", WIDTHS)
async def test_a_citizen_looks_up_a_dossier_and_understands_the_date_without_javascript(
    browser: Browser, place: Place, width: int
) -> None:
    page = await plain(browser, width)
    await page.goto(f"{place.url}/")
    await page.click("main a.button")
    await page.fill("#code", CODE.lower())
    await page.fill("#secret", "7k3m-9qo1")
    await page.click("main button")
    said = await page.inner_text("main")
    assert SECRET not in page.url
    for part in (
        "Chờ bổ sung giấy tờ", "Bổ sung giấy tờ còn thiếu", "thứ Tư 23/12/2026", "Không tính thứ Ba 24/11/2026: Ngày Văn hóa Việt Nam.",
        "Tạm dừng lúc 10:15 thứ Tư 25/11/2026: còn 20 giờ 45 phút làm việc.",
    ):  # fmt: skip
        assert part in said, part


@pytest.mark.parametrize("width", WIDTHS)
async def test_a_leader_signs_in_and_drills_from_a_red_figure_to_one_dossier_without_javascript(
    browser: Browser, place: Place, width: int
) -> None:
    page = await plain(browser, width)
    await page.goto(f"{place.url}/bang-dieu-hanh")
    assert "/dang-nhap" in page.url
    await page.check("input[value=head]")
    await page.select_option("#unit", "44")
    await page.click("main button")
    assert page.url.endswith("/bang-dieu-hanh")
    red = page.locator("dd.late a").first
    figure = int(await red.inner_text())
    await red.click()
    rows = page.locator("tbody tr")
    assert await rows.count() == figure > 0
    assert "quá hạn" in await rows.first.inner_text()
    await page.locator("tbody th a").first.click()
    said = await page.inner_text("main")
    assert "Diễn biến" in said
    assert "Quá hạn" in said


async def test_a_leader_goes_from_late_letters_to_one_case(browser: Browser, place: Place) -> None:
    page = await plain(browser)
    await sign_in(page, place)
    await page.locator("section[aria-labelledby=letters] dd.late a").first.click()
    await page.locator("tbody th a").first.click()
    assert "Các thời hạn và cách tính" in await page.inner_text("main")


async def test_figures_follow_what_happens_while_the_page_is_looked_at(
    browser: Browser, place: Place, works: Works
) -> None:
    page = await plain(browser, javascript=True)
    await page.clock.install()
    await page.goto(f"{place.url}/")
    before = int(await page.inner_text("[data-live=open]"))
    another = Dossier()
    await tell_all(works, [(another, [another.submitted(), another.accepted()])])
    await page.clock.run_for(5_100)
    await page.locator("[data-live=open]").filter(has_text=str(before + 1)).wait_for()
    assert await page.locator("[data-live=open] a").get_attribute("href") == "/ho-so?open=true"


@pytest.mark.parametrize("width", WIDTHS)
async def test_every_page_keeps_the_rules_of_accessibility_and_the_width_of_the_screen(
    browser: Browser, place: Place, width: int
) -> None:
    page, axe = await plain(browser, width, javascript=True), Axe()
    await page.goto(f"{place.url}/tra-cuu")
    await look(page, axe, width)
    for code in (CODE, RECEIPT):
        await page.goto(f"{place.url}/tra-cuu?ma={code}")
        await page.fill("#secret", SECRET)
        await page.click("main button")
        assert code in await page.inner_text("h1")
        await look(page, axe, width)
    for path in ("/dang-nhap", "/dang-nhap?het-han=1", "/nowhere"):
        await page.goto(place.url + path)
        await look(page, axe, width)
    await sign_in(page, place)
    for path in ("/", "/bang-dieu-hanh", f"/don-vi/{UNIT}", "/ho-so?open=true", f"/ho-so/{place.dossier.id}", "/vu-viec", f"/vu-viec/{place.letter.case}"):  # fmt: skip
        await page.goto(place.url + path)
        await look(page, axe, width)


async def look(page: Page, axe: Axe, width: int) -> None:
    """No rule of axe is broken, nothing is wider than the screen, and everything can be reached by the keyboard."""
    found = await axe.run(page, options=RULES)
    assert found.response["passes"]
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip", page.url
