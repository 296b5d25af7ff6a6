"""The law as it stands: calendar, office hours and rules as shipped, and as acts confirmed since have changed them.

A value, handed to whoever computes. Every service keeps the records of what was changed beside its rows and makes it from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import Any, TypeAlias

from shared.law.calendar import Calendar, DayOff, MakeupDay, YearStatus, official_calendar
from shared.law.clock import Clock
from shared.law.due import Due
from shared.law.hours import OfficeHours, in_force, profiles, read_hours
from shared.law.rules import RuleBook, read_rule, rulebook
from shared.law.zone import as_date, local

PROVINCE = "province"
"""Whose office hours count where a unit has none of its own."""

Record: TypeAlias = Mapping[str, Any]
"""What a fact on `intake.calendar` says, in JSON values: a whole year, all office hours of a unit, all added versions of a rule."""


@dataclass(frozen=True, slots=True)
class Office:
    """What counts in an office: the calendar and the office hours a clock is read with, and the rules one is started under."""

    calendar: Calendar
    hours: OfficeHours
    rules: RuleBook = field(default_factory=rulebook)

    def due(self, clock: Clock) -> Due:
        """What a clock says here."""
        return clock.due(self.calendar, self.hours)


@dataclass(frozen=True, slots=True)
class Law:
    """Days, hours and rules together."""

    calendar: Calendar
    hours: Mapping[str, tuple[OfficeHours, ...]]
    rules: RuleBook

    def hours_of(self, unit: str, on: date) -> OfficeHours:
        """The office hours of a unit for what it receives on this day: its own, else the province's."""
        own = next((hours for hours in self.hours.get(unit, ()) if hours.in_force(on)), None)
        return own or in_force(self.hours[PROVINCE], on)

    def office_at(self, at: datetime, unit: str = PROVINCE) -> Office:
        """What counts for what a unit received at an instant; without a unit, by the province's hours."""
        return Office(self.calendar, self.hours_of(unit, local(at).date()), self.rules)

    def amended(self, record: Record) -> Law:
        """The law after one record; what is no such record is a `KeyError`."""
        if "year" in record:
            return replace(self, calendar=_amended_year(self.calendar, record))
        if "profiles" in record:
            read = tuple(read_hours(row) for row in record["profiles"])
            kept = profiles() if record["unit"] == PROVINCE else ()
            return replace(self, hours={**self.hours, record["unit"]: (*read, *kept)})
        book = self.rules
        for row in record["versions"]:
            book = book.with_version(read_rule(row))
        return replace(self, rules=book)


@cache
def shipped() -> Law:
    """The law as it comes with the system."""
    return Law(official_calendar(), {PROVINCE: profiles()}, rulebook())


def standing(records: Iterable[Record]) -> Law:
    """The shipped law after these records, one of each year, unit and rule."""
    law = shipped()
    for record in records:
        law = law.amended(record)
    return law


def _amended_year(calendar: Calendar, record: Record) -> Calendar:
    off = [DayOff(as_date(day["on"]), day["vi"], day["en"]) for day in record["off"]]
    makeup = [
        MakeupDay(as_date(day["on"]), as_date(day["instead_of"]) if day.get("instead_of") else None, day.get("basis", ""))
        for day in record["makeup"]
    ]  # fmt: skip
    return calendar.with_whole_year(record["year"], YearStatus(record["status"]), off, makeup)


def year_record(calendar: Calendar, year: int, basis: str) -> dict[str, Any]:
    """A year of a calendar as a record; `CalendarNotPublished` where it is unknown."""
    calendar.require(date(year, 1, 1), date(year, 12, 31))
    return {
        "year": year, "status": calendar.status(year).value, "basis": basis,
        "off": [{"on": str(day.on), "vi": day.vi, "en": day.en} for day in calendar.days_off if day.on.year == year],
        "makeup": [
            {"on": str(day.on), "basis": day.basis} | ({"instead_of": str(day.instead_of)} if day.instead_of else {})
            for day in calendar.makeup_days if day.on.year == year
        ],
    }  # fmt: skip
