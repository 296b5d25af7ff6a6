"""The rhythm of relay and consumers."""

from __future__ import annotations

import asyncio
import time

import pytest

from shared.bus.pace import STEP_SECONDS, Pace


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, and every rest that was taken."""
    moment = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])

    async def rested(seconds: float) -> None:
        moment.append(round(seconds, 3))

    monkeypatch.setattr(asyncio, "sleep", rested)
    return moment


async def test_a_lone_pass_does_not_wait(at: list[float]) -> None:
    pace = Pace()
    for moment in (100.0, 100.2, 101.0):
        at[0] = moment
        pace.begin()
        await pace.rest()
    assert at[1:] == []


async def test_in_steady_traffic_passes_begin_a_step_apart(at: list[float]) -> None:
    pace = Pace()
    for began, ended in ((100.0, 100.004), (100.01, 100.014), (100.025, 100.09)):
        at[0] = began
        pace.begin()
        at[0] = ended
        await pace.rest()
    assert at[1:] == [round(STEP_SECONDS - 0.004, 3), 0.0], "a pass longer than a step is followed by the next at once"
