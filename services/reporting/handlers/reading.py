"""Questions everybody asks: figures, lists, one dossier, what happened to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.reporting import domain
from services.reporting.domain import CaseFilter, DossierLine, Filter, Moment, NotYetVisible
from services.reporting.store import case_reads, reads
from services.reporting.store.reads import Viewer
from shared.kernel import TENANT, NotFound, Principal
from shared.store.unit_of_work import Works

PATIENCE_S: Final = 2.0
_LOOK_AGAIN_S: Final = 0.02
_DAYS_SHOWN: Final = timedelta(days=29)


@dataclass(frozen=True, slots=True)
class Overview:
    """Figures by unit at one moment; `as_of` is when the newest fact in them was recorded."""

    today: date
    as_of: datetime | None
    units: Sequence[Any]
    filters: Mapping[str, Filter]
    figures: Mapping[str, Mapping[str, int]]
    case_filters: Mapping[str, CaseFilter] = field(default_factory=dict)
    case_figures: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def cases_of(self, unit: str | None) -> dict[str, int]:
        """The figures of letters' cases of one unit, or of the province."""
        if unit is not None:
            return {name: self.case_figures.get(unit, {}).get(name, 0) for name in self.case_filters}
        return {name: sum(each[name] for each in self.case_figures.values()) for name in self.case_filters}

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
    async with reads.looking(works) as reader:
        return await overview_at(reader, domain.day_of(works.clock()))


async def overview_at(reader: reads.Reader, today: date) -> Overview:
    """The same, beside what else is read at that moment."""
    filters = {name: figure.asks(today) for name, figure in domain.FIGURES.items()}
    cases = domain.case_figures(today)
    return Overview(
        today,
        await reads.newest_at(reader),
        await reads.units(reader),
        filters,
        await reads.figures(reader, filters),
        cases,
        await case_reads.figures(reader, cases),
    )


def viewer_of(who: Principal) -> Viewer:
    """What this principal may see: an admin and the province's leaders all, officers their units', citizens their own."""
    if who.has("admin") or (who.has("head", "inspector") and TENANT in who.units):
        return Viewer(None)
    officer = who.has("clerk", "handler", "head", "inspector")
    return Viewer(who.units if officer else frozenset(), who.recipient if who.has("citizen") else None)


@dataclass(frozen=True, slots=True)
class Listed:
    """Lines of a list, and what is needed to show them; `whole` and `mine`: how many there are, and how many for this viewer."""

    lines: Sequence[DossierLine]
    as_of: datetime | None
    units: Mapping[str, str] = field(default_factory=dict)
    procedures: Mapping[str, str] = field(default_factory=dict)
    whole: int = 0
    mine: int = 0


async def find(works: Works, who: Principal, asked: Filter, *, after: UUID | None, back: bool, most: int) -> Listed:
    """One page of the dossiers this principal may see, newest first."""
    async with reads.looking(works) as reader:
        found = await reads.listed(reader, viewer_of(who), asked, after=after, back=back, most=most)
        return Listed(found, await reads.newest_at(reader))


async def find_named(
    works: Works, who: Principal, asked: Filter, *, after: UUID | None, back: bool, most: int
) -> Listed:
    """One page of dossiers with the names of what they are about, and how many there are."""
    viewer = viewer_of(who)
    async with reads.looking(works) as reader:
        found = await reads.listed(reader, viewer, asked, after=after, back=back, most=most)
        return Listed(
            found,
            await reads.newest_at(reader),
            {unit["unit"]: unit["name"] for unit in await reads.units(reader)},
            await reads.procedure_names(reader, sorted({line.procedure for line in found})),
            await reads.number(reader, Viewer(None), asked),
            await reads.number(reader, viewer, asked),
        )


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


async def unit_names(works: Works) -> dict[str, str]:
    """Every unit that was described, by name."""
    async with reads.looking(works) as reader:
        found = {unit["unit"]: unit["name"] for unit in await reads.units(reader)}
    return dict(sorted(found.items(), key=lambda each: each[1]))


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
