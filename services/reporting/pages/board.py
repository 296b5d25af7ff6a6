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
from services.reporting.pages import charts, questions
from services.reporting.pages.home import Number
from services.reporting.pages.visit import Visit
from services.reporting.pages.writing import decimal_text, moment_text, number_text, share_text

TILES: Final = ("overdue", "due_today", "open", "waiting", "settled_month", "late_month")
_MOST_HOLDERS: Final = 10
_LEAST_SCALE: Final = 5
"""One late dossier is a short bar, also where nobody holds more."""


async def show(visit: Visit) -> Response:
    """The board of whoever is signed in."""
    board = await handlers.board(visit.site.works, visit.somebody)
    words, language = visit.words("board"), visit.language
    newest = moment_text(board.as_of) if board.as_of is not None else "–"
    return visit.page(
        "board.html", "board", scope=_scope(board, words), tiles=[_number(board, name, language) for name in TILES],
        share=share_text(board.figures["on_time_month"], board.figures["settled_month"], language),
        holders=[_holder(board, each) for each in board.holders[:_MOST_HOLDERS]], more=max(0, len(board.holders) - _MOST_HOLDERS),
        due=_due(board), ages=_ages(board, words), weeks=[_week(each) for each in board.weeks],
        trend=charts.trend([charts.Pair(w["received"], w["on_time"] + w["late"], w["late"]) for w in board.weeks], words["trend-alt"]),
        league=[_place(board, place, each, language) for place, each in board.league if place is not None],
        unranked=[_place(board, place, each, language) for place, each in board.league if place is None],
        most=number_text(max((max(w["received"], w["on_time"] + w["late"]) for w in board.weeks), default=0), language),
        case_tiles=[_case_number(board, name, language) for name in board.case_filters],
        case_holders=[_case_holder(board, each) for each in board.case_holders[:_MOST_HOLDERS]], sees_cases=visit.somebody.has("head", "inspector"),
        as_of=words["as_of"].format(now=moment_text(visit.site.works.clock()), newest=newest),
    )  # fmt: skip


def _scope(board: Board, words: Any) -> str:
    """Whose figures these are."""
    if board.viewer.units is None:
        return str(words["whole"])
    return ", ".join(board.names.get(unit, unit) for unit in sorted(board.viewer.units))


def _number(board: Board, name: str, language: str) -> Number:
    value, title = board.figures[name], getattr(domain.FIGURES[name], language)
    return Number(name, title, value, number_text(value, language), questions.address(board.filters[name]))


def _case_number(board: Board, name: str, language: str) -> Number:
    vi, en = domain.CASE_TITLES[name]
    value, link = board.case_figures[name], questions.address(board.case_filters[name])
    return Number(name, en if language == "en" else vi, value, number_text(value, language), link)


def _case_holder(board: Board, row: Any) -> dict[str, Any]:
    """Who holds letters that are late."""
    asked = CaseFilter(
        unit=row["unit"], open=True, due_before=board.today, officer=row["officer"], assigned=None if row["officer"] else False
    )  # fmt: skip
    most = max(_LEAST_SCALE, *(each["late"] for each in board.case_holders))
    return _held(board, row, most, questions.address(asked))


def _holder(board: Board, row: Any) -> dict[str, Any]:
    """Who holds what is late; nobody named is said as plainly."""
    asked = Filter(
        unit=row["unit"], open=True, due_before=board.today, officer=row["officer"], assigned=None if row["officer"] else False
    )  # fmt: skip
    most = max(_LEAST_SCALE, *(each["late"] for each in board.holders))
    return _held(board, row, most, questions.address(asked))


def _held(board: Board, row: Any, most: int, link: str) -> dict[str, Any]:
    return {
        "unit": board.names.get(row["unit"], row["unit"]), "code": row["unit"], "officer": row["officer"], "late": row["late"], "oldest": row["oldest"],
        "days": (board.today - row["oldest"]).days, "link": link, "bar": charts.bar(row["late"], most, "late"),
    }  # fmt: skip


def _due(board: Board) -> list[dict[str, Any]]:
    """The days ahead on which something falls due."""
    most = max(board.due.values(), default=0)
    return [
        {"day": day, "due": board.due[day], "link": questions.address(Filter(open=True, due_on=day)), "bar": charts.bar(board.due[day], most)}
        for day in sorted(board.due)
    ]  # fmt: skip


def _ages(board: Board, words: Any) -> list[dict[str, Any]]:
    values = {low: board.figures[f"age-{low}"] for low, _ in AGES}
    most = max(values.values())
    return [
        {
            "text": words["age"].format(low=low, high=high) if high is not None else words["age-over"].format(low=low - 1), "value": values[low],
            "link": questions.address(board.filters[f"age-{low}"]), "bar": charts.bar(values[low], most, "late" if high is None else "plain"),
        }
        for low, high in AGES
    ]  # fmt: skip


def _week(row: Any) -> dict[str, Any]:
    monday: date = row["week"].date()
    sunday = monday + timedelta(days=6)
    done, late = row["on_time"] + row["late"], row["late"]
    return {
        "monday": monday, "received": row["received"], "done": done, "late": late,
        "received_link": questions.address(Filter(received_from=monday, received_to=sunday)),
        "done_link": questions.address(Filter(timing=("before", "on", "over"), settled_from=monday, settled_to=sunday)),
        "late_link": questions.address(Filter(timing=("over",), settled_from=monday, settled_to=sunday)),
    }  # fmt: skip


def _place(board: Board, place: int | None, standing: Standing, language: str) -> dict[str, Any]:
    low, high = standing.interval
    share = standing.on_time / standing.settled if standing.settled else 0.0
    first = board.today - timedelta(days=handlers.LEAGUE_DAYS - 1)
    settled = Filter(unit=standing.unit, settled_from=first, settled_to=board.today)
    return {
        "place": place, "unit": board.names.get(standing.unit, standing.unit), "code": standing.unit, "settled": standing.settled,
        "rate": share_text(standing.on_time, standing.settled, language), "low": share_text(int(low * 1000), 1000, language),
        "high": share_text(ceil(high * 1000), 1000, language), "bar": charts.interval(low, share, high) if standing.settled else "",
        "median": _days(standing.median, language), "p90": _days(standing.p90, language), "open": standing.open, "overdue": standing.overdue,
        "backlog": _days(standing.backlog_days, language), "settled_link": questions.address(settled),
        "overdue_link": questions.address(Filter(unit=standing.unit, open=True, due_before=board.today)),
        "open_link": questions.address(Filter(unit=standing.unit, open=True)),
    }  # fmt: skip


def _days(value: float | None, language: str) -> str:
    return decimal_text(value, language) if value is not None else "–"
