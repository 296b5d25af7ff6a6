"""A due date explained line by line: what was counted, what was skipped and why, so that a citizen can check it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from shared.law.calendar import ONE_DAY, Calendar
from shared.law.clock import Clock
from shared.law.due import apology_latest, span
from shared.law.fold import Fold, Leg
from shared.law.hours import OfficeHours, next_opening, office_time_between
from shared.law.limits import Unit
from shared.law.words import LANGUAGES, Named, Weekend
from shared.law.zone import moment

Line = tuple[str, dict[str, Any]]
"""A sentence of `words` and its values: an explanation before it has a language."""

WEEKEND = Weekend()


def explain(clock: Clock, calendar: Calendar, hours: OfficeHours, lang: str = "vi") -> tuple[str, ...]:
    """The explanation in `vi` or `en`; the same clock and calendar always give the same bytes."""
    language = LANGUAGES[lang]
    story = _Story(clock, calendar, hours, clock.fold(calendar, hours))
    return tuple(language.say(sentence, **values) for sentence, values in story.lines())


@dataclass(frozen=True, slots=True)
class _Story:
    clock: Clock
    calendar: Calendar
    hours: OfficeHours
    fold: Fold

    def lines(self) -> Iterator[Line]:
        """Rule, start, count, extensions, pauses, and what to keep in mind."""
        yield self._rule()
        yield from self._backwards() if self.clock.backward else self._forwards()
        for year in self.calendar.provisional_years(*span(self.fold)):
            yield "provisional", {"year": year}

    def _rule(self) -> Line:
        rule, limit = self.clock.rule, self.clock.limit
        if rule is None:
            return "limit", {"limit": limit}
        sentence = "rule" if rule.verified else "rule-unverified"
        return sentence, {"rule": rule, "limit": limit, "basis": rule.legal_basis}

    def _forwards(self) -> Iterator[Line]:
        fold, changed = self.fold, bool(self.fold.legs) or self.fold.extended != self.fold.original
        yield from self._start()
        yield from self._count(fold.starts_at, fold.original, self.clock.limit.amount)
        yield "original" if changed else "due", {"due": self._due(fold.original)}
        yield from self._extensions()
        for leg in fold.legs:
            yield from self._leg(leg)
        latest = None if fold.due is None else apology_latest(fold, self.clock.rule, self.calendar)
        if latest is not None:
            yield "apology", {"day": latest}

    def _start(self) -> Iterator[Line]:
        at, start = self.clock.started_at, self.fold.starts_at
        if self.clock.limit.in_dates:
            yield "from-day", {"day": start.date()}
            return
        inside, outside = {
            Unit.WORKING_HOURS: ("hours-from", "hours-from-opening"),
            Unit.SAME_DAY: ("arrived", "arrived-outside"),
        }.get(self.clock.limit.unit, ("received", "received-outside"))
        yield (inside, {"at": at}) if at == start else (outside, {"at": at, "start": start})

    def _count(self, start: datetime, due: datetime, n: int) -> Iterator[Line]:
        """How the limit was counted from its start."""
        match self.clock.limit.unit:
            case Unit.DAYS:
                end = start.date() + timedelta(days=n)
                yield "last-day", {"n": n, "day": end}
                yield from self._rolling(end, due.date())
            case Unit.WORKING_DAYS:
                yield from self._counted(start.date(), due.date(), 1)
            case Unit.WORKING_HOURS:
                yield from self._hours(start, due)
            case Unit.SAME_DAY:
                today = start.date() == due.date()
                yield "same-day" if today else "next-day", {"cutoff": f"{self.hours.same_day_until:%H:%M}"}
                yield from self._skipped(start.date(), due.date())

    def _extensions(self) -> Iterator[Line]:
        fold, added = self.fold, self.clock.added
        if added is None:
            return
        yield "extended", {"added": added}
        if self.clock.limit.in_dates:
            yield from self._count(fold.starts_at, fold.extended, fold.whole.days)
        elif added.unit is Unit.WORKING_DAYS:
            yield from self._counted(fold.original.date(), fold.extended.date(), self.clock.limit.amount + 1)
        else:
            yield from self._rolling(fold.original.date() + timedelta(days=added.amount), fold.extended.date())
        yield "new", {"due": self._due(fold.extended)}

    def _leg(self, leg: Leg) -> Iterator[Line]:
        """One pause: when the clock stopped, what was left, how it went on."""
        stopped, resumed = leg.gap.stopped_at, leg.gap.resumed_at
        stop = "suspended" if leg.gap.suspended else "paused"
        if leg.late:
            yield "paused-late", {"at": stopped}
        elif leg.gap.anew:
            yield from () if stopped == resumed else [("paused-anew", {"at": stopped})]
        elif self.clock.limit.in_dates:
            yield (
                f"{stop}-day",
                {"day": stopped.date(), "used": (self.fold.whole - leg.left).days, "left": leg.left.days},
            )
        else:
            yield stop, {"at": stopped, "left": leg.left}
        if leg.due is None:
            yield "standing", {}
        elif resumed is not None and not leg.late:
            yield from self._going_on(leg, resumed, leg.due)
            yield "new", {"due": self._due(leg.due)}

    def _going_on(self, leg: Leg, resumed: datetime, due: datetime) -> Iterator[Line]:
        if leg.gap.anew:
            yield "resumed-anew", {"limit": self.clock.limit, "at": self._due(resumed)}
            begins = resumed if self.clock.limit.in_dates else next_opening(self.calendar, self.hours, resumed)
            yield from self._count(begins, due, self.fold.whole.days)
        elif self.clock.limit.in_dates:
            yield "resumed-day", {"day": resumed.date(), "left": leg.left.days}
            yield from self._rolling(resumed.date() + leg.left, due.date())
        else:
            yield "resumed", {"at": resumed}
            yield from self._hours(resumed, due)

    def _backwards(self) -> Iterator[Line]:
        event, latest, limit = self.clock.started_at.date(), self.fold.original.date(), self.clock.limit
        yield "event", {"day": event}
        if limit.in_dates:
            yield "back-day", {"n": limit.amount, "day": latest}
        else:
            yield from self._counted_back(event, latest)
        yield "latest", {"due": latest}

    def _rolling(self, end: date, due: date) -> Iterator[Line]:
        if due != end:
            yield "rolled", {"day": end, "why": self._why(_days(end, due - ONE_DAY)), "to": due}
        elif not self.calendar.is_working_day(end):
            yield "stays", {"day": end, "why": self._why([end])}

    def _counted(self, after: date, until: date, n: int) -> Iterator[Line]:
        """Working days later than `after`, numbered from n, and the days off between them."""
        for run in self._runs(after + ONE_DAY, until):
            if self.calendar.is_working_day(run[0]):
                yield self._numbered(run, n, n + len(run) - 1)
                n += len(run)
            else:
                yield self._free(run)

    def _counted_back(self, event: date, latest: date) -> Iterator[Line]:
        n = self.clock.limit.amount
        told = []
        for run in self._runs(latest, event - ONE_DAY):
            if self.calendar.is_working_day(run[0]):
                told.append(self._numbered(run[::-1], n - len(run) + 1, n))
                n -= len(run)
            else:
                told.append(self._free(run))
        yield from reversed(told)

    def _numbered(self, run: list[date], n: int, m: int) -> Line:
        makeup = self.calendar.makeup_day(run[0])
        if makeup is not None and makeup.instead_of is not None:
            return "counted-swapped", {"n": n, "day": run[0], "instead": makeup.instead_of}
        if makeup is not None:
            return "counted-makeup", {"n": n, "day": run[0]}
        if len(run) == 1:
            return "counted", {"n": n, "day": run[0]}
        return "counted-run", {"n": n, "m": m, "day": run[0], "to": run[-1]}

    def _hours(self, start: datetime, due: datetime) -> Iterator[Line]:
        """Office time used on each day from `start` to `due`."""
        for run in self._runs(start.date(), due.date()):
            if not self.calendar.is_working_day(run[0]):
                yield self._free(run)
                continue
            for amount, alike in groupby(run, key=lambda day: self._office_time(day, start, due)):
                days = list(alike)
                if amount:
                    yield _spread("hours", days, {"amount": amount * len(days)})

    def _office_time(self, day: date, start: datetime, due: datetime) -> timedelta:
        opening, closing = max(start, moment(day)), min(due, moment(day, time.max))
        return office_time_between(self.calendar, self.hours, opening, closing)

    def _skipped(self, after: date, until: date) -> Iterator[Line]:
        for run in self._runs(after + ONE_DAY, until):
            if not self.calendar.is_working_day(run[0]):
                yield self._free(run)

    def _free(self, run: list[date]) -> Line:
        return _spread("skipped", run, {"why": self._why(run)})

    def _why(self, days: list[date]) -> tuple[Named, ...]:
        """The names of these days off, each once, in order."""
        reasons = [self.calendar.day_off(day) or WEEKEND for day in days if not self.calendar.is_working_day(day)]
        return tuple({reason.vi: reason for reason in reasons}.values())

    def _runs(self, first: date, last: date) -> Iterator[list[date]]:
        """Stretches of days that are alike: worked, free, or one make-up day."""
        for _, days in groupby(_days(first, last), key=self._alike):
            yield list(days)

    def _alike(self, day: date) -> tuple[bool, object]:
        return self.calendar.is_working_day(day), self.calendar.makeup_day(day)

    def _due(self, due: datetime) -> date:
        """Limits in calendar days are written as a day, all others with the hour."""
        return due.date() if self.clock.limit.in_dates else due


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _spread(sentence: str, days: list[date], values: dict[str, Any]) -> Line:
    """One day, or the first and last of several."""
    if len(days) == 1:
        return sentence, {"day": days[0]} | values
    return f"{sentence}-run", {"day": days[0], "to": days[-1]} | values
