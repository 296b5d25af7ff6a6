"""Office hours and arithmetic in office time: when an office opens, how much time lies between two instants."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from importlib.resources import files

from shared.law.calendar import Calendar
from shared.law.refusals import CalendarNotPublished
from shared.law.zone import local, moment

_NOTHING = timedelta(0)
_MIDNIGHT = datetime.min  # noqa: DTZ901 - only differences of two hours of one day are taken


def _since_midnight(hour: time) -> timedelta:
    return datetime.combine(_MIDNIGHT, hour) - _MIDNIGHT


@dataclass(frozen=True)
class OfficeHours:
    """The same opening periods on every working day, and the hour until which `same-day` means today."""

    periods: tuple[tuple[time, time], ...]
    same_day_until: time
    profile: str = ""
    valid_from: date = date.min
    valid_to: date | None = None

    @cached_property
    def spans(self) -> tuple[tuple[timedelta, timedelta], ...]:
        """The periods as time since midnight."""
        return tuple((_since_midnight(opens), _since_midnight(closes)) for opens, closes in self.periods)

    @cached_property
    def day(self) -> timedelta:
        """Office time of one working day."""
        return sum((closes - opens for opens, closes in self.spans), _NOTHING)

    @property
    def opening(self) -> time:
        """When the day begins."""
        return self.periods[0][0]

    @property
    def closing(self) -> time:
        """When the day ends."""
        return self.periods[-1][1]

    def used_until(self, clock: timedelta) -> timedelta:
        """Office time of a working day that has passed at this time since midnight."""
        return sum((min(clock, closes) - opens for opens, closes in self.spans if clock > opens), _NOTHING)

    def used_up_at(self, amount: timedelta) -> timedelta:
        """The first time since midnight at which this much (above 0, within one day) has passed."""
        for opens, closes in self.spans:
            if amount <= closes - opens:
                return opens + amount
            amount -= closes - opens
        raise ValueError("more than one day of office time")


def next_opening(calendar: Calendar, hours: OfficeHours, at: datetime) -> datetime:
    """The instant itself within office hours (closing time included), else the next opening."""
    at = local(at)
    day = at.date()
    if calendar.is_working_day(day):
        clock = at - moment(day)
        for opens, closes in hours.spans:
            if clock <= closes:
                return max(at, moment(day) + opens)
    return moment(calendar.working_day_after(day, 1), hours.opening)


def office_time_between(calendar: Calendar, hours: OfficeHours, start: datetime, end: datetime) -> timedelta:
    """Office time from `start` to `end`, not below zero."""
    start, end = local(start), local(end)
    calendar.require(start.date(), end.date())
    return max(_passed(calendar, hours, end) - _passed(calendar, hours, start), _NOTHING)


def add_office_time(calendar: Calendar, hours: OfficeHours, start: datetime, amount: timedelta) -> datetime:
    """The first instant at which this much office time (above 0) has passed since `start`."""
    start = local(start)
    days, rest = divmod(_passed(calendar, hours, start) + amount, hours.day)
    if not rest:  # used up exactly at closing time: due at that closing time, not at the next opening
        days, rest = days - 1, hours.day
    day = calendar.nth(days, start.date())
    return moment(day) + hours.used_up_at(rest)


def _passed(calendar: Calendar, hours: OfficeHours, at: datetime) -> timedelta:
    """Office time from the calendar's first day to this instant."""
    day = at.date()
    whole = bisect_left(calendar.worked, day.toordinal())
    today = hours.used_until(at - moment(day)) if calendar.is_working_day(day) else _NOTHING
    return whole * hours.day + today


def office_hours(on: date) -> OfficeHours:
    """The province's profile in force on this day."""
    for hours in profiles():
        if hours.valid_from <= on and (hours.valid_to is None or on <= hours.valid_to):
            return hours
    raise CalendarNotPublished(on.year)


@cache
def profiles() -> tuple[OfficeHours, ...]:
    """All profiles shipped with the system, the province's own first."""
    rows = tomllib.loads((files("shared.law.data") / "hours.toml").read_text("utf-8"))["profile"]
    return tuple(
        OfficeHours(
            periods=tuple((opens, closes) for opens, closes in row["periods"]),
            same_day_until=row["same_day_until"],
            profile=row["id"],
            valid_from=row["valid_from"],
            valid_to=row.get("valid_to"),
        )
        for row in rows
    )
