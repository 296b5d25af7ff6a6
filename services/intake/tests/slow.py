"""Due dates counted slowly, as a careful person would: day by day on the printed calendar, minute by minute on the clock.

Nothing here is shared with `shared.law`: the simulated year compares the two. A change of the calendar is a change of `OFF` or
`WORKED`, after which every limit that runs is counted again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from functools import partial

VIETNAM = timezone(timedelta(hours=7))
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)

PRINTED = """
01/01/2026 02/01/2026
16/02/2026 17/02/2026 18/02/2026 19/02/2026 20/02/2026
27/04/2026 30/04/2026 01/05/2026
31/08/2026 01/09/2026 02/09/2026
24/11/2026
01/01/2027
"""
"""Weekdays off from December 2025 on, as announced."""
OFF = {date(int(text[6:]), int(text[3:5]), int(text[:2])) for text in PRINTED.split()}
WORKED = {date(2026, 1, 10), date(2026, 8, 22)}
"""Saturdays worked for 2 January and 31 August."""

HOURS = ((time(7), time(11, 30)), (time(13, 30), time(17)))


def is_worked(day: date) -> bool:
    """Whether offices open."""
    return day in WORKED or (day.weekday() <= 4 and day not in OFF)


def worked_after(day: date, n: int = 1) -> date:
    """The n-th working day after this one."""
    while n:
        day += DAY
        n -= is_worked(day)
    return day


def worked_before(day: date) -> date:
    """The last working day before this one."""
    day -= DAY
    while not is_worked(day):
        day -= DAY
    return day


def rolled(day: date) -> date:
    """The day, or the next working day."""
    while not is_worked(day):
        day += DAY
    return day


def at(day: date, hour: time) -> datetime:
    """An hour of a day in Vietnam."""
    return datetime.combine(day, hour, VIETNAM)


def counted_from(moment: datetime) -> datetime:
    """When an office takes in what came at this moment."""
    day = moment.date()
    if is_worked(day):
        for opens, closes in HOURS:
            if moment.time() <= closes:
                return max(moment, at(day, opens))
    return at(worked_after(day), HOURS[0][0])


def minutes_of(day: date) -> list[datetime]:
    """The beginning of each minute an office is open."""
    found: list[datetime] = []
    for opens, closes in HOURS if is_worked(day) else ():
        minute = at(day, opens)
        while minute < at(day, closes):
            found.append(minute)
            minute += MINUTE
    return found


def walked(moment: datetime, minutes: int) -> datetime:
    """When so many office minutes have passed."""
    day = moment.date()
    while True:
        for minute in minutes_of(day):
            minutes -= minute >= moment
            if minutes == 0:
                return minute + MINUTE
        day += DAY


def minutes_between(first: datetime, last: datetime) -> int:
    """Office minutes from one moment to another."""
    days = [first.date() + n * DAY for n in range((last.date() - first.date()).days + 1)]
    return sum(first <= minute < last for day in days for minute in minutes_of(day))


@dataclass
class Stretch:
    """A date that counts, from when to when it did."""

    due_on: date
    due_at: datetime
    warn_at: datetime | None
    breach_at: datetime
    lived: list[list[datetime | None]] = field(default_factory=list)


@dataclass
class Slow:
    """A limit by hand: `3wd`, `30d`, `8wh` or `same-day`, and every date it ever gave."""

    limit: str
    began: datetime
    stretches: list[Stretch] = field(default_factory=list)
    due: datetime | None = None
    stopped: datetime | None = None
    left: int = 0
    ended: datetime | None = None
    lawful: datetime | None = None
    """What the law says, where a slip promises another day."""
    leg: Callable[[], datetime] | None = None
    """Counts the stretch that runs, by the calendar of its day."""

    def __post_init__(self) -> None:
        """The first date."""
        self._run(self.began, partial(self.counted, self.began))

    @property
    def in_days(self) -> bool:
        """Whether it is counted in calendar days."""
        return self.limit[-1] == "d" and self.limit[-2] != "w"

    def counted(self, moment: datetime) -> datetime:
        """The whole limit from a moment."""
        starts, closing = counted_from(moment), HOURS[1][1]
        if self.limit == "same-day":
            day = starts.date() if starts.time() <= time(15) else worked_after(starts.date())
            return at(day, closing)
        if self.limit.endswith("wh"):
            return walked(moment, 60 * int(self.limit[:-2]))
        if self.limit.endswith("wd"):
            return at(worked_after(starts.date(), int(self.limit[:-2])), closing)
        return at(rolled(moment.date() + int(self.limit[:-1]) * DAY), time(23, 59, 59))

    def stop(self, moment: datetime) -> None:
        """Papers, money or others are awaited; after the due date nothing moves any more."""
        if self.due is None or moment > self.due:
            return
        if self.in_days:
            # days that ran out before days off, to whose end the date moved, leave none: never a date before it goes on
            self.left = max(0, int(self.limit[:-1]) - (moment.date() - self.began.date()).days)
        else:
            self.left = minutes_between(moment, self.due)
        self.stopped, self.due = moment, None
        self._rest(moment)

    def resume(self, moment: datetime) -> None:
        """On with what was left."""
        if self.stopped is None:
            return
        self.stopped = None
        self._run(moment, partial(self._rest_of_it, moment, self.left))

    def _rest_of_it(self, moment: datetime, left: int) -> datetime:
        return at(rolled(moment.date() + left * DAY), time(23, 59, 59)) if self.in_days else walked(moment, left)

    def anew(self, moment: datetime) -> None:
        """The whole limit once more: the second appointment."""
        self._rest(moment)
        self.stopped = None
        self._run(moment, partial(self.counted, moment))

    def promise(self, moment: datetime, day: date) -> None:
        """Another day on the slip."""
        assert self.due is not None
        self._rest(moment)
        self._go_on(moment, at(day, self.due.time()))

    def again(self, moment: datetime) -> bool:
        """The calendar changed: whether a date moved. The slip's day is kept unless the lawful one comes after it."""
        if self.due is None or self.leg is None or self.ended is not None:
            return False
        before, promised = (self.due, self.lawful), rolled(self.due.date())
        self.lawful = self.leg()
        due = at(promised, self.lawful.time()) if promised > self.lawful.date() else self.lawful
        self._rest(moment)
        self._go_on(moment, due)
        return (self.due, self.lawful) != before

    def end(self, moment: datetime) -> None:
        """Met, or over."""
        self.ended = moment
        self._rest(moment)

    def _rest(self, moment: datetime) -> None:
        if self.stretches and self.stretches[-1].lived[-1][1] is None:
            self.stretches[-1].lived[-1][1] = moment

    def _run(self, moment: datetime, leg: Callable[[], datetime]) -> None:
        self.leg, self.lawful = leg, leg()
        self._go_on(moment, self.lawful)

    def _go_on(self, moment: datetime, due: datetime) -> None:
        """A date that was given before goes on as it was; another one is new."""
        self.due = due
        if not self.stretches or self.stretches[-1].due_at != due:
            breach = due if self.limit.endswith("wh") else at(due.date() + DAY, time())
            self.stretches.append(Stretch(due.date(), due, None, breach))
        self.stretches[-1].warn_at = self._warning(due)
        self.stretches[-1].lived.append([moment, None])

    def _warning(self, due: datetime) -> datetime | None:
        """Opening of the working day before; limits of less than three days are too short for it."""
        short = self.limit == "same-day" or self.limit.endswith("wh") or self.limit in {"1wd", "2wd"}
        day = worked_before(due.date())
        first = self.began.date() if self.in_days else counted_from(self.began).date()
        return None if short or day <= first else at(day, HOURS[0][0])

    def announced(self, until: datetime) -> list[tuple[int, str, date]]:
        """(revision, stage, day) of everything that has to be said by then, looked at often enough."""
        found = []
        for revision, stretch in enumerate(self.stretches, 1):
            for stage, when in (("warn", stretch.warn_at), ("breach", stretch.breach_at)):
                if when is not None and any(when <= (last or until) for _first, last in stretch.lived):
                    found.append((revision, stage, stretch.due_on))
        return found
