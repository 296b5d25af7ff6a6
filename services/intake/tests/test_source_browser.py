"""The pages of source systems in a real browser, without JavaScript: axe's rules, narrow and wide."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it has no stubs
from playwright.async_api import Browser, Page

from services.intake.handlers import Desk
from services.intake.tests.test_quay_browser import CHROMIUM, PATIENCE_MS, RULES, browser, place
from services.intake.tests.test_source_pages import compared, here
from services.intake.tests.vendor import CODE, TAN_THANH, progressed, send, upserted
from shared.testing.browsing import follow
from shared.testing.clock import StandingClock

__all__ = ["browser", "here", "place"]
"""Fixtures."""
pytestmark = [
    pytest.mark.full,
    pytest.mark.browser,
    pytest.mark.postgres,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.mark.parametrize("width", [360, 1280])
async def test_the_pages_of_a_source_keep_the_rules_of_accessibility(
    browser: Browser,
    place: str,
    here: Desk,
    clock: StandingClock,
    width: int,
) -> None:
    await compared(here)
    await send(here, upserted({"name": "An"}), progressed(4, data={"code": f"{CODE[:-4]}0099"}))
    clock.move(days=7)
    vendor = await signed_in(browser, place, width, "publisher")
    assert vendor.url == f"{place}/nguon/{TAN_THANH}"
    for path in ("", "?lang=en", "/so-sanh", "/so-sanh?loai=later&lang=vi"):
        await look(vendor, f"{place}/nguon/{TAN_THANH}{path}", width)
    await look(await signed_in(browser, place, width, "ops"), f"{place}/nguon", width)


async def signed_in(browser: Browser, place: str, width: int, role: str) -> Page:
    context = await browser.new_context(viewport={"width": width, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.goto(f"{place}/dang-nhap?lai=/nguon")
    await page.check(f"input[value={role}]")
    await page.fill("#account", TAN_THANH)
    await follow(page.locator("main button"))
    return page


async def look(page: Page, address: str, width: int) -> None:
    """No rule of accessibility is broken, everything opened, and nothing is wider than the window."""
    await page.goto(address)
    for summary in await page.query_selector_all("main details > summary"):
        await summary.click()
    found = await Axe().run(page, options=RULES)
    assert found.response["passes"]
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url
