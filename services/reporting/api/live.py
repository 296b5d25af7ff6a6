"""Live counters: who has a stream open in this process, and what makes it send.

One question per process, whoever watches and however many: whether the projection stands where it stood, twice a second
and only while a stream is open. Only when it moved are the figures counted again, and after counting it rests ten times
as long as that took. A stream holds no queue: it is sent the difference between what it was told last and what holds now.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from services.reporting.handlers import Counters
from shared.store.db import TRANSIENT

log = logging.getLogger(__name__)

Ask = Callable[[str | None], Awaitable[Counters | None]]
"""The counters now, or None where they stand at the place that is given."""

KEPT: Final = 64
"""How many moments are remembered, so that whoever comes back is told what changed and not everything."""
_REST: Final = 10


@dataclass(slots=True, eq=False)
class Watcher:
    """One open stream; `ended` says why it has to close, `fresh` that somebody asked since it was opened."""

    changed: asyncio.Event = field(default_factory=asyncio.Event)
    fresh: bool = False
    ended: str | None = None

    def end(self) -> None:
        """Close it as soon as it looks."""
        self.ended = "closing"
        self.changed.set()


@dataclass(slots=True)
class Hub:
    """The streams of this process and the last moments they were told of."""

    ask: Ask
    every: float = 0.5
    """Seconds between two questions at least."""
    moments: OrderedDict[str, Counters] = field(default_factory=OrderedDict)
    watchers: set[Watcher] = field(default_factory=set)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    closing: bool = False
    """The process ends: whoever comes now is sent away at once, and finds another."""

    @property
    def now(self) -> Counters | None:
        """The newest counters known here; None before the first."""
        return next(reversed(self.moments.values()), None)

    @contextlib.contextmanager
    def watching(self) -> Iterator[Watcher]:
        """A stream for as long as the block runs."""
        watcher = Watcher()
        self.watchers.add(watcher)
        if self.closing:
            watcher.end()
        self.opened.set()
        try:
            yield watcher
        finally:
            self.watchers.discard(watcher)

    async def run(self) -> None:
        """Ask for as long as the process lives; when it ends, every stream does."""
        self.closing = False
        try:
            while True:
                await self._someone()
                began = time.monotonic()
                moved = await self.look()
                await asyncio.sleep(max(self.every, _REST * (time.monotonic() - began) if moved else 0))
        finally:
            self.closing = True
            for watcher in self.watchers:
                watcher.end()

    async def _someone(self) -> None:
        while not self.watchers:
            self.opened.clear()
            await self.opened.wait()

    async def look(self) -> bool:
        """Ask once for all; whether something moved, and then every stream is woken."""
        present = list(self.watchers)
        try:
            found = await self.ask(self.now.place if self.now else None)
        except TRANSIENT as error:
            log.warning("live counters: %s, asking again", type(error).__name__)
            return False
        if found is not None:
            self._keep(found)
        for watcher in present:
            if found is not None or not watcher.fresh:
                watcher.fresh = True
                watcher.changed.set()
        return found is not None

    def _keep(self, found: Counters) -> None:
        self.moments[found.place] = found
        self.moments.move_to_end(found.place)
        if len(self.moments) > KEPT:
            self.moments.popitem(last=False)
