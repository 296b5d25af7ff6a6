"""Waiting in tests: for a condition with a limit, never for a time."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def wait_until(
    condition: Callable[[], T | Awaitable[T]], *, seconds: float = 20, every: float = 0.02, what: str = ""
) -> T:
    """The first true answer of `condition`; after `seconds`, an AssertionError with its last answer or error."""
    deadline = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < deadline:
        try:
            answer = condition()
            value: T = await answer if inspect.isawaitable(answer) else answer
            if value:
                return value
            last = value
        except (AssertionError, OSError, LookupError) as error:
            last = error
        await asyncio.sleep(every)
    raise AssertionError(f"not within {seconds:g} s: {what or inspect.getsource(condition).strip()} (last: {last!r})")
