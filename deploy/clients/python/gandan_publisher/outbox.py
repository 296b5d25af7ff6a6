"""Events that were not taken yet, one on each line of a file: kept through a power cut, in the order they were told.

One process writes a file. A line that a crash cut off was promised to nobody and is dropped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Event = dict[str, Any]


class OutboxFull(Exception):  # noqa: N818 - reads as what happened
    """The line has been down for too long: tell somebody, and keep the event where it came from."""


class Outbox:
    """A bounded file of events; `append` returns when the event is on the disk."""

    def __init__(self, path: Path, *, limit: int = 10_000) -> None:
        self.path, self.limit = path, limit
        path.parent.mkdir(parents=True, exist_ok=True)
        self._events = self._read()
        self._write(self._events)

    @property
    def pending(self) -> Sequence[Event]:
        """What waits, oldest first."""
        return self._events

    def append(self, event: Event) -> None:
        """Keep an event; `OutboxFull`."""
        if len(self._events) >= self.limit:
            raise OutboxFull(f"{self.path} holds {self.limit} events")
        size = self.path.stat().st_size
        try:
            with self.path.open("ab") as file:
                file.write(line(event))
                file.flush()
                os.fsync(file.fileno())
        except OSError:  # a full disk leaves no half of a line behind
            os.truncate(self.path, size)
            raise
        self._events.append(event)

    def drop(self, events: Sequence[Event]) -> None:
        """These very events need not be sent any more."""
        dropped = set(map(id, events))
        self._events = [event for event in self._events if id(event) not in dropped]
        self._write(self._events)

    def _read(self) -> list[Event]:
        lines = self.path.read_bytes().split(b"\n") if self.path.exists() else [b""]
        return [
            json.loads(line) for line in lines[:-1]
        ]  # behind the last end of line: nothing, or what a crash cut off

    def _write(self, events: Sequence[Event]) -> None:
        """The whole file anew, in one step."""
        draft = self.path.with_name(f"{self.path.name}.new")
        with draft.open("wb") as file:
            file.writelines(map(line, events))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        if os.name == "posix":  # elsewhere a folder cannot be opened
            folder = os.open(self.path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)


def line(event: Event) -> bytes:
    """An event as one line of UTF-8 JSON; ValueError for a number it does not have."""
    return json.dumps(event, ensure_ascii=False, allow_nan=False).encode() + b"\n"
