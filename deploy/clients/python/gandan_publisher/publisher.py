"""One source system's events on their way: kept first, then delivered in order, as often as it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gandan_publisher.doors import Door, Outcome, Refused, Unreached
from gandan_publisher.events import Told, cloud_event
from gandan_publisher.outbox import Event, Outbox, line

BATCH, BATCH_BYTES = 500, 4 << 20
EVENT_BYTES = 900_000
"""What every door takes; a larger one would stand in the way of all others."""


class Publisher:
    """Tell it what happened; it keeps that in a file, and delivers whenever the line is up. For one process and one thread."""

    def __init__(
        self, source: str, door: Door, outbox: Path, *, limit: int = 10_000, now: Callable[[], datetime] | None = None
    ) -> None:
        self.source, self.door, self.outbox = source, door, Outbox(outbox, limit=limit)
        self.unreached: Unreached | None = None
        """Why the last `flush` did not deliver everything, where it was the line."""
        self._now = now or (lambda: datetime.fromtimestamp(time.time(), UTC))

    def tell(self, told: Told, *, id: str | None = None) -> str:
        """Keep an event for the next `flush`; its id. `OutboxFull`, and ValueError for an instant without a zone, or an event that no door takes.

        Under an id of yours it says no time of telling: told again after a crash it is the same to the letter, and counts once.
        """
        event = cloud_event(told, self.source, id=id, at=self._now() if id is None else None)
        if len(line(event)) > EVENT_BYTES:
            raise ValueError("the event is too large for any door: send links instead of files")
        self.outbox.append(event)
        return str(event["id"])

    def flush(self) -> Sequence[Outcome]:
        """Deliver what waits; what became of it. What could not be delivered is still there, for the next time. `Refused`."""
        done: list[Outcome] = []
        self.unreached = None
        while batch := batch_of(self.outbox.pending):
            try:
                outcomes = self.door.deliver(batch)
            except Unreached as error:
                self.unreached = error
                break
            except Refused:
                if not done:
                    raise
                break  # first what was judged; the next flush is refused again
            self.outbox.drop([event for event, outcome in zip(batch, outcomes, strict=True) if not outcome.again])
            done += [outcome for outcome in outcomes if not outcome.again]
            if any(outcome.again for outcome in outcomes):
                break  # too fast, or a fault there: not now
        return done

    def send(self, told: Told, *, id: str | None = None) -> Sequence[Outcome]:
        """`tell` and `flush`."""
        self.tell(told, id=id)
        return self.flush()


def batch_of(events: Sequence[Event]) -> Sequence[Event]:
    """The next events to deliver: of each code only the oldest, so that a later one never overtakes one to be sent again."""
    batch: list[Event] = []
    codes: set[str] = set()
    size = 0
    for event in events:
        if event["subject"] in codes:
            continue
        size += len(line(event))
        if len(batch) == BATCH or (batch and size > BATCH_BYTES):
            break
        codes.add(event["subject"])
        batch.append(event)
    return batch
