"""The pages in a real browser: what a citizen and a leader do, without JavaScript and with it, at two widths; axe's rules."""

from __future__ import annotations

import asyncio
import base64
import hmac
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO

import pytest
import pytest_asyncio
import uvicorn
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it has no stubs
from playwright.async_api import Browser, Page, async_playwright
from pypdf import PdfReader

from services.reporting.api import stream
from services.reporting.tests.conftest import describe_procedures, describe_units, tell_all, tell_letters
from services.reporting.tests.facts import MONDAY, UNIT, Dossier, raw
from services.reporting.tests.letters import RECEIPT, Letter
from services.reporting.tests.test_consumers import Feed
from services.reporting.tests.test_letters_store import letters_and_cases
from services.reporting.tests.test_store import mixed
from shared.runtime import Service
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.testing.browsing import follow
from shared.testing.clock import StandingClock
from shared.web.pages import signing
from shared.web.root import Probes, Readiness, root_app

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.postgres,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

CODE, SECRET = "H50.12-261123-0099", "7K3M9Q01"
QUIET = "19429"
TUESDAY = date(2026, 11, 24)
WIDTHS = (360, 1280)
PATIENCE_MS = 30_000
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
    await describe_units(works, ("44", "Tỉnh Quảng Trị"), (UNIT, "Phường Quảng Trị"), ("18880", "Phường Đồng Hới"), (QUIET, "Xã Lao Bảo"))  # fmt: skip
    await describe_procedures(works)
    clock.at("2026-11-24T09:00:00+07:00")
    async with served(service) as url:
        yield Place(url, dossier, letter)


@asynccontextmanager
async def served(service: Service, port: int = 0) -> AsyncIterator[str]:
    """Pages and API on a port of their own, with what the service runs beside them; it ends as a process does."""

    async def ready(_service: str | None) -> Readiness:
        return Readiness("ready")

    app = root_app({"reporting": service.api}, probes=Probes(ready, lambda: b""), pages=service.pages)
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, lifespan="off", timeout_graceful_shutdown=5)
    )
    tasks = [asyncio.create_task(job()) for job in service.jobs]
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag, no event
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    for task in tasks:
        task.cancel()
    server.should_exit = True
    await asyncio.wait([serving, *tasks])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
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
    await follow(page.locator("main button"))


