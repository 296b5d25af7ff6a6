"""One unit: how it keeps its promises, for everybody; each figure leads to its list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from starlette.responses import Response

from services.reporting import handlers
from services.reporting.domain import Filter
from services.reporting.pages.numbers import Number, case_numbers, number, numbers, rate
from shared.web.pages import charts
from shared.web.pages.visit import Visit
from shared.web.pages.writing import number_text

FIGURES: Final = ("open", "due_today", "overdue", "waiting", "received_month", "settled_month", "on_time_month", "late_month")  # fmt: skip
_DAYS: Final = 30


async def show(visit: Visit) -> Response:
    """The unit's page."""
    code, language = visit.request.path_params["unit"], visit.language
    shown, found = await handlers.show_unit(visit.site.works, code), await handlers.overview(visit.site.works)
    words, flows = visit.words("unit"), _flows(shown.days, found.today)
    return visit.page(
        "unit.html",
        "unit",
        unit=shown.unit,
        tiles=numbers(found, code, FIGURES, language),
        letters=case_numbers(found, code, language),
        rate=rate(found, code, language),
        days=[_day(code, day, pair, language) for day, pair in flows.items()] if shown.days else [],
        most=number_text(max(max(pair.came, pair.done) for pair in flows.values()), language),
        chart=charts.trend(list(flows.values()), words["chart"]),
        today=found.today,
        newest=found.as_of,
    )


def _flows(found: Sequence[Any], today: date) -> Mapping[date, charts.Pair]:
    """Thirty days up to today, also those on which nothing happened."""
    days = {today - timedelta(days=n): charts.Pair(0, 0, 0) for n in range(_DAYS - 1, -1, -1)}
    return days | {each["day"]: charts.Pair(each["received"], _settled(each), each["settled_over"]) for each in found}


def _settled(day: Any) -> int:
    return int(day["settled_before"] + day["settled_on"] + day["settled_over"] + day["settled_unknown"])


def _day(unit: str, day: date, pair: charts.Pair, language: str) -> tuple[date, tuple[Number, ...]]:
    settled = Filter(settled_from=day, settled_to=day)
    late = Filter(timing=("over",), settled_from=day, settled_to=day)
    return day, (
        number("received", pair.came, Filter(received_from=day, received_to=day), language, of=unit),
        number("settled", pair.done, settled, language, of=unit),
        number("late", pair.late, late, language, of=unit),
    )
