"""Door 3: a timer is never stopped by what its tick raises."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from shared.kernel import Refused
from shared.testing.waiting import wait_until
from shared.timers import Timer


def ticking(*answers: bool | Exception) -> tuple[Callable[[], Awaitable[bool]], list[int]]:
    """A tick that answers or raises these in turn, then False; and the list of its calls."""
    calls: list[int] = []
    waiting = list(answers)

    async def tick() -> bool:
        calls.append(1)
        answer = waiting.pop(0) if waiting else False
        if isinstance(answer, Exception):
            raise answer
        return answer

    return tick, calls


async def test_a_tick_that_has_more_runs_again_at_once() -> None:
    tick, calls = ticking(True, True, False)
    task = asyncio.create_task(Timer("t", 60, tick).run())
    await wait_until(lambda: len(calls) == 3)
    task.cancel()
    assert len(calls) == 3


async def test_an_error_is_kept_for_readiness_and_the_timer_lives() -> None:
    tick, calls = ticking(ConnectionError("gone"), KeyError("bug"), False)
    timer = Timer("t", 0.001, tick)
    assert await timer.once() is False
    assert (timer.error, timer.last_success) == ("ConnectionError: gone", 0.0)
    task = asyncio.create_task(timer.run())
    await wait_until(lambda: timer.error is None)
    task.cancel()
    assert len(calls) >= 3
    assert timer.last_success > 0


async def test_an_error_that_lasts_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    tick, _ = ticking(*[ConnectionError("gone")] * 5)
    timer = Timer("t", 0, tick)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            await timer.once()
    assert len(caplog.records) == 1


async def test_a_refusal_counts_as_done() -> None:
    tick, _ = ticking(Refused("not now"))
    timer = Timer("t", 1, tick)
    assert await timer.once() is False
    assert timer.error is None
    assert timer.last_success > 0


async def test_a_cancelled_timer_ends() -> None:
    tick, _ = ticking()
    task = asyncio.create_task(Timer("t", 60, tick).run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_waiting_gives_up_with_what_it_saw_last() -> None:
    with pytest.raises(AssertionError, match=r"not within 0.05 s: a number \(last: 0\)"):
        await wait_until(lambda: 0, seconds=0.05, what="a number")


async def test_waiting_bears_errors_that_may_pass() -> None:
    answers: list[Exception | int] = [OSError(), LookupError(), AssertionError(), 7]

    def next_one() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await wait_until(next_one) == 7
