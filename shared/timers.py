"""Door 3, the clock: what happens with nobody asking. A timer never dies; it is late, logged and goes on."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared.kernel import Refused

log = logging.getLogger(__name__)

Tick = Callable[[], Awaitable[bool]]
"""One tick; True when there is more to do at once."""


@dataclass(slots=True)
class Timer:
    """Calls `tick` every `seconds`, at once again while it says there is more."""

    name: str
    seconds: float
    tick: Tick
    last_success: float = 0.0
    error: str | None = None

    async def run(self, after: float = 0) -> None:
        """Tick until cancelled, first `after` so many seconds; whatever a tick raises is logged once and the loop lives."""
        await asyncio.sleep(after)
        while True:
            if not await self.once():
                await asyncio.sleep(self.seconds * random.uniform(0.9, 1.1))  # noqa: S311 - jitter

    async def once(self) -> bool:
        """One tick at the door: refusals are counted as done, errors are kept for readiness."""
        try:
            more = await self.tick()
        except Refused as refusal:
            log.info("timer %s: refused: %s", self.name, refusal.code)
            more = False
        except Exception as error:  # noqa: BLE001 - a door
            if self.error is None:
                log.warning("timer %s: %s: %s", self.name, type(error).__name__, error)
            self.error = f"{type(error).__name__}: {error}"[:200]
            return False
        self.last_success, self.error = time.time(), None
        return more
