"""A door for records that are no facts of ours: no sequence, no catalogue; many topics by a pattern, new ones without a restart.

The place in each partition is the database's, as for every consumer: what a batch did and where it ended are one commit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition
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

FEW = 20
"""Records of a topic that are read at once while its sender is too fast."""


@dataclass(frozen=True, slots=True)
class Rests:
    """Topics that are read on later: after so many seconds, since their senders send too much; soon, and nothing of them was taken, since another door serves their senders."""

    seconds: Mapping[str, float] = field(default_factory=dict)
    later: Collection[str] = ()


Take = Callable[[Work, Sequence[Raw], Collection[str]], Awaitable[Rests]]
"""Does with records what is to be done; the same records may come again after a rollback, also fewer of them.

Whoever is served at another door at this moment is left for later, unless their topic is among those that are waited for.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One door: its consumer group, the pattern of its topics' names (without prefix), and who takes the records."""

    name: str
    pattern: str
    take: Take
    readers: int = 1
    """Members of the group in one process: while one waits for the database, another judges its records."""


async def _nobody(_work: Work, _records: Sequence[Raw], _patient: Collection[str]) -> Rests:
    raise AssertionError("a door has an entry")


def beyond_a_few(records: Iterable[Raw]) -> Mapping[TopicPartition, int]:
    """From where on each partition is left for the next batch: the few that came first are taken, by Kafka's time, in each partition in its order."""
    latest: dict[TopicPartition, int] = {}
    timed: list[tuple[int, TopicPartition, int]] = []
    for raw in records:
        tp = TopicPartition(raw.topic, raw.partition)
        latest[tp] = max(latest.get(tp, 0), raw.timestamp_ms)
        timed.append((latest[tp], tp, raw.offset))
    timed.sort()
    return {tp: offset for _, tp, offset in reversed(timed[FEW:])}


@dataclass(slots=True)
class Door(Consumer):
    """An entry running on one broker object."""

    entry: Entry = field(default_factory=lambda: Entry("", "", _nobody))
    fast: frozenset[str] = frozenset()
    """Topics whose senders were too fast and are not read to their end yet."""
    cut: frozenset[str] = frozenset()
    """Of these, those of which the batch at work has only a few records."""
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

    async def batch(self, records: Sequence[Raw]) -> None:
        """Apply one batch, with few records of those topics whose senders are too fast; the rest of them is read again at once."""
        cut = beyond_a_few([raw for raw in records if raw.topic in self.fast])
        self.place.back(cut)
        self.cut = frozenset(tp.topic for tp in cut)
        await Consumer.batch(
            self,
            [raw for raw in records if raw.offset < cut.get(TopicPartition(raw.topic, raw.partition), raw.offset + 1)],
        )

    async def _transaction(self, moves: Sequence[Move], records: Sequence[Raw], *, careful: bool) -> Outcome:
        outcome = Outcome(self.breaker)
        async with self.works.begin(system(self.name)) as work:
            if careful:
                await self._divide(work, records, outcome)
            else:
                await self._take(work, records, outcome)
            moves = [move for move in moves if move.topic not in outcome.later]
            await held.settle(work.db, self.name, moves, {}, self.place.cluster)
            await held.park(work.db, self.name, self.place.cluster, outcome.parked, work.now)
            await work.flush()
            self.failpoint("effects")
        self.failpoint("committed")
        self._rest(outcome, frozenset(raw.topic for raw in records))
        return outcome

    async def _take(self, work: Work, records: Sequence[Raw], outcome: Outcome) -> None:
        """All together; who was passed over so often is waited for."""
        patient = [topic for topic, times in self.passed_over.items() if times >= MOST_PASSED_OVER]
        rests = await self.entry.take(work, records, patient)
        await work.flush()
        outcome.later = frozenset(rests.later)
        outcome.rests.update(rests.seconds)
        outcome.counts.update(("applied", raw.topic) for raw in records if raw.topic not in outcome.later)

    def _rest(self, outcome: Outcome, topics: frozenset[str]) -> None:
        """Who is fast, and who was passed over; those are read on in a moment, that the others need not wait."""
        self.fast = (self.fast - (topics - self.cut - outcome.later)) | outcome.rests.keys()
        self.passed_over.update(outcome.later)
        for topic in topics - outcome.later:
            del self.passed_over[topic]
        outcome.rests = {**dict.fromkeys(outcome.later, MOMENT), **outcome.rests}

    async def _divide(self, work: Work, records: Sequence[Raw], outcome: Outcome) -> None:
        """Find the guilty records below savepoints, of some that failed together; each is parked, the rest flows."""
        for part in divided(records):
            mark = work.mark()
            try:
                async with work.db.transaction():
                    rests = await self.entry.take(work, part, {raw.topic for raw in part})
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
                outcome.rests.update(rests.seconds)
                outcome.counts.update(("applied", raw.topic) for raw in part)

    def _park(self, raw: Raw, error: Exception, outcome: Outcome) -> None:
        outcome.parked.append(
            held.Parked(raw, key_id(raw.key), None, "handler", f"{type(error).__name__}: {error}"[:300])
        )
        outcome.counts["parked", raw.topic] += 1
        outcome.blame()
