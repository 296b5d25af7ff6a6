"""Questions to the projection. A figure and the list behind it are asked with the same conditions, so they agree."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, false, func, or_, select, true

from services.reporting.domain import NAMES, PHASES, DossierLine, Filter, Moment
from services.reporting.store import projections
from services.reporting.tables import DossierLineRow, MomentRow, ProcedureRow, Row, UnitDayRow, UnitRow, table
from shared.store.db import Connection, row, rows
from shared.store.unit_of_work import Works


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: an officer of some units (None: of all), a citizen with a recipient, or both."""

    units: frozenset[str] | None
    recipient: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """One consistent look at the active version: everything read through it belongs together."""

    db: Connection
    version: int

    def table(self, model: type[Row]) -> Table:
        """The table of a model in this version."""
        return table(model, self.version)


@asynccontextmanager
async def looking(works: Works) -> AsyncIterator[Reader]:
    """Look at one moment: a swap or a batch that commits meanwhile is not seen."""
    async with works.reading() as db, db.transaction(isolation="repeatable_read", readonly=True):
        yield await reader(db)


async def reader(db: Connection) -> Reader:
    """A look at the active version inside a transaction of one's own."""
    return Reader(db, (await projections.active(db)).version)


def conditions(t: Table, asked: Filter) -> list[ColumnElement[bool]]:
    """A filter as SQL."""
    return [*_equal(t.c, asked), *_one_of(t.c, asked), *_ranges(t.c, asked)]


def _equal(c: Any, asked: Filter) -> list[ColumnElement[bool]]:
    wanted = {
        "unit": asked.unit,
        "procedure": asked.procedure,
        "open": asked.open,
        "breached": asked.breached,
        "due_on": asked.due_on,
        "officer": asked.officer,
        "source": asked.source,
    }
    found = [c[name] == value for name, value in wanted.items() if value is not None]
    if asked.paused is not None:
        found.append(c.paused_at.is_not(None) if asked.paused else c.paused_at.is_(None))
    if asked.assigned is not None:
        found.append(c.officer.is_not(None) if asked.assigned else c.officer.is_(None))
    return found


def _one_of(c: Any, asked: Filter) -> list[ColumnElement[bool]]:
    found = [c[name].in_(words) for name, words in (("state", asked.state), ("timing", asked.timing)) if words]
    if asked.phase:
        found.append(c.state.in_([state for state, phase in PHASES.items() if phase in asked.phase]))
    return found


def _ranges(c: Any, asked: Filter) -> list[ColumnElement[bool]]:
    found = [c.due_on < asked.due_before] if asked.due_before is not None else []
    for column, first, last in (
        (c.settled_on, asked.settled_from, asked.settled_to),
        (c.received_on, asked.received_from, asked.received_to),
    ):
        found += [column >= first] if first is not None else []
        found += [column <= last] if last is not None else []
    return found


def visible(c: Any, viewer: Viewer) -> ColumnElement[bool]:
    """Officers see their units', citizens their own; nobody else sees anything."""
    if viewer.units is None:
        return true()
    mine = c.recipient == viewer.recipient if viewer.recipient is not None else false()
    return or_(c.unit.in_(sorted(viewer.units)), mine) if viewer.units else mine


async def figures(reader: Reader, asked: Mapping[str, Filter]) -> dict[str, dict[str, int]]:
    """How many lines each filter finds, by unit; units without any are left out."""
    alike: dict[Filter, list[str]] = {}
    for name, wanted in asked.items():
        alike.setdefault(_index_part(wanted), []).append(name)
    found: dict[str, dict[str, int]] = {}
    for common, names in alike.items():
        for one in await _counts(reader, common, {name: asked[name] for name in names}):
            found.setdefault(one["unit"], dict.fromkeys(asked, 0)).update({name: one[name] for name in names})
    return {unit: numbers for unit, numbers in found.items() if any(numbers.values())}


def _index_part(asked: Filter) -> Filter:
    """What an index answers of a filter: figures that share it are counted in one pass."""
    return Filter(
        open=asked.open, settled_from=asked.settled_from, settled_to=asked.settled_to, received_from=asked.received_from,
        received_to=asked.received_to,
    )  # fmt: skip


