"""Live inboxes: who has a stream open in this process, and what makes it send.

The database is the only messenger: one query per process asks for the standing of every inbox that has a stream, at once
after this process committed facts and twice a second otherwise, and only while streams are open. So it makes no difference
which process told the notice. A stream holds no queue: it sends what is in the inbox after the last number it sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.notifications.domain import Standing
from shared.store.db import TRANSIENT

log = logging.getLogger(__name__)

Standings = Callable[[Sequence[UUID]], Awaitable[dict[UUID, Standing]]]
"""How these inboxes stand now."""

MOST = 3
"""Streams per citizen in one process; one more closes the oldest."""


@dataclass(slots=True, eq=False)
class Stream:
    """One open stream; `ended` says why it has to close."""

    recipient: UUID
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    standing: Standing | None = None
    ended: str | None = None

    def tell(self, standing: Standing) -> None:
        """The inbox may have changed."""
        if standing != self.standing:
            self.standing = standing
            self.changed.set()

    def end(self, why: str) -> None:
        """Close it as soon as it looks."""
        self.ended = why
        self.changed.set()


@dataclass(slots=True)
class Hub:
    """The streams of this process."""

    standings: Standings
    committed: asyncio.Event
    """Set when this process committed facts, cleared here; a hint only."""
    every: float = 0.5
    least: float = 0.1
    """Seconds between two questions at least."""
    streams: dict[UUID, list[Stream]] = field(default_factory=dict)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.contextmanager
    def stream(self, recipient: UUID) -> Iterator[Stream]:
        """A stream for as long as the block runs."""
        stream, others = Stream(recipient), self.streams.setdefault(recipient, [])
        for oldest in others[: max(0, len(others) - MOST + 1)]:
            oldest.end("replaced")
        others[:] = [*others, stream][-MOST:]
        self.opened.set()
        try:
            yield stream
        finally:
            self._forget(stream)

    def _forget(self, stream: Stream) -> None:
        left = [each for each in self.streams.get(stream.recipient, ()) if each is not stream]
        if left:
            self.streams[stream.recipient] = left
        else:
            self.streams.pop(stream.recipient, None)

    async def run(self) -> None:
        """Ask for as long as the process lives; when it ends, every stream does."""
        try:
            while True:
                await self._someone()
                self.committed.clear()
                await self.look()
                await self._pause()
        finally:
            for stream in [each for streams in self.streams.values() for each in streams]:
                stream.end("closing")

    async def _someone(self) -> None:
        while not self.streams:
            self.opened.clear()
            await self.opened.wait()

    async def look(self) -> None:
        """Ask once for all, and wake the streams whose inbox changed."""
        try:
            found = await self.standings(sorted(self.streams))
        except TRANSIENT as error:
            log.warning("live inboxes: %s, asking again", type(error).__name__)
            return
        for recipient, standing in found.items():
            for stream in self.streams.get(recipient, ()):
                stream.tell(standing)

    async def _pause(self) -> None:
        await asyncio.sleep(self.least)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.every - self.least):
                await self.committed.wait()
