"""How well source systems tell: the report of each for its owner and the province, and what is measured of all for those on duty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from services.intake.domain import Office
from services.intake.domain.source_quality import HABIT_DAYS, SILENT, Quality, Silence, habit, silence
from services.intake.domain.sources import ACTIVE, Source
from services.intake.handlers.desk import Desk
from services.intake.handlers.sources import read_source
from services.intake.store import source_quality as store
from services.intake.store import sources as registry
from shared.kernel import Principal
from shared.law import PROVINCE
from shared.law.zone import local, moment
from shared.store.db import Connection

SHOWN_DAYS, MOST_DAYS = 14, 90
_RETHINK = timedelta(hours=1)
"""Habits are looked at again after so long."""


async def read_quality(desk: Desk, who: Principal, id: str, days: int = SHOWN_DAYS) -> Quality:
    """The report of a source: for those who run the installation, and for the source itself."""
    source = await read_source(desk, who, id)
    async with desk.works.reading() as connection:
        return await quality_of(desk, connection, source, days)


async def quality_of(desk: Desk, connection: Connection, source: Source, days: int = SHOWN_DAYS) -> Quality:
    """How a source did on the last days, today among them."""
    now = desk.works.clock()
    last = local(now).date()
    first = last - timedelta(days=days - 1)
    since = moment(first)
    of_days, reasons, unknown = await store.days(connection, source.id, first, last)
    missing, number = await store.gaps(connection, source.id, since)
    waits_for, oldest = await store.waiting(connection, source.id)
    skews = await store.skews(connection, source.id, now - timedelta(days=HABIT_DAYS))
    return Quality(
        source, now, await _silence(desk, connection, source), of_days, reasons, await store.lags(connection, source.id, since), skews.get(source.id),
        missing, number, waits_for, oldest, unknown,
    )  # fmt: skip


async def _silence(desk: Desk, connection: Connection, source: Source) -> Silence:
    now, office = desk.works.clock(), office_of(desk, source)
    active = await store.active(connection, source.id, timedelta(days=HABIT_DAYS))
    heard_at = (await store.heard_at(connection, source.id)).get(source.id)
    return silence(source, heard_at, habit(active.get(source.id, ()), office, heard_at), office, now)


@dataclass(frozen=True, slots=True)
class Glance:
    """One source among all, in one line."""

    source: Source
    silence: Silence
    accepted: int
    rejected: int
    waiting: int
    skew: float | None


async def glance_at_sources(desk: Desk, connection: Connection, days: int = SHOWN_DAYS) -> Sequence[Glance]:
    """Every source of the registry, the silent ones first."""
    now = desk.works.clock()
    since = now - timedelta(days=HABIT_DAYS)
    sources, heard_at = await registry.sources(connection), await store.heard_at(connection, None)
    active, waiting = await store.active(connection, None, timedelta(days=HABIT_DAYS)), await store.stands(connection)
    skews, totals = (
        await store.skews(connection, None, since),
        await store.totals(connection, local(now).date() - timedelta(days=days - 1)),
    )

    def glance(source: Source) -> Glance:
        id_, office, at = source.id, office_of(desk, source), heard_at.get(source.id)
        found = silence(source, at, habit(active.get(id_, ()), office, at), office, now)
        return Glance(
            source,
            found,
            totals.get((id_, "accepted"), 0),
            totals.get((id_, "rejected"), 0),
            waiting.get(id_, 0),
            skews.get(id_),
        )

    return sorted(map(glance, sources), key=lambda each: (each.silence.state != SILENT, each.source.id))


async def read_glances(desk: Desk) -> Sequence[Glance]:
    """All sources, for those who run the installation."""
    async with desk.works.reading() as connection:
        return await glance_at_sources(desk, connection)


def office_of(desk: Desk, source: Source) -> Office:
    """Whose office hours a source is expected to work in: those of the first unit it speaks for."""
    return desk.office_at(desk.works.clock(), source.units[0].unit if source.units else PROVINCE)


class Gauge(Protocol):
    """Says a number."""

    def set(self, amount: float, attributes: Mapping[str, str]) -> None:
        """Say it."""


class Adder(Protocol):
    """Says how many more."""

    def add(self, amount: float, attributes: Mapping[str, str]) -> None:
        """Say it."""


class Measures(Protocol):
    """What is told of sources to those on duty."""

    @property
    def silence(self) -> Gauge:
        """Office time since it was heard, in seconds."""

    @property
    def silence_limit(self) -> Gauge:
        """When that is too long."""

    @property
    def skew(self) -> Gauge:
        """Seconds its clock is ahead."""

    @property
    def waiting(self) -> Gauge:
        """Events that wait."""

    @property
    def events(self) -> Adder:
        """Events by what became of them."""


@dataclass(slots=True)
class Watch:
    """Keeps what is usual for each source from one look to the next, since that changes slowly."""

    desk: Desk
    measures: Measures
    habits: dict[str, timedelta | None] = field(default_factory=dict)
    thought_at: datetime | None = None
    told: Mapping[tuple[str, str], int] | None = None
    """Events counted at the last look."""


async def watch_sources(watch: Watch) -> bool:
    """Tell how all active sources do; a sandbox nobody waits for."""
    desk, now = watch.desk, watch.desk.works.clock()
    async with desk.works.reading() as connection:
        sources = [each for each in await registry.sources(connection) if each.state == ACTIVE and not each.sandbox]
        heard_at, waiting = await store.heard_at(connection, None), await store.stands(connection)
        await _rethink(watch, connection, sources, heard_at)
        skews = await store.skews(connection, None, now - timedelta(days=HABIT_DAYS))
        _count(watch, await store.totals(connection))
    for source in sources:
        found = silence(source, heard_at.get(source.id), watch.habits.get(source.id), office_of(desk, source), now)
        _tell(watch.measures, source.id, found, waiting.get(source.id, 0), skews.get(source.id))
    return False


async def _rethink(
    watch: Watch, connection: Connection, sources: Sequence[Source], heard_at: Mapping[str, datetime | None]
) -> None:
    now = watch.desk.works.clock()
    if watch.thought_at is not None and now - watch.thought_at < _RETHINK:
        return
    active = await store.active(connection, None, timedelta(days=HABIT_DAYS))
    watch.habits = {
        each.id: habit(active.get(each.id, ()), office_of(watch.desk, each), heard_at.get(each.id)) for each in sources
    }
    watch.thought_at = now


def _count(watch: Watch, totals: Mapping[tuple[str, str], int]) -> None:
    """Tell what came since the last look; what was there at the first one is no increase."""
    before = totals if watch.told is None else watch.told
    for (source, outcome), number in totals.items():
        more = number - before.get((source, outcome), 0)
        watch.measures.events.add(max(0, more), {"source": source, "outcome": outcome})
    watch.told = dict(totals)


def _tell(measures: Measures, source: str, found: Silence, waiting: int, skew: float | None) -> None:
    labels = {"source": source}
    measures.waiting.set(waiting, labels)
    if found.lasts is not None:
        measures.silence.set(found.lasts.total_seconds(), labels)
    if found.limit is not None:
        measures.silence_limit.set(found.limit.total_seconds(), labels)
    if skew is not None:
        measures.skew.set(skew, labels)
