"""The two limits of a dossier: answer what came online or by post, settle what was accepted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from shared.law import ZONE, Clock, Due, Office, rulebook, start
from shared.law.zone import moment


@dataclass(frozen=True, slots=True)
class Term:
    """A limit of a dossier: its clock, what the clock says, and what the slip says; both None until a command moves it.

    `moved_by`: so many working days the slip's date lies behind the lawful one, after an apology.
    """

    clock: Clock
    due: Due | None = None
    promise: Due | None = None
    moved_by: int = 0
    promised_at: datetime | None = None
    """What the slip of another system says, whatever the law says."""

    @property
    def ended(self) -> bool:
        """Whether the limit was met, or ended otherwise."""
        return self.clock.completed_at is not None

    def end(self, at: datetime, office: Office) -> Term:
        """The limit ends here."""
        return _term(self.clock.complete(at), office, self.moved_by, self.promised_at)

    def pause(self, at: datetime, office: Office) -> Term:
        """The limit stands still: papers, money or somebody else's answer are awaited."""
        return _term(self.clock.pause(at), office, self.moved_by, self.promised_at)

    def resume(self, at: datetime, office: Office) -> Term:
        """The limit goes on."""
        return _term(self.clock.resume(at), office, self.moved_by, self.promised_at)

    def restart(self, at: datetime, office: Office) -> Term:
        """The whole limit counts anew from here: a second appointment, which nobody has moved yet."""
        return _term(self.clock.restart(at), office)

    def count_again(self, received_on: date, promised_on: date | None, today: date, office: Office) -> Term:
        """By the law as it stands now; the day already promised is kept where the lawful one does not come after it.

        A day promised by an apology stays so far behind the lawful one from now on; the slip's own is promised once; another
        system's slip stays what it is.
        """
        rule = self.clock.rule
        clock = self.clock if rule is None else self.clock.under(office.rules.ruling(rule, received_on, today))
        if self.promised_at is not None:
            return _term(clock, office, promised_at=self.promised_at)
        due = office.due(clock)
        behind = _days_behind(due.due_on, promised_on, office)
        return Term(clock, due, _promise(due, behind, office), behind if self.moved_by else 0)

    def move(self, days: int, office: Office) -> Term:
        """The slip's date lies so many working days behind the lawful one from now on."""
        return _term(self.clock, office, days)

    def promise_for(self, at: datetime | None, office: Office) -> Term:
        """Another system's slip says this instant from now on; None: the lawful one."""
        return _term(self.clock, office, promised_at=at)

    def reopen(self, office: Office) -> Term:
        """It was ended by mistake: as if it never had been."""
        events = self.clock.events[:-1] if self.ended else self.clock.events
        return _term(replace(self.clock, events=events), office, self.moved_by, self.promised_at)


def _term(clock: Clock, office: Office, moved_by: int = 0, promised_at: datetime | None = None) -> Term:
    due = office.due(clock)
    promise = _promise(due, moved_by, office) if promised_at is None else _foreign_promise(due, promised_at, office)
    return Term(clock, due, promise, moved_by, promised_at)


def _foreign_promise(due: Due, promised_at: datetime, office: Office) -> Due:
    """What another system's slip says, with a warning on the working day before it; nothing while the clock stands still."""
    if due.due_at is None:
        return due
    at = promised_at.astimezone(ZONE)
    warned = moment(office.calendar.working_day_before(at.date(), 1), office.hours.opening)
    return replace(due, due_at=at, warn_at=due.warn_at and warned)


def _promise(due: Due, moved_by: int, office: Office) -> Due:
    """What the slip says: the same hour, so many working days later, with a warning before that day."""
    if due.due_at is None or due.due_on is None or not moved_by:
        return due
    day = office.calendar.working_day_after(due.due_on, moved_by)
    warned = moment(office.calendar.working_day_before(day, 1), office.hours.opening)
    return replace(
        due, due_at=due.due_at + (day - due.due_on), warn_at=due.warn_at and warned,
        provisional=due.provisional or bool(office.calendar.provisional_years(day, day)),
    )  # fmt: skip


def _days_behind(lawful: date | None, promised_on: date | None, office: Office) -> int:
    """So many working days the promised day lies behind the lawful one; a promised day that is none any more is the next one."""
    if lawful is None or promised_on is None or promised_on <= lawful:
        return 0
    return office.calendar.count_working_days(lawful, office.calendar.working_day_from(promised_on))


def local_day(at: datetime) -> date:
    """The day in Vietnam."""
    return at.astimezone(ZONE).date()


def answer_term(since: datetime, office: Office) -> Term:
    """An officer answers within 8 working hours what came online or by post."""
    return _term(start(office.rules.rule("one-stop.online-answer", on=local_day(since)), since), office)


def settlement_term(
    received_at: datetime, since: datetime, limit: str, pause_mode: str, office: Office, promised_at: datetime | None = None
) -> Term:  # fmt: skip
    """The procedure's limit; the rule's version follows the local day of receipt; `promised_at`: another system's slip."""
    rule = office.rules.rule("one-stop.settlement", on=local_day(received_at))
    return _term(start(rule, since, limit=limit, mode=pause_mode), office, promised_at=promised_at)


def publicity_term(signed_on: date, office: Office) -> Term:
    """A provincial procedure is published within 5 working days after its decision was signed."""
    return _term(start(office.rules.rule("procedure.publicity", on=signed_on), moment(signed_on)), office)


def transfer_term(since: datetime, office: Office) -> Term:
    """Another unit answers within so many days whether it takes a dossier."""
    return _term(start(rulebook().rule("case.transfer-acceptance", on=local_day(since)), since), office)


def applicant_day(at: datetime, office: Office) -> date:
    """The day the applicant answers by, when the request names none."""
    due = office.due(start(office.rules.rule("one-stop.applicant-answer", on=local_day(at)), at))
    if due.due_on is None:
        raise AssertionError("a clock that was just started has a due date")
    return due.due_on
