"""Long work on the one event loop: others have their turn after every few items."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")


async def in_turns(items: Iterable[T], turn: int) -> AsyncIterator[T]:
    """One after the other, with a breath after so many: about two milliseconds, since whoever waits for several answers of the database waits so long for each."""
    for number, item in enumerate(items, 1):
        yield item
        if number % turn == 0:
            await asyncio.sleep(0)
