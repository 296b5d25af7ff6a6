"""Events that were not taken yet, one on each line of a file: kept through a power cut, in the order they were told.

One process at a time writes a file. A line that a crash cut off was promised to nobody and is dropped.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

Event = dict[str, Any]
_taken: dict[tuple[int, Path], int] = {}
"""The files this process writes, each with the handle that keeps others out until the process ends."""


class OutboxFull(Exception):  # noqa: N818 - reads as what happened
    """The line has been down for too long: tell somebody, and keep the event where it came from."""


class OutboxTaken(Exception):  # noqa: N818 - reads as what happened
    """Another process writes this file: two would lose each other's events. Give each its own."""


class OutboxDamaged(Exception):  # noqa: N818 - reads as what happened
    """A line of the file is no event: mend or remove that line. Nothing was changed."""


class Outbox:
    """A bounded file of events; `append` returns when the event is on the disk."""

    def __init__(self, path: Path, *, limit: int = 10_000) -> None:
        self.path, self.limit = path, limit
        path.parent.mkdir(parents=True, exist_ok=True)
        _take(path.absolute())
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
        # behind the last end of line: nothing, or what a crash cut off
        return [self._event(said, number) for number, said in enumerate(lines[:-1], 1)]

    def _event(self, said: bytes, number: int) -> Event:
        try:
            event: Event = json.loads(said)
            event["id"], event["subject"]
        except (ValueError, LookupError, TypeError):
            raise OutboxDamaged(f"{self.path}: line {number} is no event") from None
        return event

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


def _take(path: Path) -> None:
    """Keep other processes from a file; `OutboxTaken` where one has it."""
    if (os.getpid(), path) in _taken:
        return
    handle = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise OutboxTaken(f"another process writes {path}") from None
    _taken[os.getpid(), path] = handle


def line(event: Event) -> bytes:
    """An event as one line of UTF-8 JSON; ValueError for a number that JSON does not have."""
    return json.dumps(event, ensure_ascii=False, allow_nan=False).encode() + b"\n"
