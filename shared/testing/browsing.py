"""A browser in tests: to go on to another page, and not to read of it before it is there."""

from __future__ import annotations

from playwright.async_api import Locator


async def follow(way: Locator) -> None:
    """Click what leads to another page; it is whole when this returns, as a click alone does not wait for."""
    async with way.page.expect_navigation():
        await way.click()
