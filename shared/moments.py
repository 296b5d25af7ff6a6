"""Time and ids for the doors: the movable clock and UUIDv7. Only this module and the runtime read the system's clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The instant now, UTC."""
    return datetime.fromtimestamp(time.time(), UTC)


@dataclass(slots=True)
class MovableClock:
    """System time plus the offset in a file, so that all processes of a demo or a journey move together (decisions 15).

    The file holds seconds, e.g. `86400`; it is read again when it changes. Tokens, leases and back-off stay on real time.
    """

    path: Path
    _seen: int = -1
    _offset: timedelta = timedelta()

    def __call__(self) -> datetime:
        """The moved instant, UTC."""
        try:
            changed = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return system_clock()
        if changed != self._seen:
            self._seen, self._offset = changed, timedelta(seconds=float(self.path.read_text() or 0))
        return system_clock() + self._offset

    def move_to(self, instant: datetime) -> None:
        """Make it `instant` now, for every process that reads this file."""
        part = self.path.with_suffix(".part")
        part.write_text(str((instant - system_clock()).total_seconds()))
        part.replace(self.path)


_drawn: list[int] = []
"""80 bits each, of the system's source; drawn by the hundred, since a call of it costs as much as the rest of an id."""
os.register_at_fork(after_in_child=_drawn.clear)


def _random() -> int:
    try:
        return _drawn.pop()
    except IndexError:
        block = os.urandom(1000)
        _drawn.extend(int.from_bytes(block[start : start + 10], "big") for start in range(0, len(block), 10))
        return _drawn.pop()


def uuid7() -> UUID:
    """A time-ordered UUID, version 7 (RFC 9562): 48 bits of Unix milliseconds, 74 random bits."""
    value = time.time_ns() // 1_000_000 << 80 | _random()
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
