"""The counter in a real browser, by keyboard alone and without JavaScript: ten dossiers in a row, two clerks on one, axe's rules."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import uvicorn
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it has no stubs
from playwright.async_api import Browser, Page, async_playwright

from services.intake.tests.given import MARITAL_STATUS, OTHER_UNIT, RESIDENCE, UNIT
from services.intake.tests.talk import SUPPLEMENT, Talk
from shared.runtime import Service
from shared.testing.browsing import follow
from shared.testing.clock import StandingClock
from shared.testing.waiting import wait_until
from shared.web.root import Probes, Readiness, root_app

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.postgres,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

WIDTHS = (360, pytest.param(1280, marks=pytest.mark.full))
PATIENCE_MS = 30_000
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
NUMBER = "044085001234"


@pytest_asyncio.fixture
async def place(service: Service) -> AsyncIterator[str]:
    """Intake alone on a port of its own, with its pages."""

    async def ready(_service: str | None) -> Readiness:
        return Readiness("ready")

    app = root_app({"intake": service.api}, probes=Probes(ready, lambda: b""), pages=service.pages)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=5))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag, no event
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await asyncio.wait([serving])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        await made.close()


async def opened(
    browser: Browser, place: str, *, width: int = 1280, unit: str = UNIT, javascript: bool = False
) -> Page:
    """A clerk's browser, signed in at the counter."""
    context = await browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=javascript)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.goto(f"{place}/quay")
    await page.check("input[value=clerk]")
    await page.select_option("#unit", unit)
    await follow(page.locator("main button"))
    assert page.url == f"{place}/quay"
    return page


async def focus(page: Page) -> str:
    """The id of what has the focus now, else its text."""
    found: str = await page.evaluate(
        "document.activeElement.id || document.activeElement.name || document.activeElement.innerText"
    )
    return found


async def begun(page: Page) -> None:
    """Wait until the page has put the focus where one begins: browsers do it with the next picture, after the page is there."""
    there = "!document.querySelector('[autofocus]') || document.activeElement !== document.body"
    await wait_until(lambda: page.evaluate(there), what="the focus where one begins")


async def focused(page: Page) -> str:
    """The id of what has the focus once the page has begun, else its text."""
    await begun(page)
    return await focus(page)


async def press(page: Page, *keys: str) -> None:
    await begun(page)
    for key in keys:
        await page.keyboard.press(key)


async def until(page: Page, name: str) -> None:
    """Tab until this has the focus."""
    await begun(page)
    for _ in range(40):
        if await focus(page) == name:
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached by Tab")


async def leave_for(page: Page, *keys: str) -> None:
    """Press keys, the last of which leads to another page."""
    await press(page, *keys[:-1])
    async with page.expect_navigation():
        await page.keyboard.press(keys[-1])
    await begun(page)


async def write(page: Page, name: str, number: str) -> None:
    """Fill the form from its first field on; the focus ends at the button."""
    assert await focused(page) == "name"
    await page.keyboard.type(name)
    await press(page, "Tab")
    await page.keyboard.type(number)
    await until(page, "paper-0")
    await press(page, "Space")


async def test_ten_dossiers_in_a_row_by_keyboard_alone_one_of_them_wrong_first(browser: Browser, place: str) -> None:
    page = await opened(browser, place)
    assert await focused(page) == "thu-tuc"
    while await page.input_value("#thu-tuc") != MARITAL_STATUS:
        await press(page, "ArrowDown")
    await until(page, "Mở tờ khai")
    await leave_for(page, "Enter")
    codes = []
    for turn in range(10):
        await write(page, f"Nguyễn Văn {'ABCDEGHIKL'[turn]}", "0441" if turn == 4 else f"04408500{turn:04d}")
        await leave_for(page, "Enter")
        if turn == 4:
            assert await focused(page) == "identity_no"
            assert "12 chữ số" in await page.inner_text("#wrong-identity_no")
            assert "cần sửa 1 chỗ" in await page.inner_text("[role=alert]")
            assert await page.input_value("#name") == "Nguyễn Văn E"
            assert await page.is_checked("[name=paper-0]")
            await press(page, "Control+A")
            await page.keyboard.type("044085000004")
            await leave_for(page, "Enter")
        code = await page.inner_text("h1")
        codes.append(code.split()[-1])
        assert re.fullmatch(r"[0-9A-Z]{4} [0-9A-Z]{4}", await page.inner_text(".secret"))
        assert await focused(page) == "Hồ sơ tiếp theo"
        await leave_for(page, "Enter")
        assert await page.input_value("#thu-tuc") == MARITAL_STATUS
    assert codes == [f"H50.144-261123-{n:04d}" for n in range(1, 11)]
    assert await page.inner_text(".lists a[href$=open] strong") == "10"


