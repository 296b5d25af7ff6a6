"""From a limit and what happened to a due instant: pauses, suspensions, extensions, one after another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.law.calendar import Calendar
from shared.law.hours import OfficeHours, add_office_time, next_opening, office_time_between
from shared.law.limits import Limit, Unit
from shared.law.refusals import UnknownLimit
from shared.law.zone import END_OF_DAY, moment


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which the clock stands still; `anew`: the whole limit is counted again afterwards;
    `forced`: by an act of its own, so also after the due instant; `suspended`: by a decision of suspension.
    """

    stopped_at: datetime
    resumed_at: datetime | None
    anew: bool = False
    forced: bool = False
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Leg:
    """What a gap did: time left when the clock stopped (office time, or days), and the due instant afterwards.
    `late`: it began after the due instant and changed nothing.
    """

    gap: Gap
    left: timedelta
    due: datetime | None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Fold:
    """Start, due instant before anything happened, with extensions alone, after each gap, and in the end.
    `whole` is the length of the limit with its extensions: office time, or days.
    """

    whole: timedelta
    starts_at: datetime
    original: datetime
    extended: datetime
    legs: tuple[Leg, ...]
    due: datetime | None

    @property
    def last_leg(self) -> Leg | None:
        """The last gap that changed anything."""
        return next((leg for leg in reversed(self.legs) if not leg.late), None)


@dataclass(frozen=True, slots=True)
class _Office:
    """Counting that ends at an instant: working days, working hours, same day."""

    limit: Limit
    added: Limit | None
    calendar: Calendar
    hours: OfficeHours

    def start(self, at: datetime) -> datetime:
        return next_opening(self.calendar, self.hours, at)

    def end(self, start: datetime, *, extended: bool = True) -> datetime:
        added = self.added if extended else None
        if self.limit.unit is Unit.WORKING_HOURS:
            return add_office_time(self.calendar, self.hours, start, timedelta(hours=self.limit.amount))
        if self.limit.unit is Unit.SAME_DAY:
            today = start.time() <= self.hours.same_day_until
            day = start.date() if today else self.calendar.working_day_after(start.date(), 1)
            return moment(day, self.hours.closing_of(self.calendar, day))
        return moment(self._last_day(start.date(), added), self.hours.closing)

    def due(self, end: datetime) -> datetime:
        return end

    def left(self, stopped_at: datetime, end: datetime) -> timedelta:
        return office_time_between(self.calendar, self.hours, stopped_at, end)

    def go_on(self, resumed_at: datetime, left: timedelta) -> datetime:
        return add_office_time(self.calendar, self.hours, resumed_at, left)

    def whole(self) -> timedelta:
        if self.limit.unit is Unit.WORKING_HOURS:
            return timedelta(hours=self.limit.amount)
        return max(self.limit.amount, 1) * self.hours.day

    def _last_day(self, day_0: date, added: Limit | None) -> date:
        if added is None:
            return self.calendar.working_day_after(day_0, self.limit.amount)
        if added.unit is Unit.WORKING_DAYS:
            return self.calendar.working_day_after(day_0, self.limit.amount + added.amount)
        last = self.calendar.working_day_after(day_0, self.limit.amount)
        return self.calendar.working_day_from(last + timedelta(days=added.amount))


@dataclass(frozen=True, slots=True)
class _Days:
    """Counting in calendar days: ends with a day, which rolls over days off (Civil Code 148.5) unless the rule says not."""

    limit: Limit
    added: Limit | None
    calendar: Calendar
    rolls: bool

    def start(self, at: datetime) -> datetime:
        self.calendar.require(at.date(), at.date())
        return moment(at.date())

    def end(self, start: datetime, *, extended: bool = True) -> datetime:
        return moment(start.date() + self.whole(extended=extended), END_OF_DAY)

    def due(self, end: datetime) -> datetime:
        self.calendar.require(end.date(), end.date())
        return moment(self.calendar.working_day_from(end.date()), END_OF_DAY) if self.rolls else end

    def left(self, stopped_at: datetime, end: datetime) -> timedelta:
        return max(end.date() - stopped_at.date(), timedelta(0))

    def go_on(self, resumed_at: datetime, left: timedelta) -> datetime:
        return moment(resumed_at.date() + left, END_OF_DAY)

    def whole(self, *, extended: bool = True) -> timedelta:
        more = self.added.amount if extended and self.added is not None else 0
        return timedelta(days=self.limit.amount + more)


def fold(
    limit: Limit,
    added: Limit | None,
    started_at: datetime,
    gaps: Iterable[Gap],
    calendar: Calendar,
    hours: OfficeHours,
    *,
    rolls: bool,
    backward: bool,
) -> Fold:
    """All intermediate results of a clock; `added` is the sum of its extensions."""
    if backward:
        return _fold_back(limit, started_at, calendar, hours)
    count = _Days(limit, added, calendar, rolls) if limit.in_dates else _Office(limit, added, calendar, hours)
    start = count.start(started_at)
    end = count.end(start)
    extended = due = count.due(end)
    original = extended if added is None else count.due(count.end(start, extended=False))
    legs: list[Leg] = []
    for gap in gaps:
        if gap.resumed_at is not None and gap.resumed_at <= start and not gap.forced:
            continue  # over before the clock began
        leg, end = _leg(count, gap, start, end, due)
        legs.append(leg)
        if leg.due is None:
            return Fold(count.whole(), start, original, extended, tuple(legs), None)
        due = leg.due
    return Fold(count.whole(), start, original, extended, tuple(legs), due)


def _leg(count: _Office | _Days, gap: Gap, start: datetime, end: datetime, due: datetime) -> tuple[Leg, datetime]:
    """What this gap does to the end of the limit."""
    if gap.stopped_at >= due and not gap.forced:
        return Leg(gap, timedelta(0), due, late=True), end
    left = count.whole() if gap.anew else count.left(max(gap.stopped_at, start), end)
    if gap.resumed_at is None:
        return Leg(gap, left, None), end
    end = count.end(count.start(gap.resumed_at)) if gap.anew else count.go_on(gap.resumed_at, left)
    return Leg(gap, left, count.due(end)), end


def _fold_back(limit: Limit, event_at: datetime, calendar: Calendar, hours: OfficeHours) -> Fold:
    """The last day that is n days before an event; it never rolls."""
    event = event_at.date()
    if limit.unit is Unit.DAYS:
        day, hour = event - timedelta(days=limit.amount), END_OF_DAY
    elif limit.unit is Unit.WORKING_DAYS:
        day, hour = calendar.working_day_before(event, limit.amount), hours.closing
    else:
        raise UnknownLimit(f"{limit} cannot be counted back from an event", limit=str(limit))
    calendar.require(day, event)
    latest = moment(day, hour)
    return Fold(latest - moment(event), moment(event), latest, latest, (), latest)
