"""Waiting in tests: for a condition with a limit, never for a time."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def wait_until(
    condition: Callable[[], Awaitable[T]], *, seconds: float = 60, every: float = 0.02, what: str = ""
) -> T: ...
@overload
async def wait_until(condition: Callable[[], T], *, seconds: float = 60, every: float = 0.02, what: str = "") -> T: ...
async def wait_until(condition: Callable[[], Any], *, seconds: float = 60, every: float = 0.02, what: str = "") -> Any:
    """The first true answer of `condition`; after `seconds`, an AssertionError with its last answer or error."""
    deadline = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < deadline:
        try:
            answer = condition()
            value = await answer if inspect.isawaitable(answer) else answer
            if value:
                return value
            last = value
        except (AssertionError, OSError, LookupError) as error:
            last = error
        await asyncio.sleep(every)
    raise AssertionError(f"not within {seconds:g} s: {what or inspect.getsource(condition).strip()} (last: {last!r})")


async def settles_at(number: int, count: Callable[[], int], what: str) -> None:
    """A count that rises behind what it counts comes to this number, and not beyond it."""
    await wait_until(lambda: count() >= number, what=f"{number} {what}")
    assert count() == number
