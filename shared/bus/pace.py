"""Pace: in steady traffic passes begin no faster than every 10 ms, so that more commits or records share one."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

STEP_SECONDS = 0.01


@dataclass(slots=True)
class Pace:
    """The rhythm of one worker. A pass that began soon after the one before it is steady traffic; a lone one never waits."""

    began: float = float("-inf")
    steady: bool = False

    def begin(self) -> None:
        """A pass begins."""
        now = time.monotonic()
        self.steady = now - self.began < 2 * STEP_SECONDS
        self.began = now

    async def rest(self) -> None:
        """Wait until the next pass may begin."""
        if self.steady:
            await asyncio.sleep(max(0.0, self.began + STEP_SECONDS - time.monotonic()))
