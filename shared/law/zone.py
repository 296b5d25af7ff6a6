"""The one time zone of the law: Vietnam has been at +07:00 without daylight saving since 1975."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

ZONE = timezone(timedelta(hours=7), "+07:00")
END_OF_DAY = time(23, 59, 59)


def local(at: datetime) -> datetime:
    """The same instant on a clock in Vietnam; an instant without zone is refused with `ValueError`."""
    if at.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return at.astimezone(ZONE)


def moment(day: date, hour: time = time.min) -> datetime:
    """This hour of this day in Vietnam."""
    return datetime.combine(day, hour, ZONE)


def as_instant(when: date | datetime) -> datetime:
    """A day alone means its first moment in Vietnam."""
    return local(when) if isinstance(when, datetime) else moment(when)


def as_date(value: date | str) -> date:
    """A day, also one written in ISO 8601."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def parse_instant(text: str) -> datetime:
    """ISO 8601 instant or day; without an offset it is Vietnam's clock; `ValueError` when it is neither."""
    parsed = datetime.fromisoformat(text)
    try:
        return parsed.replace(tzinfo=ZONE) if parsed.tzinfo is None else parsed.astimezone(ZONE)
    except OverflowError as error:
        raise ValueError(text) from error