async def _counts(reader: Reader, common: Filter, asked: Mapping[str, Filter]) -> Sequence[Any]:
    t = reader.table(DossierLineRow)
    counts = [func.count().filter(and_(true(), *conditions(t, wanted))).label(name) for name, wanted in asked.items()]
    return await rows(reader.db, select(t.c.unit, *counts).where(*conditions(t, common)).group_by(t.c.unit))


async def listed(
    reader: Reader, viewer: Viewer, asked: Filter, *, after: UUID | None, back: bool, most: int
) -> list[DossierLine]:
    """At most `most` lines, newest first, from the one after `after` (or before it, read backwards)."""
    t = reader.table(DossierLineRow)
    where = [visible(t.c, viewer), *conditions(t, asked)]
    if after is not None:
        where.append(t.c.id > after if back else t.c.id < after)
    ordered = select(t).where(*where).order_by(t.c.id if back else t.c.id.desc()).limit(most)
    return [DossierLine(*one) for one in await rows(reader.db, ordered)]


async def line(reader: Reader, viewer: Viewer, dossier: UUID) -> DossierLine | None:
    """This dossier's line, when it is there and the viewer may see it."""
    t = reader.table(DossierLineRow)
    found = await row(reader.db, select(t).where(t.c.id == dossier, visible(t.c, viewer)))
    return DossierLine(*found) if found is not None else None


async def moments(reader: Reader, dossier: UUID) -> list[Moment]:
    """The timeline of a dossier in the order of its facts."""
    t = reader.table(MomentRow)
    return [
        Moment(*one) for one in await rows(reader.db, select(t).where(t.c.dossier == dossier).order_by(t.c.sequence))
    ]


async def number(reader: Reader, viewer: Viewer, asked: Filter) -> int:
    """How many lines a filter finds among those the viewer may see."""
    t = reader.table(DossierLineRow)
    found = await row(reader.db, select(func.count()).select_from(t).where(visible(t.c, viewer), *conditions(t, asked)))
    return int(found[0]) if found is not None else 0


async def procedure_names(reader: Reader, codes: Sequence[str]) -> dict[str, str]:
    """The names of these procedures, as far as they were described."""
    t = reader.table(ProcedureRow)
    return {
        each["procedure"]: each["name"]
        for each in await rows(reader.db, select(t.c.procedure, t.c.name).where(t.c.procedure.in_(codes)))
    }


async def units(reader: Reader, code: str | None = None) -> Sequence[Any]:
    """Current records of all units, or of one."""
    t = reader.table(UnitRow)
    return await rows(reader.db, select(t).where(t.c.unit == code if code is not None else true()).order_by(t.c.unit))


async def days(reader: Reader, unit: str, first: date, last: date) -> Sequence[Any]:
    """Flows of a unit by day, all channels together."""
    t = reader.table(UnitDayRow)
    sums = [func.sum(t.c[name]).label(name) for name in NAMES]
    wanted = select(t.c.day, *sums).where(t.c.unit == unit, t.c.day.between(first, last))
    return await rows(reader.db, wanted.group_by(t.c.day).order_by(t.c.day))


async def newest_at(reader: Reader) -> datetime | None:
    """When the newest fact applied was recorded; None before the first."""
    found: datetime | None = await reader.db.fetchval("SELECT max(newest_at) FROM projection_place")
    return found


_MISMATCH = """WITH stock AS (SELECT unit, channel, count(*) AS received, count(*) FILTER (WHERE open) AS open FROM dossier_line_{v} GROUP BY 1, 2),
flow AS (SELECT unit, channel, sum(received) AS received,
    sum(received - refused - settled_before - settled_on - settled_over - settled_unknown - withdrawn) AS open FROM unit_day_{v} GROUP BY 1, 2)
SELECT count(*) FROM stock s FULL JOIN flow f USING (unit, channel)
WHERE coalesce(s.received, 0) <> coalesce(f.received, 0) OR coalesce(s.open, 0) <> coalesce(f.open, 0)"""


async def mismatches(reader: Reader) -> int:
    """Places (unit and channel) where lines and counters disagree about what was received or is open; must be 0."""
    found: int = await reader.db.fetchval(_MISMATCH.format(v=reader.version))
    return found
