"""Why a due date cannot be given, each by name."""

from __future__ import annotations

from shared.kernel import Invalid, Refused


class CalendarNotPublished(Refused):
    """The working days of a year are not known; `year` names it. Days off are never guessed."""

    def __init__(self, year: int) -> None:
        super().__init__(f"the calendar of {year} is not published", year=year)
        self.year = year


class UnknownRule(Invalid):
    """No rule row has this id, or none was in force on that day."""


class UnknownLimit(Invalid):
    """This is no time limit the law knows: write 7wd, 30d, 8wh or same-day."""


class TooManyExtensions(Refused):
    """The law does not allow this much extension."""


class BadTime(Invalid):
    """This is not a time, or the times are in an impossible order."""


class MissingField(Invalid):
    """Something needed to compute a due date was not said."""


class AlreadyPaused(Refused):
    """The clock is already paused."""


class NotPaused(Refused):
    """The clock is not paused."""


class ClockCompleted(Refused):
    """The clock was stopped for good: the matter is settled."""


class NotPausable(Refused):
    """A limit counted back from an event cannot be paused or extended."""
