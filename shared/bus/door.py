"""A door for records that are no facts of ours: no sequence, no catalogue; many topics by a pattern, new ones without a restart.

The place in each partition is the database's, as for every consumer: what a batch did and where it ended are one commit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

from shared.bus import held
from shared.bus.arrival import Raw, key_id
from shared.bus.bisecting import comes_again, divided
from shared.bus.consumer import Consumer, Listener
from shared.bus.place import MOMENT, Move
from shared.bus.sorting import Outcome
from shared.bus.whole_topics import WholeTopicAssignor
from shared.contracts.envelope import Catalogue
from shared.kernel import system
from shared.store.unit_of_work import Work, Works
from shared.telemetry.metrics import Metrics

MOST_RECORDS = 500
PORTION_BYTES = 32 << 10
"""Of one partition in one answer of Kafka; a larger record comes alone."""

MOST_PASSED_OVER = 20
"""About a second: a sender who keeps the other door busy has their turn here too."""

Take = Callable[[Work, Sequence[Raw]], Awaitable[Mapping[str, float]]]
"""Does with records what is to be done; the same records may come again after a rollback, also fewer of them.

Gives the topics that rest now, and for how many seconds: whoever sends too much is read at their own pace.
"""


Busy = Callable[[Work, Collection[str]], Awaitable[Collection[str]]]
"""Which of these topics' senders are being served at another door at this moment; the others are locked for this transaction."""


async def _no_other_door(_work: Work, _topics: Collection[str]) -> Collection[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One door: its consumer group, the pattern of its topics' names (without prefix), and who takes the records."""

    name: str
    pattern: str
    take: Take
    busy: Busy = _no_other_door
    readers: int = 1
    """Members of the group in one process: while one waits for the database, another judges its records."""


async def _nobody(_work: Work, _records: Sequence[Raw]) -> Mapping[str, float]:
    raise AssertionError("a door has an entry")


@dataclass(slots=True)
class Door(Consumer):
    """An entry running on one broker object."""

    entry: Entry = field(default_factory=lambda: Entry("", "", _nobody))
    passed_over: Counter[str] = field(default_factory=Counter)
    """How often in a row each topic's sender was busy."""

    @staticmethod
    def of(entry: Entry, works: Works, bootstrap: str, metrics: Metrics, prefix: str = "") -> Door:
        """The door of an entry."""
        return Door(Listener(entry.name, Catalogue.of([]), {}), works, bootstrap, metrics, prefix, entry=entry)

    def _pattern(self) -> str:
        return f"^{re.escape(self.prefix)}{self.entry.pattern}$"

    def _portions(self) -> tuple[int, int]:
        """Less than facts of ours, and little of one partition: whoever sends much fills no batch alone, and others soon have their turn."""
        return MOST_RECORDS, PORTION_BYTES

    def _assignors(self) -> Sequence[type[AbstractPartitionAssignor]]:
        """Whole topics; beside members of an older release as those do it."""
        return (WholeTopicAssignor, RoundRobinPartitionAssignor)

    async def _transaction(self, moves: Sequence[Move], records: Sequence[Raw], *, careful: bool) -> Outcome:
        outcome = Outcome(self.breaker)
        async with self.works.begin(system(self.name)) as work:
            outcome.later = await self._later(work, {raw.topic for raw in records})
            outcome.rests.update(dict.fromkeys(outcome.later, MOMENT))
            moves = [move for move in moves if move.topic not in outcome.later]
            records = [raw for raw in records if raw.topic not in outcome.later]
            await held.settle(work.db, self.name, moves, {}, self.place.cluster)
            if careful:
                await self._divide(work, records, outcome)
            else:
                await self._take(work, records, outcome)
            await held.park(work.db, self.name, self.place.cluster, outcome.parked, work.now)
            await work.flush()
            self.failpoint("effects")
        self.failpoint("committed")
        return outcome

    async def _later(self, work: Work, topics: Collection[str]) -> frozenset[str]:
        """Whoever is served at another door is read again in a moment, that the others need not wait; so often, then all wait."""
        busy = set(await self.entry.busy(work, topics))
        self.passed_over.update(busy)
        later = frozenset(topic for topic in busy if self.passed_over[topic] <= MOST_PASSED_OVER)
        for topic in set(topics) - later:
            del self.passed_over[topic]
        return later

    async def _take(self, work: Work, records: Sequence[Raw], outcome: Outcome) -> None:
        outcome.rests.update(await self.entry.take(work, records))
        await work.flush()
        outcome.counts.update(("applied", raw.topic) for raw in records)

    async def _divide(self, work: Work, records: Sequence[Raw], outcome: Outcome) -> None:
        """Find the guilty records below savepoints, of some that failed together; each is parked, the rest flows."""
        for part in divided(records):
            mark = work.mark()
            try:
                async with work.db.transaction():
                    rests = await self.entry.take(work, part)
                    await work.flush()
            except Exception as error:
                if comes_again(error):
                    raise
                work.reset(mark)
                if len(part) > 1:
                    await self._divide(work, part, outcome)
                else:
                    self._park(part[0], error, outcome)
            else:
                outcome.rests.update(rests)
                outcome.counts.update(("applied", raw.topic) for raw in part)

    def _park(self, raw: Raw, error: Exception, outcome: Outcome) -> None:
        outcome.parked.append(
            held.Parked(raw, key_id(raw.key), None, "handler", f"{type(error).__name__}: {error}"[:300])
        )
        outcome.counts["parked", raw.topic] += 1
        outcome.blame()
