"""The law the system computes with: calendar, time limits, rule book, statutory clock. Pure; no clock of its own.

rule = rulebook().rule("one-stop.settlement", on=received_at.date())
clock = start(rule, received_at, limit="7wd").pause(asked_at).resume(supplied_at)
due = clock.due(official_calendar(), office_hours(received_at.date()))
due.due_at, due.due_on, due.remaining_working_hours, stages(due), breach_at(due)
explain(clock, official_calendar(), office_hours(received_at.date()), "vi")
row = clock.to_dict(); Clock.from_dict(row) == clock
"""

from __future__ import annotations

from shared.law.ask import answer
from shared.law.calendar import Calendar, DayOff, MakeupDay, YearStatus, official_calendar
from shared.law.clock import Clock, Event, EventKind, plain, start, with_pauses
from shared.law.due import Due, breach_at, stages
from shared.law.explain import explain
from shared.law.hours import OfficeHours, add_office_time, next_opening, office_hours, office_time_between
from shared.law.limits import Limit, Unit, parse_limit
from shared.law.refusals import (
    AlreadyPaused,
    BadTime,
    CalendarNotPublished,
    ClockCompleted,
    MissingField,
    NotPausable,
    NotPaused,
    TooManyExtensions,
    UnknownLimit,
    UnknownRule,
)
from shared.law.rules import PauseMode, Rule, RuleBook, Transition, read_rule, rulebook, write_rule
from shared.law.standing import PROVINCE, Law, Office, Record, shipped, standing, year_record
from shared.law.zone import ZONE

__all__ = [
    "PROVINCE",
    "ZONE",
    "AlreadyPaused",
    "BadTime",
    "Calendar",
    "CalendarNotPublished",
    "Clock",
    "ClockCompleted",
    "DayOff",
    "Due",
    "Event",
    "EventKind",
    "Law",
    "Limit",
    "MakeupDay",
    "MissingField",
    "NotPausable",
    "NotPaused",
    "Office",
    "OfficeHours",
    "PauseMode",
    "Record",
    "Rule",
    "RuleBook",
    "TooManyExtensions",
    "Transition",
    "Unit",
    "UnknownLimit",
    "UnknownRule",
    "YearStatus",
    "add_office_time",
    "answer",
    "breach_at",
    "explain",
    "next_opening",
    "office_hours",
    "office_time_between",
    "official_calendar",
    "parse_limit",
    "plain",
    "read_rule",
    "rulebook",
    "shipped",
    "stages",
    "standing",
    "start",
    "with_pauses",
    "write_rule",
    "year_record",
]
