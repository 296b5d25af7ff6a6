"""The pages of source systems in a real browser, without JavaScript: axe's rules, narrow and wide."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it has no stubs
from playwright.async_api import Browser

from services.intake.handlers import Desk
from services.intake.tests.test_quay_browser import CHROMIUM, PATIENCE_MS, RULES, browser, place
from services.intake.tests.test_source_pages import compared, here
from services.intake.tests.vendor import CODE, TAN_THANH, progressed, send, upserted
from shared.testing.clock import StandingClock

__all__ = ["browser", "here", "place"]
"""Fixtures."""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.postgres,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.mark.parametrize("width", [360, pytest.param(1280, marks=pytest.mark.full)])
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
    context = await browser.new_context(viewport={"width": width, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page, axe = await context.new_page(), Axe()
    await page.goto(f"{place}/dang-nhap")
    await page.check("input[value=publisher]")
    await page.fill("#account", TAN_THANH)
    await page.click("main button")
    assert page.url == f"{place}/nguon/{TAN_THANH}"

    for path in ("", "?lang=en", "/so-sanh", "/so-sanh?loai=later&lang=vi"):
        await page.goto(f"{place}/nguon/{TAN_THANH}{path}")
        for summary in await page.query_selector_all("main details > summary"):
            await summary.click()
        found = await axe.run(page, options=RULES)
        assert found.response["passes"]
        assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    await context.close()
