"""`gandan rebuild`: the next version of the projection from the beginning of the topics, beside live traffic.

It runs the live consumer's own machinery (decoding, sequences, gaps, guilty records) under a name of its own and never
reads further than live has come. For the last stretch live waits at the projection's row: the rest is caught up, both
versions are compared byte by byte, and one update swaps them. Killed at any moment, it leaves the live version alone.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from services.reporting.consumers.live import listener
from services.reporting.domain import (
    FOLD_VERSION,
    GROUP,
    LIVE,
    PROJECTIONS,
    REBUILD,
    DifferentReadModel,
    RebuildRunning,
    UnknownProjection,
)
from services.reporting.store import projections
from services.reporting.store.projections import Active, Difference
from shared.bus import log, topics
from shared.bus.arrival import Raw, raw_of
from shared.bus.broker import guarded
from shared.bus.consumer import Consumer
from shared.bus.log import TopicPartition
from shared.bus.place import Move
from shared.bus.sorting import Breaker
from shared.store.db import TRANSIENT, Connection, open_direct, passes
from shared.store.unit_of_work import Works
from shared.telemetry.metrics import Metrics

BATCH: Final = 2000
_CLOSE: Final = 2000
"""Records behind live at which the last stretch begins."""

_STALLED_S: Final = 60
_LANES: Final = 2
"""While the database writes one lane's batch, the other's is decoded and folded."""
_PAUSES: Final = (0.2, 0.5, 1, 2, 5)

Goals = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is: records read of those live has applied, records a second, seconds to go."""

    done: int
    total: int
    rate: float

    @property
    def remaining_seconds(self) -> float:
        """At the present rate."""
        return (self.total - self.done) / self.rate if self.rate else 0.0


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild made; without a swap the live version stays and the made one is gone."""

    version: int
    records: int
    seconds: float
    paused_seconds: float
    swapped: bool
    differences: Sequence[Difference] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a rebuild reads and writes."""

    works: Works
    database_url: str
    bootstrap: str
    metrics: Metrics
    prefix: str = ""
    """Of the topics' names, as in the settings."""


class Replay(Consumer):
    """The consumer runtime fed by hand and without a breaker: guilty records were judged by live before."""

    async def feed(self, moves: Sequence[Move], records: Sequence[Raw]) -> None:
        """Apply these records as one batch; what passes by itself is tried again for about ten seconds."""
        for pause in _PAUSES:
            try:
                await self._process(moves, records)
            except TRANSIENT as error:
                if not passes(error):
                    raise
                await asyncio.sleep(pause)
            else:
                return
        await self._process(moves, records)

    def span(self, _records: Sequence[Raw]) -> AbstractContextManager[None]:
        """Nothing: a rebuild leaves no trace."""
        return nullcontext()


