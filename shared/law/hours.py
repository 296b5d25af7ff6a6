"""Office hours and arithmetic in office time: when an office opens, how much time lies between two instants."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from shared.law.calendar import SATURDAY, Calendar
from shared.law.refusals import CalendarNotPublished
from shared.law.zone import as_date, local, moment

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
    saturday: tuple[tuple[time, time], ...] = ()
    """Duty on Saturdays: what is handed in then counts as received; the Saturday is no working day all the same."""

    def in_force(self, on: date) -> bool:
        """Whether these hours count for what is received on this day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def periods_of(self, calendar: Calendar, day: date) -> tuple[tuple[time, time], ...]:
        """When the office opens on this day: on a working day, on a Saturday of duty that is no day off, else never."""
        if calendar.is_working_day(day):
            return self.periods
        return self.saturday if day.weekday() == SATURDAY and calendar.day_off(day) is None else ()

    def closing_of(self, calendar: Calendar, day: date) -> time:
        """When this day ends."""
        return (self.periods_of(calendar, day) or self.periods)[-1][1]

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
    for opens, closes in hours.periods_of(calendar, day):
        if at <= moment(day, closes):
            return max(at, moment(day, opens))
    return _opening_after(calendar, hours, day)


def _opening_after(calendar: Calendar, hours: OfficeHours, day: date) -> datetime:
    """The next opening on a later day: of a working day, or of a Saturday of duty before it."""
    worked = calendar.working_day_after(day, 1)
    duty = day + timedelta(days=(SATURDAY - day.weekday()) % 7 or 7)
    if duty < worked and (periods := hours.periods_of(calendar, duty)):
        return moment(duty, periods[0][0])
    return moment(worked, hours.opening)


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
    """The province's profile in force on this day, as shipped."""
    return in_force(profiles(), on)


def in_force(known: Iterable[OfficeHours], on: date) -> OfficeHours:
    """The first of these profiles that counts on this day; a season stands before the rest of the year."""
    for hours in known:
        if hours.in_force(on):
            return hours
    raise CalendarNotPublished(on.year)


@cache
def profiles() -> tuple[OfficeHours, ...]:
    """All profiles shipped with the system, the province's own first."""
    rows = tomllib.loads((files("shared.law.data") / "hours.toml").read_text("utf-8"))["profile"]
    return tuple(read_hours(row) for row in rows)


def read_hours(row: Mapping[str, Any]) -> OfficeHours:
    """A profile from a table as in `data/hours.toml`, or from the same in JSON values."""
    return OfficeHours(
        periods=_periods(row["periods"]), same_day_until=_time(row["same_day_until"]), profile=row.get("id", ""), valid_from=as_date(row["valid_from"]),
        valid_to=as_date(row["valid_to"]) if row.get("valid_to") else None, saturday=_periods(row.get("saturday", ())),
    )  # fmt: skip


def _periods(rows: Iterable[Iterable[time | str]]) -> tuple[tuple[time, time], ...]:
    return tuple((_time(opens), _time(closes)) for opens, closes in rows)


def _time(value: time | str) -> time:
    return value if isinstance(value, time) else time.fromisoformat(value)
