"""When the sample day is: the last working day that is over or well under way, and the working days before and after it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shared.law import ZONE, Calendar, office_hours

WELL_UNDER_WAY = time(9)
"""From here on the sample day is today; what it holds is then done between the opening hour and now."""
MARGIN = timedelta(minutes=1)
"""The last act lies this much before now."""

_MOMENT = re.compile(r"(-?\d{1,3}) ([0-2]\d):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Days:
    """Moments of the sample as instants; of a day that is not over yet, the whole day is told in the hours it has had."""

    calendar: Calendar
    day: date
    until: datetime

    @classmethod
    def ending(cls, until: datetime, calendar: Calendar) -> Days:
        """The days of a sample that is over at `until`."""
        local = until.astimezone(ZONE)
        begun = calendar.is_working_day(local.date()) and local.time() >= WELL_UNDER_WAY
        return cls(calendar, local.date() if begun else calendar.working_day_before(local.date(), 1), local)

    def on(self, number: int) -> date:
        """The working day so many before (negative) or after the sample day, which is 0."""
        if number == 0:
            return self.day
        by = self.calendar.working_day_after if number > 0 else self.calendar.working_day_before
        return by(self.day, abs(number))

    def at(self, moment: str, minutes: int = 0) -> datetime:
        """`-3 08:15`, so many minutes later: an instant in Vietnam."""
        number, clock = parsed(moment)
        on = self.on(number)
        instant = datetime.combine(on, clock, ZONE) + timedelta(minutes=minutes)
        return self._told(instant) if on == self.day else instant

    def _told(self, instant: datetime) -> datetime:
        """The same part of the hours the day has had as it is of a whole one."""
        hours = office_hours(self.day)
        opening, closing = (datetime.combine(self.day, hour, ZONE) for hour in (hours.opening, hours.closing))
        last = min(closing, self.until - MARGIN)
        return opening + (instant - opening) * ((last - opening) / (closing - opening))


def parsed(moment: str) -> tuple[int, time]:
    """The working day's number and the hour of `-3 08:15`."""
    match = _MOMENT.fullmatch(moment)
    if match is None:
        raise ValueError(f"{moment!r} is not a moment such as '-3 08:15'")
    return int(match[1]), time(int(match[2]), int(match[3]))
