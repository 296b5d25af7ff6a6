"""Figures and the filters behind them: a figure is the length of the list its own filter gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Filter:
    """A question asked of the lines; every field that is set narrows it, tuples mean "one of"."""

    unit: str | None = None
    procedure: str | None = None
    state: tuple[str, ...] = ()
    phase: tuple[str, ...] = ()
    open: bool | None = None
    paused: bool | None = None
    breached: bool | None = None
    due_on: date | None = None
    due_before: date | None = None
    timing: tuple[str, ...] = ()
    settled_from: date | None = None
    settled_to: date | None = None
    received_from: date | None = None
    received_to: date | None = None
    officer: str | None = None
    assigned: bool | None = None
    source: str | None = None

    def pairs(self) -> list[tuple[str, str]]:
        """The filter as query parameters, in the order of its fields."""
        return pairs(self)


def pairs(asked: Any) -> list[tuple[str, str]]:
    """A filter as query parameters, in the order of its fields."""
    return [(field.name, text) for field in fields(asked) for text in _written(getattr(asked, field.name))]


def _written(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]


def month_of(day: date) -> tuple[date, date]:
    """First and last day of its month."""
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day.replace(day=1), following - timedelta(days=1)


def _overdue(today: date) -> Filter:
    """Open, and the day it is due is over: a dossier is late from 00:00 of the next day."""
    return Filter(open=True, due_before=today)


def _settled(today: date, *timing: str) -> Filter:
    first, last = month_of(today)
    return Filter(timing=timing, settled_from=first, settled_to=last)


def _received(today: date) -> Filter:
    first, last = month_of(today)
    return Filter(received_from=first, received_to=last)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the overview: its title and the filter it counts, which depends on the day."""

    name: str
    vi: str
    en: str
    asks: Callable[[date], Filter]


FIGURES: Final[Mapping[str, Figure]] = {
    figure.name: figure
    for figure in (
        Figure("open", "Đang giải quyết", "Open", lambda _today: Filter(open=True)),
        Figure("due_today", "Đến hạn hôm nay", "Due today", lambda today: Filter(open=True, due_on=today)),
        Figure("overdue", "Quá hạn", "Overdue", _overdue),
        Figure("waiting", "Tạm dừng, chờ bổ sung", "Waiting for papers", lambda _today: Filter(open=True, paused=True)),
        Figure("received_month", "Tiếp nhận trong tháng", "Received this month", _received),
        Figure("settled_month", "Đã giải quyết trong tháng", "Settled this month", _settled),
        Figure(
            "on_time_month", "Đúng hẹn trong tháng", "On time this month",
            lambda today: _settled(today, "before", "on"),
        ),
        Figure("late_month", "Trễ hạn trong tháng", "Late this month", lambda today: _settled(today, "over")),
    )
}  # fmt: skip