async def test_what_is_missing_is_said_at_its_field_and_what_was_typed_is_kept(browser: Browser, place: str) -> None:
    page = await opened(browser, place, width=360)
    await page.goto(f"{place}/quay?thu-tuc={MARITAL_STATUS}")
    await until(page, "phone")
    await page.keyboard.type("123")
    await until(page, "summary")
    await page.keyboard.type("Xin giấy <b>")
    await leave_for(page, "Enter")
    assert await focused(page) == "name"
    assert await page.locator(".reason").count() == 2
    assert (await page.input_value("#phone"), await page.input_value("#summary")) == ("123", "Xin giấy <b>")
    await page.keyboard.type("An")
    await press(page, "Tab", "Tab", "Control+A", "Delete")
    await leave_for(page, "Enter")
    assert await focused(page) == "paper-0"
    assert await page.locator("#wrong-components").count() == 1
    await press(page, "Space")
    await leave_for(page, "Enter")
    assert "H50.144-261123-0001" in await page.inner_text("h1")


async def test_a_person_with_the_same_procedure_open_is_noticed_before_filing(
    browser: Browser, place: str, talk: Talk
) -> None:
    first = await talk.file()
    page = await opened(browser, place)
    await page.goto(f"{place}/quay?thu-tuc={MARITAL_STATUS}")
    await write(page, "Nguyễn Văn An", NUMBER)
    await leave_for(page, "Enter")
    assert first["code"] in await page.inner_text("[role=alert]")
    assert await page.inner_text(".lists a[href$=open] strong") == "1"
    assert await focused(page) == "Vẫn nhận hồ sơ này"
    await leave_for(page, "Enter")
    assert "-0002" in await page.inner_text("h1")


async def test_a_form_sent_twice_is_one_dossier(browser: Browser, place: str) -> None:
    page = await opened(browser, place)
    await page.goto(f"{place}/quay?thu-tuc={MARITAL_STATUS}")
    await write(page, "Nguyễn Văn An", "")
    await leave_for(page, "Enter")
    code, secret = await page.inner_text("h1"), await page.inner_text(".secret")
    await page.reload()
    assert (await page.inner_text("h1"), await page.inner_text(".secret")) == (code, secret)
    await page.goto(f"{place}/quay")
    assert await page.inner_text(".lists a[href$=open] strong") == "1"


async def test_an_online_dossier_is_found_accepted_and_its_slip_printed_by_keyboard(
    browser: Browser, place: str, talk: Talk
) -> None:
    online = await talk.file(talk.citizen(), channel="online", summary="Cấp lại giấy")
    page = await opened(browser, place)
    await until(page, "q")
    await page.keyboard.type("cap lai")
    await leave_for(page, "Enter")
    assert page.url == f"{place}/quay/tim"
    await until(page, online["code"])
    await leave_for(page, "Enter")
    assert await focused(page) == "decision"
    await leave_for(page, "Enter")
    assert "Đã tiếp nhận" in await page.inner_text("[role=status]")
    assert await focused(page) == "In giấy hẹn (PDF)"
    answer = await page.context.request.get(f"{place}/quay/ho-so/{online['id']}/giay-hen.pdf")
    assert (answer.status, (await answer.body())[:5]) == (200, b"%PDF-")


async def test_two_clerks_on_one_dossier_the_second_learns_who_was_first_and_keeps_what_was_typed(
    browser: Browser, place: str, talk: Talk
) -> None:
    online = await talk.file(talk.citizen(), channel="online")
    pages = [await opened(browser, place) for _ in range(2)]
    for page in pages:
        await page.goto(f"{place}/quay/ho-so/{online['id']}")
    first, second = pages
    await leave_for(first, "Enter")
    await press(second, "ArrowDown", "ArrowDown")
    await until(second, "reason")
    await second.keyboard.type("Thiếu trang 2")
    await until(second, "Gửi quyết định")
    await leave_for(second, "Enter")
    said = await second.inner_text("[role=alert]")
    assert "quyết định của bạn chưa được ghi" in said
    assert "08:15 23/11/2026: Tiếp nhận (cán bộ một cửa, Phường Quảng Trị)" in said
    assert await focused(second) == "Đọc lại hồ sơ, giữ nội dung đã gõ"
    await leave_for(second, "Enter")
    assert "Đã tiếp nhận" in await second.inner_text(".promise.state")
    assert "không còn áp dụng được" in await second.inner_text("fieldset .reason")
    assert await second.input_value("#reason") == "Thiếu trang 2"


async def test_a_decision_is_taken_on_what_was_read_again(browser: Browser, place: str, talk: Talk) -> None:
    online = await talk.file(talk.citizen(), channel="online")
    page = await opened(browser, place)
    await page.goto(f"{place}/quay/ho-so/{online['id']}")
    await talk.act(online, "correct", "clerk", {"field": "summary", "value": "Đúng", "reason_class": "misread", "reason": "Nhầm"})  # fmt: skip
    await press(page, "ArrowDown", "ArrowDown")
    await until(page, "reason")
    await page.keyboard.type("Không đúng nơi")
    await until(page, "Gửi quyết định")
    await leave_for(page, "Enter")
    assert "Sửa lỗi gõ" in await page.inner_text("[role=alert]")
    await leave_for(page, "Enter")
    assert await page.input_value("#reason") == "Không đúng nơi"
    assert await page.is_checked("input[value=refuse]")
    await until(page, "Gửi quyết định")
    await leave_for(page, "Enter")
    assert "Đã từ chối" in await page.inner_text("[role=status]")


