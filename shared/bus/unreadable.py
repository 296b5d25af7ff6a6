"""Records that Kafka's client cannot read, since the name of a header is no UTF-8: no broker looks at it, and a poll that meets one fails for ever.

Its batch is read record by record up to there; whatever stands behind it in the same batch of its sender nobody can read either.
Each is told in its place as a record without anything, to be refused or parked like all that is no event.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

log = logging.getLogger(__name__)

FETCH_MS = 1000


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Offsets of a partition that cannot be read, up to where the next batch begins."""

    partition: TopicPartition
    first: int
    end: int

    @staticmethod
    def of(error: Exception) -> Unreadable | None:
        """Where a poll broke, as only the client's own frame knows; None where it broke by anything else."""
        if not isinstance(error, UnicodeDecodeError):
            return None
        frames = (frame.f_locals for frame, _ in traceback.walk_tb(error.__traceback__))
        said = next((names for names in frames if "next_batch" in names), None)
        if said is None:
            return None
        return Unreadable(said["tp"], said["self"].next_fetch_offset, said["next_batch"].next_offset)

    async def told(self, client: Any) -> Sequence[Any]:
        """What can be read before it, then a record of nothing for each that cannot; the client goes on behind them."""
        tp, read = self.partition, list[Any]()
        while await client.position(tp) < self.first:
            if not (found := await client.getmany(tp, timeout_ms=FETCH_MS, max_records=1)):
                return read
            read += found[tp]
        client.seek(tp, self.end)
        log.warning("%s: nobody can read its records from %d to %d", tp, self.first, self.end - 1)
        return [*read, *(_nothing(tp, offset) for offset in range(self.first, self.end))]


def _nothing(tp: TopicPartition, offset: int) -> Any:
    return ConsumerRecord(tp.topic, tp.partition, offset, int(time.time() * 1000), 0, None, None, None, -1, -1, ())
