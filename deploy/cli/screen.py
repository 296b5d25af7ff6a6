"""What commands print: columns, JSON, ages, and a bar for what takes longer than two seconds."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 2.0
"""Seconds until a bar is worth drawing."""


def columns(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in plain text: as wide as its words, the same on a screen and in a file."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def as_json(value: object) -> str:
    """Indented JSON; Vietnamese stays readable, ids and instants are written as they are."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def age(seconds: float) -> str:
    """`45 s`, `3 min`, `2 h`, `5 d`."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


class Bar:
    """A progress bar on standard error: only on a terminal, only when the work takes its time."""

    def __init__(self, what: str) -> None:
        self.what, self.began = what, time.monotonic()
        self.bar: Progress | None = None

    def __enter__(self) -> Self:
        """Begin to count the time."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar off the screen."""
        if self.bar is not None:
            self.bar.stop()

    def show(self, done: float, total: float) -> None:
        """Tell how far it is."""
        if not sys.stderr.isatty() or time.monotonic() - self.began < PATIENCE:
            return
        if self.bar is None:
            self.bar = _drawn(self.what)
        self.bar.update(self.bar.task_ids[0], completed=done, total=total)


def _drawn(what: str) -> Progress:
    from rich.console import Console  # noqa: PLC0415 - a third of a second, and only for a bar
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415 - as above

    bar = Progress(
        *Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)
    )
    bar.add_task(what)
    bar.start()
    return bar