async def test_a_refusal_without_a_reason_is_asked_for_it(browser: Browser, place: str, talk: Talk) -> None:
    online = await talk.file(talk.citizen(), channel="online")
    page = await opened(browser, place)
    await page.goto(f"{place}/quay/ho-so/{online['id']}")
    await press(page, "ArrowDown")
    await until(page, "Gửi quyết định")
    await leave_for(page, "Enter")
    assert await focused(page) == "reason"
    await page.keyboard.type("Ảnh mờ")
    await until(page, "Gửi quyết định")
    await leave_for(page, "Enter")
    assert "ít nhất một giấy tờ" in await page.inner_text("#wrong-components")
    assert await page.input_value("#reason") == "Ảnh mờ"
    await press(page, "Space")
    await until(page, "Gửi quyết định")
    await leave_for(page, "Enter")
    assert "Chờ bổ sung giấy tờ" in await page.inner_text(".promise.state")


async def test_a_clerk_of_another_unit_sees_nothing_and_hears_the_same_as_of_what_is_not_there(
    browser: Browser, place: str, talk: Talk
) -> None:
    dossier = await talk.file(summary="Bản sao")
    page = await opened(browser, place, unit=OTHER_UNIT)
    assert set(await page.locator(".lists strong").all_inner_texts()) == {"0"}
    for asked in (dossier["code"], "ban sao", NUMBER):
        await page.fill("#q", asked)
        await follow(page.locator("[role=search] button"))
        assert "Không có hồ sơ nào như vậy" in await page.inner_text("main")
    absent = dossier["id"][:-4] + ("0000" if dossier["id"][-4:] != "0000" else "1111")
    answers = []
    for id_ in (dossier["id"], absent):
        for path in (f"/quay/ho-so/{id_}", f"/quay/ho-so/{id_}/giay-hen.pdf"):
            answer = await page.context.request.get(place + path)
            answers.append((answer.status, re.sub(r'value="[^"]*"', "", (await answer.text()).replace(id_, ""))))
    assert {status for status, _ in answers} == {404}
    assert len({text for _, text in answers[::2]}) == len({text for _, text in answers[1::2]}) == 1


@pytest.mark.parametrize("width", WIDTHS)
async def test_every_page_keeps_the_rules_of_accessibility_and_the_width_of_the_screen(
    browser: Browser, place: str, talk: Talk, clock: StandingClock, tmp_path: Path, width: int
) -> None:
    for n in range(3):
        await talk.file(summary=f"Cấp bản sao số {n}", submitter={"name": "Trần Thị Bình"})
    online = await talk.file(talk.citizen(), channel="online", summary="Cấp lại giấy xác nhận để đăng ký kết hôn")
    waits = await talk.file(procedure=RESIDENCE)
    await talk.act(waits, "request-supplement", "clerk", SUPPLEMENT)
    clock.at("2026-11-28T08:40:00+07:00")
    page, axe = await opened(browser, place, width=width, javascript=True), Axe()

    async def look(name: str) -> None:
        found = await axe.run(page, options=RULES)
        assert found.response["passes"]
        assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        beside = await page.evaluate(
            "[...document.querySelectorAll('.desk > section')].every(each => each.scrollWidth <= each.clientWidth + 1)"
        )
        assert beside, f"{page.url}: something is wider than its column"
        await page.screenshot(path=tmp_path / f"{name}-{width}.png", full_page=True)

    await look("counter")
    await page.goto(f"{place}/quay?thu-tuc={MARITAL_STATUS}")
    await look("form")
    await page.fill("#phone", "12")
    await follow(page.locator(".paper button"))
    await look("wrong")
    await page.fill("#name", "Nguyễn Văn An")
    await page.fill("#identity_no", NUMBER)
    await page.fill("#phone", "0912345678")
    await page.check("[name=paper-0]")
    await follow(page.locator(".paper button"))
    await look("alike")
    await follow(page.locator(".paper button"))
    await look("filed")
    await page.goto(f"{place}/quay/tim")
    await page.fill("#q", "ban sao")
    await follow(page.locator("[role=search] button"))
    await look("find")
    for name in ("overdue", "mine", "open"):
        await page.goto(f"{place}/quay/danh-sach/{name}")
        await look(f"list-{name}")
    await page.goto(f"{place}/quay/ho-so/{online['id']}")
    await look("dossier")
    await talk.act(online, "correct", "clerk", {"field": "summary", "value": "Đúng", "reason_class": "misread", "reason": "Nhầm"})  # fmt: skip
    await follow(page.locator(".paper button"))
    await look("stale")
    await follow(page.locator(".paper button"))
    await follow(page.locator(".paper button"))
    await look("accepted")
    await page.goto(f"{place}/quay/ho-so/{waits['id']}?lang=en")
    await look("english")
