"""What a person sees while the jars arrive: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress

MEGABYTE = 1_000_000
EVERY = 2.0  # seconds between two plain lines


class DownloadNotes:
    """Tells about a download on standard error; silent when there is none."""

    def __init__(self) -> None:
        self.bar: Progress | None = None
        self.last: tuple[float, float] = (0.0, 0.0)  # when a plain line was written, how many bytes it said

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def show(self, download: Mapping[str, float]) -> None:
        """Tell how far the download is (the numbers of state.json)."""
        if not download.get("bytes"):
            return
        if sys.stderr.isatty():
            self._draw(download)
        else:
            self._write(download)

    def _draw(self, download: Mapping[str, float]) -> None:
        if self.bar is None:
            from rich.console import Console  # noqa: PLC0415 -- only for a download on a terminal
            from rich.progress import DownloadColumn, Progress, TransferSpeedColumn  # noqa: PLC0415 -- as above

            columns = (*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn())
            self.bar = Progress(*columns, console=Console(stderr=True))
            self.bar.add_task("Apache Kafka, once", total=download["bytes"])
            self.bar.start()
        self.bar.update(self.bar.task_ids[0], completed=download["bytes_done"])

    def _write(self, download: Mapping[str, float]) -> None:
        done, now = download["bytes_done"], time.monotonic()
        finished = download["jars_done"] == download["jars"]
        when, said = self.last
        if done == said or (now - when < EVERY and not finished):
            return
        self.last = (now, done)
        sys.stderr.write(
            f"downloading Apache Kafka, once: {download['jars_done']:.0f} of {download['jars']:.0f} jars, "
            f"{done / MEGABYTE:.0f} of {download['bytes'] / MEGABYTE:.0f} MB\n"
        )
        sys.stderr.flush()
