"""One unit: how it keeps its promises, for everybody; each figure leads to its list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from starlette.responses import Response

from services.reporting import domain, handlers
from services.reporting.pages import charts, home
from services.reporting.pages.visit import Visit
from services.reporting.pages.writing import moment_text

FIGURES: Final = ("open", "due_today", "overdue", "waiting", "received_month", "settled_month", "on_time_month", "late_month")  # fmt: skip


async def show(visit: Visit) -> Response:
    """The unit's page."""
    code = visit.request.path_params["unit"]
    shown, found = await handlers.show_unit(visit.site.works, code), await handlers.overview(visit.site.works)
    words, days = visit.words("home", "unit"), _days(shown.days, domain.day_of(visit.site.works.clock()))
    newest = moment_text(found.as_of) if found.as_of is not None else words["never"]
    return visit.page(
        "unit.html",
        "unit",
        unit=shown.unit,
        kind=words.get(f"kind-{shown.unit['kind']}", ""),
        tiles=home.numbers(found, code, FIGURES, visit.language),
        letters=home.case_numbers(found, code, visit.language),
        rate=home.rate(found.of(code), words, visit.language),
        days=days if shown.days else [],
        most=max(max(day["received"], day["settled"]) for day in days),
        chart=charts.trend([charts.Pair(day["received"], day["settled"], day["late"]) for day in days], words["chart"]),
        as_of=words["as_of"].format(now=moment_text(visit.site.works.clock()), newest=newest),
    )


def _settled(day: Any) -> int:
    return int(day["settled_before"] + day["settled_on"] + day["settled_over"] + day["settled_unknown"])


def _days(found: Sequence[Any], today: date) -> list[dict[str, Any]]:
    """Thirty days up to today, also those on which nothing happened."""
    flows = {day["day"]: day for day in found}
    return [_day(today - timedelta(days=n), flows) for n in range(29, -1, -1)]


def _day(day: date, flows: Mapping[date, Any]) -> dict[str, Any]:
    flow = flows.get(day)
    if flow is None:
        return {"day": day, "received": 0, "settled": 0, "late": 0}
    return {"day": day, "received": flow["received"], "settled": _settled(flow), "late": flow["settled_over"]}
