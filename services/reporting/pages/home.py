"""What the first page says, ready for its template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from services.reporting import domain, handlers
from services.reporting.handlers import Overview
from services.reporting.pages import questions
from services.reporting.pages.visit import Visit
from services.reporting.pages.writing import moment_text, number_text, share_text

TILES: Final = ("open", "due_today", "overdue", "on_time_month")
COLUMNS: Final = ("open", "due_today", "overdue", "settled_month", "on_time_month")


@dataclass(frozen=True, slots=True)
class Number:
    """A figure as it is shown, and the page of the list behind it."""

    name: str
    title: str
    value: int
    text: str
    link: str


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
    found, now = await handlers.overview(visit.site.works), visit.site.works.clock()
    words, language, province = visit.words("home"), visit.language, found.of(None)
    newest = moment_text(found.as_of) if found.as_of is not None else words["never"]
    return visit.page(
        "home.html",
        "home",
        tiles=numbers(found, None, TILES, language),
        columns=[getattr(domain.FIGURES[name], language) for name in COLUMNS],
        rate=rate(province, words, language),
        units=_units(found, language),
        letters=case_numbers(found, None, language),
        as_of=words["as_of"].format(now=moment_text(now), newest=newest),
    )


def case_numbers(found: Overview, unit: str | None, language: str) -> tuple[Number, ...]:
    """The figures of letters of one unit, or of the province."""
    values, also = found.cases_of(unit), {"unit": unit} if unit else {}
    return tuple(
        Number(name, titles[language == "en"], values[name], number_text(values[name], language), questions.address(found.case_filters[name], **also))
        for name, titles in domain.CASE_TITLES.items()
    )  # fmt: skip


def numbers(found: Overview, unit: str | None, names: tuple[str, ...], language: str) -> tuple[Number, ...]:
    """These figures of one unit, or of the province."""
    values, also = found.of(unit), {"unit": unit} if unit else {}
    return tuple(
        Number(name, getattr(domain.FIGURES[name], language), values[name], number_text(values[name], language), questions.address(found.filters[name], **also))
        for name in names
    )  # fmt: skip


def rate(values: Mapping[str, int], words: Mapping[str, str], language: str) -> str:
    """How the promise was kept this month, as a sentence."""
    settled, on_time = values["settled_month"], values["on_time_month"]
    if settled == 0:
        return words["no_rate"]
    said: dict[str, Any] = {"on_time": number_text(on_time, language), "settled": number_text(settled, language)}
    return words["rate"].format(rate=share_text(on_time, settled, language), **said)


def _units(found: Overview, language: str) -> list[UnitLine]:
    """Units with open dossiers first, then those with traffic, then the others by name."""
    lines = [_unit(found, code, name, language) for code, name in found.names().items()]
    return sorted(lines, key=lambda line: (-line.busy, line.name))


def _unit(found: Overview, code: str, name: str, language: str) -> UnitLine:
    values = found.of(code)
    share = share_text(values["on_time_month"], values["settled_month"], language)
    return UnitLine(
        code, name, numbers(found, code, COLUMNS, language), share, values["open"] + values["settled_month"]
    )
