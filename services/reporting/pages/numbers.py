"""Figures as pages show them: each with the list behind it, so that nobody has to believe a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.reporting import domain
from services.reporting.domain import CaseFilter, Filter
from services.reporting.handlers import Overview
from services.reporting.pages import questions
from shared.web.pages.writing import number_text, share_text

ALL: Final = "all"
BAD: Final = frozenset({"overdue", "late_month", "cases_overdue", "cases_late_month", "late"})
"""Figures that are red unless they are zero."""


@dataclass(frozen=True, slots=True)
class Number:
    """A figure and the page of its list; `of` is the unit it counts, `all` for the province, empty for what its reader may see."""

    name: str
    title: str
    value: int
    text: str
    link: str
    of: str = ""

    @property
    def bad(self) -> bool:
        """Whether it is one of those that should be zero."""
        return self.name in BAD


def number(
    name: str, value: int, asked: Filter | CaseFilter, language: str, *, title: str = "", of: str = ""
) -> Number:
    """A figure of this filter; of one unit when the filter does not say so itself."""
    also = {"unit": of} if of not in {"", ALL} else {}
    return Number(name, title, value, number_text(value, language), questions.address(asked, **also), of)


def numbers(found: Overview, unit: str | None, names: tuple[str, ...], language: str) -> tuple[Number, ...]:
    """These figures of one unit, or of the province."""
    values = found.of(unit)
    return tuple(
        number(name, values[name], found.filters[name], language, title=getattr(domain.FIGURES[name], language), of=unit or ALL)
        for name in names
    )  # fmt: skip


def case_numbers(found: Overview, unit: str | None, language: str) -> tuple[Number, ...]:
    """The figures of letters of one unit, or of the province."""
    values = found.cases_of(unit)
    return tuple(
        number(name, values[name], found.case_filters[name], language, title=titles[language == "en"], of=unit or ALL)
        for name, titles in domain.CASE_TITLES.items()
    )


@dataclass(frozen=True, slots=True)
class Rate:
    """How the promise was kept this month: so many of so many."""

    on_time: Number
    settled: Number
    share: str


def rate(found: Overview, unit: str | None, language: str) -> Rate:
    """The same of one unit, or of the province."""
    on_time, settled = numbers(found, unit, ("on_time_month", "settled_month"), language)
    return Rate(on_time, settled, share(found.of(unit), language))


def share(values: Mapping[str, int], language: str) -> str:
    """The share settled in time this month; a dash before the first."""
    return share_text(values["on_time_month"], values["settled_month"], language)
