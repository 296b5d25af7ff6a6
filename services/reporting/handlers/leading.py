"""What leaders see: what falls due, what is late and with whom, how old the backlog is, the trend, the league."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from services.reporting import domain
from services.reporting.domain import CaseFilter, Filter
from services.reporting.domain.league import Standing, ranking
from services.reporting.handlers.letters import case_viewer_of
from services.reporting.handlers.office import law_of
from services.reporting.handlers.reading import viewer_of
from services.reporting.store import case_reads, leading, reads
from services.reporting.store.reads import Viewer
from shared.kernel import Principal
from shared.law import Calendar
from shared.store.unit_of_work import Works

WEEKS: Final = 12
DAYS_AHEAD: Final = 13
LEAGUE_DAYS: Final = 90
AGES: Final[Sequence[tuple[int, int | None]]] = ((0, 3), (4, 7), (8, 15), (16, 30), (31, None))
"""Days since receipt: from, to."""
_REACH: Final = timedelta(days=800)
"""How far back a dossier settled now may have been received, for its working days to be counted."""


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the board, at one moment and for one viewer."""

    today: date
    as_of: datetime | None
    viewer: Viewer
    names: Mapping[str, str]
    filters: Mapping[str, Filter]
    figures: Mapping[str, int]
    holders: Sequence[Any]
    due: Mapping[date, int]
    weeks: Sequence[Any]
    league: Sequence[tuple[int | None, Standing]]
    case_filters: Mapping[str, CaseFilter]
    case_figures: Mapping[str, int]
    case_holders: Sequence[Any]


async def board(works: Works, who: Principal) -> Board:
    """The board of this leader, today."""
    today, viewer, eyes = domain.day_of(works.clock()), viewer_of(who), case_viewer_of(who)
    cases = domain.case_figures(today)
    filters = {name: figure.asks(today) for name, figure in domain.FIGURES.items()} | _ages(today)
    monday = today - timedelta(days=today.weekday())
    async with reads.looking(works) as reader:
        return Board(
            today,
            await reads.newest_at(reader),
            viewer,
            {unit["unit"]: unit["name"] for unit in await reads.units(reader)},
            filters,
            await leading.counts(reader, viewer, filters),
            await leading.holders(reader, viewer, today),
            await leading.due_days(reader, viewer, today, today + timedelta(days=DAYS_AHEAD)),
            await leading.weeks(reader, viewer, monday - timedelta(weeks=WEEKS - 1), monday + timedelta(days=6)),
            await _league(reader, today - timedelta(days=LEAGUE_DAYS - 1), today, today),
            cases,
            await case_reads.counts(reader, eyes, cases),
            await case_reads.holders(reader, eyes, today),
        )


def _ages(today: date) -> dict[str, Filter]:
    """What is open, by its age; a figure like any other, so that each leads to its list."""
    return {
        f"age-{low}": Filter(
            open=True, received_to=today - timedelta(days=low), received_from=today - timedelta(days=high) if high is not None else None
        )
        for low, high in AGES
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class League:
    """The league over a period."""

    first: date
    last: date
    as_of: datetime | None
    names: Mapping[str, str]
    places: Sequence[tuple[int | None, Standing]]


async def league(works: Works, first: date | None, last: date | None) -> League:
    """The league over what was settled in a period; the last ninety days when none is named."""
    today = domain.day_of(works.clock())
    last = last or today
    first = first or last - timedelta(days=LEAGUE_DAYS - 1)
    if first > last or last - first > _REACH:
        raise domain.BadQuestion(field="from")
    async with reads.looking(works) as reader:
        names = {unit["unit"]: unit["name"] for unit in await reads.units(reader)}
        return League(first, last, await reads.newest_at(reader), names, await _league(reader, first, last, today))


async def _league(reader: reads.Reader, first: date, last: date, today: date) -> Sequence[tuple[int | None, Standing]]:
    working_days = _working_days((await law_of(reader)).calendar, first - _REACH, max(last, today))
    return ranking(await leading.league(reader, first, last, today, working_days))


def _working_days(calendar: Calendar, first: date, last: date) -> dict[date, int]:
    """How many working days there were from `first` up to each day; years the calendar does not know have none."""
    worked = frozenset(calendar.worked)
    found, number = {}, 0
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        number += day.toordinal() in worked
        found[day] = number
    return found
