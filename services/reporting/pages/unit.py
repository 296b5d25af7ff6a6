"""One unit: how it keeps its promises, for everybody; each figure leads to its list."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from services.reporting import handlers
from services.reporting.pages import charts, home
from services.reporting.pages.visit import Visit
from services.reporting.pages.writing import moment_text

FIGURES: Final = ("open", "due_today", "overdue", "waiting", "received_month", "settled_month", "on_time_month", "late_month")  # fmt: skip


async def show(visit: Visit) -> Response:
    """The unit's page."""
    code = visit.request.path_params["unit"]
    shown, found = await handlers.show_unit(visit.site.works, code), await handlers.overview(visit.site.works)
    words = visit.words("home", "unit")
    newest = moment_text(found.as_of) if found.as_of is not None else words["never"]
    return visit.page(
        "unit.html",
        "unit",
        unit=shown.unit,
        kind=words.get(f"kind-{shown.unit['kind']}", ""),
        tiles=home.numbers(found, code, FIGURES, visit.language),
        rate=home.rate(found.of(code), words, visit.language),
        days=[_day(day) for day in shown.days],
        most=max((max(pair.came, pair.done) for pair in map(_pair, shown.days)), default=0),
        chart=charts.trend([_pair(day) for day in shown.days], words["chart"]),
        as_of=words["as_of"].format(now=moment_text(visit.site.works.clock()), newest=newest),
    )


def _settled(day: Any) -> int:
    return int(day["settled_before"] + day["settled_on"] + day["settled_over"] + day["settled_unknown"])


def _pair(day: Any) -> charts.Pair:
    return charts.Pair(day["received"], _settled(day), day["settled_over"])


def _day(day: Any) -> dict[str, Any]:
    return {"day": day["day"], "received": day["received"], "settled": _settled(day), "late": day["settled_over"]}