async def rebuild(
    sources: Sources,
    projection: str = GROUP,
    *,
    confirm: bool = False,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Rebuilt:
    """Rebuild the group a projection belongs to (`dossier_line` and the others share one version) and swap it in.

    With the fold of the live version any difference raises `DifferentReadModel`; with another fold the differences are
    returned and swapped in only when confirmed. Raises `RebuildRunning` and `UnknownProjection`.
    """
    if projection not in {GROUP, *PROJECTIONS}:
        raise UnknownProjection(projection=projection, known=[GROUP, *PROJECTIONS])
    db = await open_direct(sources.database_url, name="reporting-rebuild")
    try:
        if not await projections.rebuilding(db):
            raise RebuildRunning
        return await _rebuild(db, sources, confirm=confirm, tell=tell)
    finally:
        await guarded(db.close(timeout=2), 3)
        db.terminate()


async def _rebuild(db: Connection, sources: Sources, *, confirm: bool, tell: Callable[[Progress], None]) -> Rebuilt:
    old = await projections.active(db)
    new = await _cleared(db, old.version)
    await projections.make(db, old.version, new)
    made = await _fill(db, sources, old, new, confirm=confirm, tell=tell)
    await projections.forget_consumer(db, REBUILD)
    if not made.swapped:
        await projections.drop(db, new)
    if made.differences and old.fold_version == FOLD_VERSION:
        raise DifferentReadModel(projection=GROUP, differences=[asdict(d) for d in made.differences])
    return made


async def _cleared(db: Connection, active: int) -> int:
    """The number of the next version, after what an interrupted rebuild left is gone."""
    for version in await projections.versions(db):
        if version > active:
            await projections.drop(db, version)
    await projections.forget_consumer(db, REBUILD)
    return await projections.next_version(db)


async def _fill(
    db: Connection, sources: Sources, old: Active, new: int, *, confirm: bool, tell: Callable[[Progress], None]
) -> Rebuilt:
    async with _reading(db, sources, new, tell) as run:
        while run.behind(await _goals(db)) > _CLOSE:
            await run.to(await _goals(db))
        await projections.analyze(db, new)
        await run.to(await _goals(db))
        began = time.monotonic()
        async with db.transaction():
            await projections.alone(db)
            await run.to(await _goals(db))
            differences = await projections.differences(db, old.version, new)
            swapped = not differences or (old.fold_version != FOLD_VERSION and confirm)
            if swapped:
                await projections.swap(db, Active(new, FOLD_VERSION, sources.works.clock()))
        return Rebuilt(
            new, run.done, time.monotonic() - run.began, time.monotonic() - began, swapped, tuple(differences)
        )


async def _goals(db: Connection) -> Goals:
    """Where live stands, by partition: never read further."""
    return {TopicPartition(row["topic"], row["partition"]): row["next"] for row in await projections.offsets(db, LIVE)}


@asynccontextmanager
async def _reading(
    db: Connection, sources: Sources, version: int, tell: Callable[[Progress], None]
) -> AsyncIterator[_Run]:
    """A run from the beginning of every partition live has places in."""
    name, cluster = f"{REBUILD}{version}", await topics.cluster_id(sources.bootstrap)
    partitions, run = sorted(await _goals(db)), _Run(tell)
    try:
        for mine in filter(None, (partitions[n::_LANES] for n in range(_LANES))):
            replay = Replay(listener(name, version), sources.works, sources.bootstrap, sources.metrics, sources.prefix)
            replay.breaker = Breaker(most=math.inf)
            replay.place.cluster = cluster
            run.lanes.append(_Lane(replay, log.client(sources.bootstrap, name, batch=BATCH)))
            await run.lanes[-1].begin(db, mine)
        yield run
    finally:
        await asyncio.gather(*(guarded(lane.client.stop(), 5) for lane in run.lanes))


@dataclass(slots=True)
class _Run:
    """All lanes of a rebuild together."""

    tell: Callable[[Progress], None]
    lanes: list[_Lane] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """Records applied."""
        return sum(lane.done for lane in self.lanes)

    def behind(self, goals: Goals) -> int:
        """Records between here and there."""
        return sum(lane.behind(goals) for lane in self.lanes)

    async def to(self, goals: Goals) -> None:
        """Apply exactly up to these places, every lane on its own."""

        def told() -> None:
            left = self.behind(goals)
            self.tell(Progress(self.done, self.done + left, self.done / max(1e-6, time.monotonic() - self.began)))

        tasks = [asyncio.create_task(lane.to(goals, told)) for lane in self.lanes]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(slots=True)
class _Lane:
    """A replay of some partitions on its way: the place in each, and how much was read."""

    replay: Replay
    client: Any
    next: dict[TopicPartition, int] = field(default_factory=dict)
    stored: dict[TopicPartition, int] = field(default_factory=dict)
    """The places in the database; behind `next` where the newest records were compacted away."""
    done: int = 0

    async def begin(self, db: Connection, partitions: Sequence[TopicPartition]) -> None:
        """Connect, and stand at the beginning of each partition."""
        if (error := await guarded(self.client.start(), 20)) is not None:
            raise ConnectionError(f"Kafka at {self.replay.bootstrap} does not answer") from error
        self.client.assign(partitions)
        self.next = dict(await self.client.beginning_offsets(partitions))
        self.stored = dict(self.next)
        places = [(tp.topic, tp.partition, self.replay.place.cluster, at) for tp, at in self.next.items()]
        await projections.put_offsets(db, self.replay.name, places)
        for tp, at in self.next.items():
            self.client.seek(tp, at)

    def behind(self, goals: Goals) -> int:
        """Records between here and there."""
        return sum(max(0, goals.get(tp, 0) - at) for tp, at in self.next.items())

    async def to(self, goals: Goals, told: Callable[[], None]) -> None:
        """Read and apply exactly up to these places; `TimeoutError` when Kafka gives nothing for a minute."""
        moved_at = time.monotonic()
        while open_ := [tp for tp, at in self.next.items() if at < goals.get(tp, 0)]:
            self._fetch_only(open_)
            before = self.behind(goals)
            found = await self.client.getmany(*open_, timeout_ms=500, max_records=BATCH)
            await self._take(found, {tp: goals[tp] for tp in open_})
            told()
            if self.behind(goals) < before:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > _STALLED_S:
                raise TimeoutError(
                    f"{before} records do not come from Kafka: is its log shorter than what live has read?"
                )

    def _fetch_only(self, wanted: Sequence[TopicPartition]) -> None:
        paused = set(self.client.paused())
        self.client.resume(*(paused & set(wanted)))
        self.client.pause(*(set(self.next) - set(wanted) - paused))

    async def _take(self, found: Mapping[TopicPartition, Sequence[Any]], goals: Goals) -> None:
        """Apply what is below the goals; what was read beyond them is given back."""
        records: dict[TopicPartition, list[Raw]] = {}
        for tp, goal in goals.items():
            if mine := [raw_of(record) for record in found.get(tp, ()) if record.offset < goal]:
                records[tp] = mine
            reached = await self.client.position(tp)
            if reached > goal:
                self.client.seek(tp, goal)
            self.next[tp] = min(reached, goal)
        if records:
            moves = [Move(tp.topic, tp.partition, self.stored[tp], self.next[tp]) for tp in sorted(records)]
            await self.replay.feed(moves, [raw for mine in records.values() for raw in mine])
            self.stored |= {tp: self.next[tp] for tp in records}
            self.done += sum(map(len, records.values()))
