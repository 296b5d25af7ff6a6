"""What reporting does: fold a batch of facts into the projection, and answer questions about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.reporting import domain
from services.reporting.domain import DossierLine, Filter, Flow, Moment, NotYetVisible, Told
from services.reporting.store import lines, projections, reads
from services.reporting.store.reads import Viewer
from shared.kernel import NotFound, Principal, system
from shared.store.db import Connection
from shared.store.unit_of_work import Works

KEEP_OLD: Final = timedelta(days=1)
PATIENCE_S: Final = 2.0
_LOOK_AGAIN_S: Final = 0.02
_DAYS_SHOWN: Final = timedelta(days=29)


async def project(db: Connection, version: int, dossiers: Mapping[UUID, Sequence[Told]]) -> None:
    """Fold these facts, in order per dossier, into a version of the projection: lines, timeline, counters."""
    known = await lines.lines(db, version, list(dossiers))
    changed: dict[UUID, DossierLine] = {}
    moments: list[Moment] = []
    flows: list[Flow] = []
    for dossier, facts in dossiers.items():
        line = known.get(dossier)
        for told in facts:
            before, line = line, domain.fold(line, told)
            flows += domain.flows(before, line, domain.day_of(told.fact.occurred_at))
            moments.append(domain.moment(dossier, told))
            changed[dossier] = line
    await lines.save(db, version, changed)
    await lines.remember(db, version, moments)
    await lines.count(db, version, flows)


@dataclass(frozen=True, slots=True)
class Overview:
    """Figures by unit at one moment; `as_of` is when the newest fact in them was recorded."""

    today: date
    as_of: datetime | None
    units: Sequence[Any]
    filters: Mapping[str, Filter]
    figures: Mapping[str, Mapping[str, int]]

    def of(self, unit: str | None) -> dict[str, int]:
        """The figures of one unit, or of the province."""
        if unit is not None:
            return {name: self.figures.get(unit, {}).get(name, 0) for name in self.filters}
        return {name: sum(each[name] for each in self.figures.values()) for name in self.filters}

    def names(self) -> dict[str, str]:
        """Every unit's name by code; one that was never described, but has dossiers, goes by its code."""
        known = {unit["unit"]: unit["name"] for unit in self.units}
        return {code: known.get(code, code) for code in sorted(known.keys() | self.figures.keys())}


async def overview(works: Works) -> Overview:
    """The figures of the whole province and of every unit, today."""
    today = domain.day_of(works.clock())
    filters = {name: figure.asks(today) for name, figure in domain.FIGURES.items()}
    async with reads.looking(works) as reader:
        return Overview(
            today,
            await reads.newest_at(reader),
            await reads.units(reader),
            filters,
            await reads.figures(reader, filters),
        )


def viewer_of(who: Principal) -> Viewer:
    """What this principal may see: an admin all, officers their units', citizens their own."""
    if who.has("admin"):
        return Viewer(None)
    officer = who.has("clerk", "handler", "head", "inspector")
    return Viewer(who.units if officer else frozenset(), who.recipient if who.has("citizen") else None)


@dataclass(frozen=True, slots=True)
class Listed:
    """Lines of a list, and what is needed to show them."""

    lines: Sequence[DossierLine]
    as_of: datetime | None


async def find(works: Works, who: Principal, asked: Filter, *, after: UUID | None, back: bool, most: int) -> Listed:
    """One page of the dossiers this principal may see, newest first."""
    async with reads.looking(works) as reader:
        found = await reads.listed(reader, viewer_of(who), asked, after=after, back=back, most=most)
        return Listed(found, await reads.newest_at(reader))


async def show(works: Works, who: Principal, dossier: UUID, *, least: int | None = None) -> DossierLine:
    """One dossier; with `least` it waits a moment for that version, then `NotYetVisible`.

    What this principal may not see is answered like what is not there, also while waiting.
    """
    until = time.monotonic() + PATIENCE_S
    while True:
        async with reads.looking(works) as reader:
            line = await reads.line(reader, viewer_of(who), dossier)
        if line is not None and line.version >= (least or 0):
            return line
        if least is None:
            raise NotFound
        if time.monotonic() > until:
            raise NotYetVisible
        await asyncio.sleep(_LOOK_AGAIN_S)


async def tell(works: Works, who: Principal, dossier: UUID) -> tuple[DossierLine, list[Moment]]:
    """What happened to a dossier, in order."""
    async with reads.looking(works) as reader:
        line = await reads.line(reader, viewer_of(who), dossier)
        if line is None:
            raise NotFound
        return line, await reads.moments(reader, dossier)


@dataclass(frozen=True, slots=True)
class UnitShown:
    """A unit, its flows of the last 30 days."""

    unit: Any
    days: Sequence[Any]


async def show_unit(works: Works, code: str) -> UnitShown:
    """One unit with its flows by day."""
    today = domain.day_of(works.clock())
    async with reads.looking(works) as reader:
        found = await reads.units(reader, code)
        if not found:
            raise NotFound
        return UnitShown(found[0], await reads.days(reader, code, today - _DAYS_SHOWN, today))


@dataclass(frozen=True, slots=True)
class ProjectionState:
    """How the projection stands: version, rows per table, records set aside, places by partition."""

    active: projections.Active
    rows: Mapping[str, int]
    held: int
    places: Mapping[tuple[str, int], int]
    as_of: datetime | None
    mismatches: int


async def projection_state(works: Works) -> ProjectionState:
    """Everything an operator asks of the read models, at one moment."""
    async with reads.looking(works) as reader:
        db = reader.db
        stored = await projections.offsets(db, domain.LIVE)
        return ProjectionState(
            await projections.active(db),
            await projections.sizes(db, reader.version),
            await projections.held(db, domain.LIVE),
            {(row["topic"], row["partition"]): row["next"] for row in stored},
            await reads.newest_at(reader),
            await reads.mismatches(reader),
        )


async def mismatches(works: Works) -> int:
    """Places where lines and counters disagree; must be 0."""
    async with reads.looking(works) as reader:
        return await reads.mismatches(reader)


async def drop_old_versions(works: Works) -> list[int]:
    """Remove versions that were replaced a day ago, and half-built ones nobody is building; returns them."""
    async with works.begin(system("reporting.old-versions")) as work:
        now, found = await projections.active(work.db), await projections.versions(work.db)
        if await projections.rebuild_runs(work.db):
            return []
        old = [v for v in found if v > now.version or (v < now.version and work.now - now.switched_at > KEEP_OLD)]
        for version in old:
            await projections.drop(work.db, version)
        if any(version > now.version for version in old):
            await projections.forget_consumer(work.db, domain.REBUILD)
    return old
