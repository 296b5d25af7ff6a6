"""Where the sample is played: a process whose clock is moved along, whose sweepers work when told, and that catches up in between."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from shared.moments import MovableClock
from shared.runtime.process import Process, Running

SWEEPERS: Final = ("intake.deadlines", "complaints.deadlines", "notifications.email", "notifications.deliveries")
"""What time alone makes them do: announce warnings and breaches, send what was due."""
LOOK_SECONDS: Final = 0.01
PATIENCE_SECONDS: Final = 60
CALM: Final = 2
"""Looks in a row that find nothing on its way."""


@dataclass(slots=True)
class Hands:
    """The hands of the clock whose file this is."""

    path: Path
    before: str | None = None
    """What the file held when the sample began; None: there was no file, and time was real."""
    held: bool = False
    """Whether the hands are ours: only then is there something to let go."""
    _stamp: int = field(default_factory=time.time_ns)

    def move_to(self, instant: datetime) -> None:
        """Make it that instant. Each move has a time of its own on the file: two within a tick of the file system are seen."""
        self.held = True
        MovableClock(self.path).move_to(instant)
        self._stamped()

    def let_go(self) -> None:
        """Time goes on as it would have without the sample."""
        if not self.held:
            return
        self.held = False
        if self.before is None:
            self.path.unlink(missing_ok=True)
        else:
            self.path.write_text(self.before)
            self._stamped()

    def _stamped(self) -> None:
        self._stamp += 1
        os.utime(self.path, ns=(self._stamp, self._stamp))


@dataclass(frozen=True, slots=True)
class Stage:
    """A running process of all services."""

    process: Process
    hands: Hands

    async def sweep(self) -> None:
        """Let every sweeper announce what has come by now."""
        for running in self.process.services:
            for timer in running.service.timers:
                if timer.name in SWEEPERS:
                    while await timer.once():
                        pass

    async def calm(self) -> None:
        """Wait until no fact is on its way; `TimeoutError` when that takes a minute."""
        quiet = 0
        async with asyncio.timeout(PATIENCE_SECONDS):
            while quiet < CALM:
                quiet = quiet + 1 if await self._is_calm() else 0
                await asyncio.sleep(LOOK_SECONDS)

    async def _is_calm(self) -> bool:
        if any(consumer.lag()[0] for running in self.process.services for consumer in running.consumers):
            return False
        return not any([await _has_outbox(running) for running in self.process.services])


async def _has_outbox(running: Running) -> bool:
    return bool(await running.pool.fetchval("SELECT EXISTS (SELECT FROM outbox)"))
