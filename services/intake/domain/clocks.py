"""The two limits of a dossier: answer what came online or by post, settle what was accepted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shared.law import ZONE, Calendar, Clock, Due, OfficeHours, rulebook, start


@dataclass(frozen=True, slots=True)
class Office:
    """What days and hours count: the calendar and the office hours a clock is read with."""

    calendar: Calendar
    hours: OfficeHours

    def due(self, clock: Clock) -> Due:
        """What a clock says here."""
        return clock.due(self.calendar, self.hours)


@dataclass(frozen=True, slots=True)
class Term:
    """A limit of a dossier: its clock, and what the clock says; `due` is None until a command moves the clock."""

    clock: Clock
    due: Due | None = None

    @property
    def ended(self) -> bool:
        """Whether the limit was met, or ended otherwise."""
        return self.clock.completed_at is not None

    def end(self, at: datetime, office: Office) -> Term:
        """The limit ends here."""
        return _term(self.clock.complete(at), office)

    def pause(self, at: datetime, office: Office) -> Term:
        """The limit stands still: papers are awaited."""
        return _term(self.clock.pause(at), office)

    def resume(self, at: datetime, office: Office) -> Term:
        """The limit goes on."""
        return _term(self.clock.resume(at), office)


def _term(clock: Clock, office: Office) -> Term:
    return Term(clock, office.due(clock))


def local_day(at: datetime) -> date:
    """The day in Vietnam."""
    return at.astimezone(ZONE).date()


def answer_term(since: datetime, office: Office) -> Term:
    """An officer answers within 8 working hours what came online or by post."""
    return _term(start(rulebook().rule("one-stop.online-answer", on=local_day(since)), since), office)


def settlement_term(received_at: datetime, since: datetime, limit: str, pause_mode: str, office: Office) -> Term:
    """The procedure's limit; the rule's version follows the local day of receipt."""
    rule = rulebook().rule("one-stop.settlement", on=local_day(received_at))
    return _term(start(rule, since, limit=limit, mode=pause_mode), office)


def applicant_day(at: datetime, office: Office) -> date:
    """The day the applicant answers by, when the request names none."""
    due = office.due(start(rulebook().rule("one-stop.applicant-answer", on=local_day(at)), at))
    if due.due_on is None:
        raise AssertionError("a clock that was just started has a due date")
    return due.due_on
