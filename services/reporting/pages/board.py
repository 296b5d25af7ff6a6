"""The leaders' board: what is late and with whom, what falls due, how old the backlog is, the trend, the league."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil
from typing import Any, Final

from starlette.responses import Response

from services.reporting import domain, handlers
from services.reporting.domain import CaseFilter, Filter
from services.reporting.domain.league import Standing
from services.reporting.handlers import AGES, Board
from services.reporting.pages import questions
from services.reporting.pages.numbers import Number, number, share
from shared.web.pages import charts
from shared.web.pages.visit import Visit
from shared.web.pages.writing import decimal_text, number_text, share_text

TILES: Final = ("overdue", "due_today", "open", "waiting", "settled_month", "late_month")
_MOST_HOLDERS: Final = 10
_LEAST_SCALE: Final = 5
"""One late dossier is a short bar, also where nobody holds more."""


async def show(visit: Visit) -> Response:
    """The board of whoever is signed in."""
    board, language = await handlers.board(visit.site.works, visit.somebody), visit.language
    words, weeks = visit.words("board"), [_pair(row) for row in board.weeks]
    return visit.page(
        "board.html", "board", scope=_scope(board, words), tiles=[_number(board, name, language) for name in TILES], share=share(board.figures, language),
        holders=[_holder(board, each, language) for each in board.holders[:_MOST_HOLDERS]], more=max(0, len(board.holders) - _MOST_HOLDERS),
        overdue=questions.address(board.filters["overdue"]), due=_due(board, language), ages=_ages(board, words, language),
        weeks=[_week(row["week"].date(), pair, language) for row, pair in zip(board.weeks, weeks, strict=True)],
        trend=charts.trend(weeks, words["trend-alt"]), most=number_text(max((max(pair.came, pair.done) for pair in weeks), default=0), language),
        league=[_place(board, place, each, language) for place, each in board.league if place is not None],
        unranked=[_place(board, place, each, language) for place, each in board.league if place is None],
        case_tiles=[_case_number(board, name, language) for name in board.case_filters],
        case_holders=[_case_holder(board, each, language) for each in board.case_holders[:_MOST_HOLDERS]],
        sees_cases=visit.somebody.has("head", "inspector"), today=board.today, newest=board.as_of,
    )  # fmt: skip


def _scope(board: Board, words: Any) -> str:
    """Whose figures these are."""
    if board.viewer.units is None:
        return str(words["whole"])
    return ", ".join(board.names.get(unit, unit) for unit in sorted(board.viewer.units))


def _number(board: Board, name: str, language: str) -> Number:
    title = getattr(domain.FIGURES[name], language)
    return number(name, board.figures[name], board.filters[name], language, title=title)


def _case_number(board: Board, name: str, language: str) -> Number:
    title = domain.CASE_TITLES[name][language == "en"]
    return number(name, board.case_figures[name], board.case_filters[name], language, title=title)


def _case_holder(board: Board, row: Any, language: str) -> dict[str, Any]:
    """Who holds letters that are late."""
    asked = CaseFilter(
        unit=row["unit"], open=True, due_before=board.today, officer=row["officer"], assigned=None if row["officer"] else False
    )  # fmt: skip
    most = max(_LEAST_SCALE, *(each["late"] for each in board.case_holders))
    return _held(board, row, most, number("late", row["late"], asked, language))


def _holder(board: Board, row: Any, language: str) -> dict[str, Any]:
    """Who holds what is late; nobody named is said as plainly."""
    asked = Filter(
        unit=row["unit"], open=True, due_before=board.today, officer=row["officer"], assigned=None if row["officer"] else False
    )  # fmt: skip
    most = max(_LEAST_SCALE, *(each["late"] for each in board.holders))
    return _held(board, row, most, number("late", row["late"], asked, language))


def _held(board: Board, row: Any, most: int, late: Number) -> dict[str, Any]:
    return {
        "unit": board.names.get(row["unit"], row["unit"]), "code": row["unit"], "officer": row["officer"], "late": late,
        "days": (board.today - row["oldest"]).days, "bar": charts.bar(row["late"], most, "late"),
    }  # fmt: skip


def _due(board: Board, language: str) -> list[dict[str, Any]]:
    """The days ahead on which something falls due."""
    most = max(board.due.values(), default=0)
    return [
        {"day": day, "due": number("due", due, Filter(open=True, due_on=day), language), "bar": charts.bar(due, most)}
        for day, due in sorted(board.due.items())
    ]


def _ages(board: Board, words: Any, language: str) -> list[dict[str, Any]]:
    names = {low: f"age-{low}" for low, _ in AGES}
    most = max(board.figures[name] for name in names.values())
    return [
        {
            "text": words["age"].format(low=low, high=high) if high is not None else words["age-over"].format(low=low - 1),
            "open": number("age", board.figures[names[low]], board.filters[names[low]], language),
            "bar": charts.bar(board.figures[names[low]], most, "late" if high is None else "plain"),
        }
        for low, high in AGES
    ]  # fmt: skip


def _pair(row: Any) -> charts.Pair:
    return charts.Pair(row["received"], row["on_time"] + row["late"], row["late"])


def _week(monday: date, pair: charts.Pair, language: str) -> tuple[date, tuple[Number, ...]]:
    sunday = monday + timedelta(days=6)
    return monday, (
        number("received", pair.came, Filter(received_from=monday, received_to=sunday), language),
        number("settled", pair.done, Filter(timing=("before", "on", "over"), settled_from=monday, settled_to=sunday), language),
        number("late", pair.late, Filter(timing=("over",), settled_from=monday, settled_to=sunday), language),
    )  # fmt: skip


def _place(board: Board, place: int | None, standing: Standing, language: str) -> dict[str, Any]:
    low, high = standing.interval
    found = standing.on_time / standing.settled if standing.settled else 0.0
    first, unit = board.today - timedelta(days=handlers.LEAGUE_DAYS - 1), standing.unit
    return {
        "place": place, "unit": board.names.get(unit, unit), "code": unit, "bar": charts.interval(low, found, high) if standing.settled else "",
        "rate": share_text(standing.on_time, standing.settled, language), "low": share_text(int(low * 1000), 1000, language),
        "high": share_text(ceil(high * 1000), 1000, language), "median": _days(standing.median, language), "p90": _days(standing.p90, language),
        "settled": number("settled_league", standing.settled, Filter(settled_from=first, settled_to=board.today), language, of=unit),
        "open": number("open", standing.open, board.filters["open"], language, of=unit),
        "overdue": number("overdue", standing.overdue, board.filters["overdue"], language, of=unit), "backlog": _days(standing.backlog_days, language),
    }  # fmt: skip


def _days(value: float | None, language: str) -> str:
    return decimal_text(value, language) if value is not None else "–"
