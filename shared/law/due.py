"""The answer of a clock: when something is due, what is left, when to warn and when it is breached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.law.calendar import ONE_DAY, Calendar
from shared.law.fold import Fold
from shared.law.hours import OfficeHours
from shared.law.limits import Limit, Unit
from shared.law.rules import Rule, Warn
from shared.law.zone import moment

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A due date with all that belongs to it. `due_at`, `due_on` are None while paused; for limits in calendar days
    `due_at` is the last second of `due_on`. `apology_latest`: an apology is owed at the latest on this day.
    `used_days`, `remaining_days`: of a limit in calendar days that was paused; `remaining_working_hours`: of the others.
    """

    limit: Limit
    starts_at: datetime
    original_due_at: datetime
    due_at: datetime | None
    remaining_working_hours: float | None
    used_days: int | None
    remaining_days: int | None
    apology_latest: date | None
    warn_at: datetime | None
    alerts_on: tuple[date, ...]
    rule: str | None
    version: int | None
    legal_basis: str | None
    verified: bool | None
    provisional: bool
    completed: bool = False

    @property
    def due_on(self) -> date | None:
        """The local day of the due instant."""
        return None if self.due_at is None else self.due_at.date()

    @property
    def original_due_on(self) -> date:
        """The local day it was due before any pause, suspension or extension."""
        return self.original_due_at.date()

    @property
    def warn_on(self) -> date | None:
        """The day the near end is announced."""
        return None if self.warn_at is None else self.warn_at.date()


def breach_at(due: Due) -> datetime | None:
    """When the limit is broken: 00:00 +07:00 of the next day, for working hours the instant itself; None while paused."""
    if due.due_at is None:
        return None
    return due.due_at if due.limit.unit is Unit.WORKING_HOURS else moment(due.due_at.date() + ONE_DAY)


def stages(due: Due) -> tuple[datetime | None, datetime | None]:
    """(when to warn, when it is breached); nothing to announce while paused or once completed."""
    return (None, None) if due.completed else (due.warn_at, breach_at(due))


def conclude(
    folded: Fold, limit: Limit, rule: Rule | None, calendar: Calendar, hours: OfficeHours, *, completed: bool
) -> Due:
    """The answer to a fold."""
    hours_left, used, days_left = _left(folded, limit)
    return Due(
        limit=limit,
        starts_at=folded.starts_at,
        original_due_at=folded.original,
        due_at=folded.due,
        remaining_working_hours=hours_left,
        used_days=used,
        remaining_days=days_left,
        apology_latest=apology_latest(folded, rule, calendar),
        warn_at=_warn(folded, limit, rule, calendar, hours),
        alerts_on=tuple(folded.starts_at.date() + n * ONE_DAY for n in rule.alerts) if rule is not None else (),
        rule=rule.id if rule is not None else None,
        version=rule.version if rule is not None else None,
        legal_basis=rule.legal_basis if rule is not None else None,
        verified=rule.verified if rule is not None else None,
        provisional=bool(calendar.provisional_years(*span(folded))),
        completed=completed,
    )


def _left(folded: Fold, limit: Limit) -> tuple[float | None, int | None, int | None]:
    """(working hours left, days used, days left) when the clock last stood still."""
    leg = folded.last_leg
    if leg is None:
        return None, None, None
    if not limit.in_dates:
        return leg.left / _HOUR, None, None
    return None, (folded.whole - leg.left).days, leg.left.days


def apology_latest(folded: Fold, rule: Rule | None, calendar: Calendar) -> date | None:
    """The working day before the due day, not earlier than the day of receipt."""
    if folded.due is None or rule is None or not rule.apology:
        return None
    return calendar.last_working_day_between(folded.starts_at.date() - ONE_DAY, folded.due.date())


def span(folded: Fold) -> tuple[date, date]:
    """First and last day the result rests on; while paused, up to where it was due."""
    last = folded.due or folded.extended
    return min(folded.starts_at, last).date(), max(folded.starts_at, last).date()


def _warn(folded: Fold, limit: Limit, rule: Rule | None, calendar: Calendar, hours: OfficeHours) -> datetime | None:
    """Opening of the working day before the due day; none for hours, the same day, and limits too short for it."""
    if folded.due is None or rule is None or rule.warn is Warn.NONE:
        return None
    if not limit.in_dates and (limit.unit is not Unit.WORKING_DAYS or limit.amount < rule.warn_from):
        return None
    after = folded.starts_at.date() if folded.due > folded.starts_at else date.min
    day = calendar.last_working_day_between(after, folded.due.date())
    return None if day is None else moment(day, hours.opening)