@pytest.mark.parametrize("width", WIDTHS)
async def test_a_citizen_looks_up_a_dossier_and_understands_the_date_without_javascript(
    browser: Browser, place: Place, width: int
) -> None:
    page = await plain(browser, width)
    await page.goto(f"{place.url}/")
    await follow(page.locator("main a.button"))
    await page.fill("#code", CODE.lower())
    await page.fill("#secret", "7k3m-9qo1")
    await follow(page.locator("main button"))
    said = await page.inner_text("main")
    assert SECRET not in page.url
    for part in (
        "Chờ bổ sung giấy tờ", "Bổ sung giấy tờ còn thiếu", "thứ Tư 23/12/2026", "Không tính thứ Ba 24/11/2026: Ngày Văn hóa Việt Nam.",
        "Tạm dừng lúc 10:15 thứ Tư 25/11/2026; khi đó còn lại 20 giờ 45 phút làm việc.",
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
    await follow(page.locator("main button"))
    assert page.url.endswith("/bang-dieu-hanh")
    red = page.locator(".tile.bad a").first
    figure = int(await red.inner_text())
    await follow(red)
    rows = page.locator("tbody tr")
    assert await rows.count() == figure > 0
    assert "quá hạn" in await rows.first.inner_text()
    await follow(page.locator("tbody th a").first)
    said = await page.inner_text("main")
    assert "Diễn biến" in said
    assert "Quá hạn" in said


async def test_a_leader_goes_from_late_letters_to_one_case(browser: Browser, place: Place) -> None:
    page = await plain(browser)
    await sign_in(page, place)
    await follow(page.locator("section[aria-labelledby=letters] .tile.bad a").first)
    await follow(page.locator("tbody th a").first)
    assert "Các thời hạn và cách tính" in await page.inner_text("main")


async def test_figures_follow_what_happens_while_the_page_is_looked_at_and_nothing_is_asked_again(
    browser: Browser, place: Place, works: Works
) -> None:
    page, feed, asked = await plain(browser, javascript=True), Feed(works), list[str]()
    page.on("request", lambda request: asked.append(request.url.removeprefix(place.url)))
    async with page.expect_request("**/reporting/v1/stream"):
        await page.goto(f"{place.url}/")
    quiet = page.locator(f"[data-of='{QUIET}'][data-figure=open]")
    before, loaded = int(await page.inner_text(".tile [data-figure=open]")), len(asked)
    assert (await quiet.text_content(), await quiet.get_attribute("href")) == ("0", None)
    settled = str(int(await page.inner_text("[data-some] [data-figure=settled_month]")) + 1)
    another = Dossier(unit=QUIET)
    await feed([raw(fact, n, offset=0) for n, fact in enumerate([another.submitted(), another.accepted()], 1)])
    await page.locator(".tile [data-figure=open]").filter(has_text=str(before + 1)).wait_for()
    assert await page.locator(".tile [data-figure=open]").get_attribute("href") == "/ho-so?open=true"
    assert (await quiet.text_content(), await quiet.get_attribute("href")) == ("1", f"/ho-so?unit={QUIET}&open=true")
    await page.click("summary")
    assert await page.inner_text("ul.quiet") == "Tỉnh Quảng Trị\nXã Lao Bảo 1"
    await feed([raw(another.settled(TUESDAY, at=MONDAY + timedelta(days=1)), 3, offset=0)])
    await quiet.filter(has_text="0").wait_for(state="attached")
    assert await quiet.get_attribute("href") is None
    assert await page.inner_text("[data-some] [data-figure=settled_month]") == settled
    assert await page.inner_text("time[data-newest]") == "08:18:00 23/11/2026"
    assert asked[loaded:] == []


async def test_the_board_follows_with_its_charts_and_lists_as_well(
    browser: Browser, place: Place, works: Works
) -> None:
    page, feed, another = await plain(browser, javascript=True), Feed(works), Dossier(unit=QUIET)
    await sign_in(page, place)
    async with page.expect_request("**/reporting/v1/stream"):
        await page.goto(f"{place.url}/bang-dieu-hanh")
    facts = [another.submitted(), another.accepted(date(2026, 11, 20)), another.assigned("officer-new")]
    await feed([raw(fact, n, offset=0) for n, fact in enumerate(facts, 1)])
    await page.locator("section[aria-labelledby=holders]").filter(has_text="officer-new").wait_for()
    row = page.locator("section[aria-labelledby=holders] tr").filter(has_text="officer-new")
    assert (
        await row.locator("[data-figure=late]").get_attribute("href")
        == f"/ho-so?unit={QUIET}&open=true&due_before=2026-11-24&officer=officer-new"
    )


async def test_a_server_that_comes_back_is_found_again_without_a_word(
    browser: Browser, service: Service, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "RETRY_MS", 50)
    page, feed, first, second = await plain(browser, javascript=True), Feed(works), Dossier(), Dossier()
    await feed([raw(first.submitted(), 1, offset=0)])
    async with served(service) as url:
        async with page.expect_response("**/reporting/v1/stream"):
            await page.goto(f"{url}/")
        await page.locator("time[data-newest]").filter(has_text="08:16:00").wait_for()
    await feed([raw(second.submitted(), 1, offset=0)])
    async with served(service, int(url.rpartition(":")[2])):
        await page.locator(".tile [data-figure=open]").filter(has_text="2").wait_for()
    assert page.url == f"{url}/"


async def test_five_wrong_secrets_are_answered_in_clear_words_and_then_even_the_right_one_has_to_wait(
    browser: Browser, place: Place
) -> None:
    page, said = await plain(browser, 360), []
    await page.goto(f"{place.url}/tra-cuu?ma={CODE}")
    for secret in ["WRONG000"] * 5 + [SECRET]:
        await page.fill("#secret", secret)
        await follow(page.locator("main button"))
        said.append(await page.inner_text("[role=alert]"))
        assert await page.input_value("#code") == CODE
    assert [f"còn {left} lần thử" in text for left, text in zip((4, 3, 2, 1), said, strict=False)] == [True] * 4
    assert "bị khóa tra cứu trong 15 phút" in said[4]
    assert "Hãy thử lại sau 15 phút, hoặc hỏi tại quầy một cửa" in said[5]


async def test_a_session_that_has_ended_is_said_and_signing_in_again_leads_back(
    browser: Browser, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await plain(browser, 360)
    with monkeypatch.context() as changed:
        changed.setattr(signing, "SESSION_SECONDS", 0)
        await sign_in(page, place)
    await page.goto(f"{place.url}/ho-so?open=true")
    assert "Phiên đăng nhập đã hết hạn. Đăng nhập lại, bạn sẽ trở về trang đang xem." in await page.inner_text("main")
    await follow(page.locator("main button"))
    assert page.url == f"{place.url}/ho-so?open=true"
    assert await page.locator("tbody tr").count() > 0


async def test_a_board_left_open_after_its_session_ended_shows_its_figures_no_longer(
    browser: Browser, place: Place, works: Works
) -> None:
    page, feed, another = await plain(browser, javascript=True), Feed(works), Dossier(unit=QUIET)
    await sign_in(page, place)
    async with page.expect_response("**/reporting/v1/stream"):
        await page.goto(f"{place.url}/bang-dieu-hanh")
    await page.context.clear_cookies()
    await feed([raw(another.submitted(), 1, offset=0)])
    await page.wait_for_url("**/dang-nhap?lai=%2Fbang-dieu-hanh")


async def test_a_form_of_another_session_changes_nothing_and_is_answered_in_clear_words(
    browser: Browser, place: Place
) -> None:
    page = await plain(browser, 360)
    await sign_in(page, place)
    left_open = await page.context.new_page()
    await left_open.goto(f"{place.url}/dang-nhap")
    await page.context.clear_cookies()
    await follow(left_open.locator("main button"))
    assert "Biểu mẫu đã cũ" in await left_open.inner_text("h1")
    assert "Không có gì thay đổi; hãy mở lại trang rồi gửi lại." in await left_open.inner_text("main")
    await left_open.goto(f"{place.url}/bang-dieu-hanh")
    assert "/dang-nhap" in left_open.url


async def test_on_paper_a_board_is_its_words_and_figures_and_nothing_that_is_pressed(
    browser: Browser, place: Place
) -> None:
    page = await plain(browser)
    await sign_in(page, place)
    await page.goto(f"{place.url}/bang-dieu-hanh")
    title, figures = await page.inner_text("h1"), await page.locator(".tile dd").all_inner_texts()
    pressed = page.locator(".top nav, .me, .skip, main .button, form.card")
    assert await pressed.filter(visible=True).count() > 0
    await page.emulate_media(media="print")
    assert await pressed.count() == await pressed.filter(visible=False).count() > 0
    paper = PdfReader(BytesIO(await page.pdf(format="A4")))
    said = " ".join(" ".join(sheet.extract_text() for sheet in paper.pages).split())
    assert " ".join(title.split()) in said
    assert figures
    assert not [figure for figure in figures if figure not in said]
    assert "Đăng xuất" not in said


@pytest.mark.parametrize("width", [360, pytest.param(1280, marks=pytest.mark.full)])
async def test_every_page_keeps_the_rules_of_accessibility_and_the_width_of_the_screen(
    browser: Browser, place: Place, width: int
) -> None:
    page, axe = await plain(browser, width, javascript=True), Axe()
    await page.goto(f"{place.url}/tra-cuu")
    await look(page, axe, width)
    for code in (CODE, RECEIPT):
        await page.goto(f"{place.url}/tra-cuu?ma={code}")
        await page.fill("#secret", SECRET)
        await follow(page.locator("main button"))
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
