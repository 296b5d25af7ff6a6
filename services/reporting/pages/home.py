"""What the first page says, ready for its template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from services.reporting import domain, handlers
from services.reporting.handlers import Overview
from services.reporting.pages.numbers import Number, case_numbers, numbers, rate, share
from shared.web.pages.visit import Visit

TILES: Final = ("open", "due_today", "overdue", "on_time_month")
COLUMNS: Final = ("open", "due_today", "overdue", "settled_month", "on_time_month")
LESSER: Final = ("due_today", "settled_month", "on_time_month")
"""Columns a telephone has no room for; the unit's own page shows them."""


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One row of the table of units."""

    code: str
    name: str
    numbers: tuple[Number, ...]
    share: str
    busy: int


async def show(visit: Visit) -> Response:
    """The first page."""
    found, language = await handlers.overview(visit.site.works), visit.language
    units = _units(found, language)
    return visit.page(
        "home.html",
        "home",
        tiles=numbers(found, None, TILES, language),
        columns={name: getattr(domain.FIGURES[name], language) for name in COLUMNS},
        lesser=LESSER,
        rate=rate(found, None, language),
        units=[unit for unit in units if unit.busy],
        quiet=[unit for unit in units if not unit.busy],
        letters=case_numbers(found, None, language),
        today=found.today,
        newest=found.as_of,
    )


def _units(found: Overview, language: str) -> list[UnitLine]:
    """Those with most to do first, then by name."""
    lines = [_unit(found, code, name, language) for code, name in found.names().items()]
    return sorted(lines, key=lambda line: (-line.busy, line.name))


def _unit(found: Overview, code: str, name: str, language: str) -> UnitLine:
    values = found.of(code)
    busy = values["open"] + values["settled_month"]
    return UnitLine(code, name, numbers(found, code, COLUMNS, language), share(values, language), busy)
