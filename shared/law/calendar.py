"""Which days are worked: a value that says itself which years are published, provisional or unknown."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from operator import attrgetter
from typing import Any

from shared.law.refusals import CalendarNotPublished

SATURDAY = 5
ONE_DAY = timedelta(days=1)
_on = attrgetter("on")


class YearStatus(StrEnum):
    """How sure the days off of a year are."""

    PUBLISHED = "published"
    PROVISIONAL = "provisional"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class DayOff:
    """A day not worked, weekday or weekend, and why."""

    on: date
    vi: str
    en: str


@dataclass(frozen=True, slots=True, order=True)
class MakeupDay:
    """A Saturday worked instead of a weekday."""

    on: date
    instead_of: date | None = None
    basis: str = ""


@dataclass(frozen=True)
class Calendar:
    """Monday to Friday but for days off, plus make-up days; only of the years it knows."""

    years: tuple[tuple[int, YearStatus], ...]
    days_off: tuple[DayOff, ...] = ()
    makeup_days: tuple[MakeupDay, ...] = ()

    def status(self, year: int) -> YearStatus:
        """Published, provisional or unknown."""
        return self._statuses.get(year, YearStatus.UNKNOWN)

    def require(self, first: date, last: date) -> None:
        """Refuse with `CalendarNotPublished` unless every year from `first` to `last` is known."""
        if first.year == last.year and first.year in self._statuses:
            return  # nearly always, and asked several times for each due date
        for year in range(first.year, last.year + 1):
            if year not in self._statuses:
                raise CalendarNotPublished(year)

    def provisional_years(self, first: date, last: date) -> tuple[int, ...]:
        """The years between these days whose days off may still change."""
        return tuple(year for year in self._provisional if first.year <= year <= last.year)

    def is_working_day(self, day: date) -> bool:
        """Whether offices open on this day; refuses an unknown year."""
        if day in self._worked_days:
            return True
        self.require(day, day)
        return False

    def working_day_from(self, day: date) -> date:
        """This day if it is worked, else the next one that is."""
        return self.nth(bisect_left(self.worked, day.toordinal()), day)

    def working_day_after(self, day: date, n: int) -> date:
        """The n-th working day after this day (n >= 1), which itself does not count."""
        return self.nth(bisect_left(self.worked, day.toordinal() + 1) + n - 1, day)

    def working_day_before(self, day: date, n: int) -> date:
        """The n-th working day before this day (n >= 1), which itself does not count."""
        return self.nth(bisect_left(self.worked, day.toordinal()) - n, day)

    def last_working_day_between(self, after: date, before: date) -> date | None:
        """The last working day later than `after` and earlier than `before`, if there is one."""
        at = bisect_left(self.worked, before.toordinal()) - 1
        if at < 0 or self.worked[at] <= after.toordinal():
            return None
        return date.fromordinal(self.worked[at])

    def count_working_days(self, after: date, until: date) -> int:
        """Working days later than `after`, up to and including `until`."""
        self.require(min(after, until), max(after, until))
        return bisect_left(self.worked, until.toordinal() + 1) - bisect_left(self.worked, after.toordinal() + 1)

    def day_off(self, day: date) -> DayOff | None:
        """The named day off on this date; weekends have no name."""
        return self._off.get(day)

    def makeup_day(self, day: date) -> MakeupDay | None:
        """The make-up day on this date."""
        return self._makeup.get(day)

    def with_year(self, year: int, status: YearStatus) -> Calendar:
        """A calendar that also knows this year, or knows it better."""
        return replace(self, years=tuple(sorted((dict(self.years) | {year: status}).items())))

    def with_day_off(self, on: date, vi: str, en: str) -> Calendar:
        """A calendar where this day is not worked."""
        kept = self.without(on)
        return replace(kept, days_off=tuple(sorted((*kept.days_off, DayOff(on, vi, en)))))

    def with_makeup_day(self, on: date, instead_of: date | None = None, basis: str = "") -> Calendar:
        """A calendar where this day, usually a Saturday, is worked."""
        kept = self.without(on)
        return replace(kept, makeup_days=tuple(sorted((*kept.makeup_days, MakeupDay(on, instead_of, basis)), key=_on)))

    def without(self, on: date) -> Calendar:
        """A calendar where this date is nothing special: worked on weekdays, free on weekends."""
        return replace(
            self,
            days_off=tuple(off for off in self.days_off if off.on != on),
            makeup_days=tuple(makeup for makeup in self.makeup_days if makeup.on != on),
        )

    def with_whole_year(
        self, year: int, status: YearStatus, days_off: Iterable[DayOff], makeup_days: Iterable[MakeupDay]
    ) -> Calendar:
        """A calendar where this year is exactly so."""
        return replace(
            self.with_year(year, status),
            days_off=tuple(sorted((*(off for off in self.days_off if off.on.year != year), *days_off))),
            makeup_days=tuple(
                sorted((*(day for day in self.makeup_days if day.on.year != year), *makeup_days), key=_on)
            ),
        )

    def nth(self, place: int, counted_from: date) -> date:
        """The working day at this place in `worked`, refusing when an unknown year lies between."""
        if place < 0:
            raise CalendarNotPublished(min(self._statuses, default=counted_from.year) - 1)
        if place >= len(self.worked):
            self.require(counted_from, counted_from)
            raise CalendarNotPublished(max(self._statuses) + 1)
        day = date.fromordinal(self.worked[place])
        self.require(*((counted_from, day) if counted_from <= day else (day, counted_from)))
        return day

    @cached_property
    def worked(self) -> tuple[int, ...]:
        """Ordinals of all working days of the known years, ascending."""
        return tuple(day for year, _ in sorted(self.years) for day in self._worked_in(year))

    @cached_property
    def _worked_days(self) -> frozenset[date]:
        return frozenset(map(date.fromordinal, self.worked))

    def _worked_in(self, year: int) -> list[int]:
        first, last = date(year, 1, 1), date(year, 12, 31)
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [day.toordinal() for day in days if self._is_worked(day)]

    def _is_worked(self, day: date) -> bool:
        return day in self._makeup or (day.weekday() < SATURDAY and day not in self._off)

    @cached_property
    def _statuses(self) -> dict[int, YearStatus]:
        return {year: status for year, status in self.years if status is not YearStatus.UNKNOWN}

    @cached_property
    def _provisional(self) -> tuple[int, ...]:
        return tuple(sorted(year for year, status in self.years if status is YearStatus.PROVISIONAL))

    @cached_property
    def _off(self) -> dict[date, DayOff]:
        return {off.on: off for off in self.days_off}

    @cached_property
    def _makeup(self) -> dict[date, MakeupDay]:
        return {makeup.on: makeup for makeup in self.makeup_days}


@cache
def official_calendar() -> Calendar:
    """The calendar shipped with the system, read once."""
    rows = tomllib.loads((files("shared.law.data") / "calendar.toml").read_text("utf-8"))["year"]
    return read_calendar(rows)


def read_calendar(rows: list[dict[str, Any]]) -> Calendar:
    """Build a calendar from year tables as in `data/calendar.toml`."""
    return Calendar(
        years=tuple((row["year"], YearStatus(row["status"])) for row in rows),
        days_off=tuple(DayOff(**off) for row in rows for off in row["off"]),
        makeup_days=tuple(MakeupDay(**makeup) for row in rows for makeup in row.get("makeup", ())),
    )
