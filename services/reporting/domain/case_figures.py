"""Figures of letters and the filters behind them: a figure is the length of the list its own filter gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.reporting.domain.figures import month_of, pairs


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """A question asked of the cases; every field that is set narrows it, tuples mean "one of"."""

    unit: str | None = None
    kind: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    phase: tuple[str, ...] = ()
    open: bool | None = None
    breached: bool | None = None
    due_on: date | None = None
    due_before: date | None = None
    timing: tuple[str, ...] = ()
    resolved_from: date | None = None
    resolved_to: date | None = None
    received_from: date | None = None
    received_to: date | None = None
    officer: str | None = None
    assigned: bool | None = None

    def pairs(self) -> list[tuple[str, str]]:
        """The filter as query parameters, in the order of its fields."""
        return pairs(self)


CASE_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "cases_open": ("Vụ việc đang giải quyết", "Cases open"),
    "cases_overdue": ("Vụ việc quá hạn", "Cases overdue"),
    "cases_received_month": ("Vụ việc nhận trong tháng", "Cases received this month"),
    "cases_resolved_month": ("Đã trả lời, giải quyết trong tháng", "Answered or decided this month"),
    "cases_late_month": ("Trả lời trễ trong tháng", "Answered late this month"),
}


def case_figures(today: date) -> dict[str, CaseFilter]:
    """What is asked of the cases on this day."""
    first, last = month_of(today)
    return {
        "cases_open": CaseFilter(open=True),
        "cases_overdue": CaseFilter(open=True, due_before=today),
        "cases_received_month": CaseFilter(received_from=first, received_to=last),
        "cases_resolved_month": CaseFilter(resolved_from=first, resolved_to=last),
        "cases_late_month": CaseFilter(timing=("over",), resolved_from=first, resolved_to=last),
    }
