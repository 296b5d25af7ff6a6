"""Questions of those who lead: who holds what is late, what falls due, how old the backlog is, trend, league."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select, true

from services.reporting.domain import Filter
from services.reporting.domain.league import Standing
from services.reporting.store.reads import Reader, Viewer, conditions, visible
from services.reporting.tables import DossierLineRow, UnitDayRow
from shared.store.db import row, rows


async def counts(reader: Reader, viewer: Viewer, asked: Mapping[str, Filter]) -> dict[str, int]:
    """How many lines each filter finds among those the viewer may see."""
    t = reader.table(DossierLineRow)
    columns = [func.count().filter(*conditions(t, wanted), true()).label(name) for name, wanted in asked.items()]
    found = await row(reader.db, select(*columns).select_from(t).where(visible(t.c, viewer)))
    return dict(found or {})


async def holders(reader: Reader, viewer: Viewer, today: date) -> Sequence[Any]:
    """Who holds what is late: unit, officer (None: nobody was named), how many, the oldest due day; worst first."""
    t = reader.table(DossierLineRow)
    late, oldest = func.count().label("late"), func.min(t.c.due_on).label("oldest")
    asked = select(t.c.unit, t.c.officer, late, oldest).where(t.c.open, t.c.due_on < today, visible(t.c, viewer))
    return await rows(reader.db, asked.group_by(t.c.unit, t.c.officer).order_by(late.desc(), oldest))


async def due_days(reader: Reader, viewer: Viewer, first: date, last: date) -> dict[date, int]:
    """How many open dossiers fall due on each of these days."""
    t = reader.table(DossierLineRow)
    asked = select(t.c.due_on, func.count().label("due")).where(
        t.c.open, t.c.due_on.between(first, last), visible(t.c, viewer)
    )
    return {each["due_on"]: each["due"] for each in await rows(reader.db, asked.group_by(t.c.due_on))}


async def weeks(reader: Reader, viewer: Viewer, first: date, last: date) -> Sequence[Any]:
    """Flows by week (its Monday): received, settled in time, settled late."""
    t = reader.table(UnitDayRow)
    week = func.date_trunc("week", t.c.day).label("week")
    asked = select(
        week,
        func.sum(t.c.received).label("received"),
        func.sum(t.c.settled_before + t.c.settled_on).label("on_time"),
        func.sum(t.c.settled_over).label("late"),
    ).where(t.c.day.between(first, last), true() if viewer.units is None else t.c.unit.in_(sorted(viewer.units)))
    return await rows(reader.db, asked.group_by(week).order_by(week))


_LEAGUE = """WITH w AS (SELECT * FROM unnest($3::date[], $4::int[]) AS u(day, n)),
done AS (SELECT unit, count(*) AS settled, count(*) FILTER (WHERE timing IN ('before', 'on')) AS on_time,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY used) AS median, percentile_cont(0.9) WITHIN GROUP (ORDER BY used) AS p90
    FROM (SELECT l.unit, l.timing, CASE WHEN began.n IS NOT NULL THEN greatest(0, ended.n - began.n - coalesce((SELECT sum(CASE WHEN s.o % 2 = 0 THEN w.n ELSE -w.n END)
            FROM unnest(l.stops) WITH ORDINALITY AS s(at, o) JOIN w ON w.day = (s.at AT TIME ZONE INTERVAL '7 hours')::date
            WHERE s.o <= array_length(l.stops, 1) / 2 * 2), 0)) END AS used
        FROM dossier_line_{v} l JOIN w ended ON ended.day = l.settled_on LEFT JOIN w began ON began.day = l.received_on
        WHERE l.settled_on BETWEEN $1 AND $2) used GROUP BY unit),
waiting AS (SELECT unit, count(*) AS open, count(*) FILTER (WHERE due_on < $5) AS overdue,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY $5 - received_on) AS backlog_days FROM dossier_line_{v} WHERE open GROUP BY unit)
SELECT unit, coalesce(settled, 0) AS settled, coalesce(on_time, 0) AS on_time, median, p90, coalesce(open, 0) AS open,
    coalesce(overdue, 0) AS overdue, backlog_days FROM done FULL JOIN waiting USING (unit) ORDER BY unit"""


async def league(
    reader: Reader, first: date, last: date, today: date, working_days: Mapping[date, int]
) -> list[Standing]:
    """Every unit's standing over what it settled from `first` to `last`; `working_days`: how many there were up to each day.

    A dossier received before the first of these days counts no working days before it, and has no used days then.
    """
    found = await reader.db.fetch(
        _LEAGUE.format(v=reader.version), first, last, list(working_days), list(working_days.values()), today
    )
    return [Standing(**each) for each in found]
