"""The limits of a letter and its cases, each under its rule of the law; what a clock says is asked when it is moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from shared.law import ZONE, CalendarNotPublished, Clock, Due, Office, start

SCREENING = "screening"
"""Find out what a letter is and who is competent, within the shortest limit it may fall under."""
ACCEPTANCE, SETTLEMENT, DELIVERY = "acceptance", "settlement", "delivery"
ANSWER, TRANSFER = "answer", "transfer"

RULES = {
    SCREENING: "petition.transfer", ACCEPTANCE: "complaint.acceptance", SETTLEMENT: "complaint.settlement.first",
    DELIVERY: "complaint.decision-delivery", ANSWER: "feedback.answer", TRANSFER: "case.transfer-acceptance",
}  # fmt: skip
"""Kinds of deadlines and the rule each runs under."""

SECOND_RULES = {SETTLEMENT: "complaint.settlement.second", DELIVERY: "complaint.decision-delivery.second"}
"""Where the law gives a second complaint another limit."""

SHOWN_FIRST = (DELIVERY, SETTLEMENT, ACCEPTANCE, ANSWER, TRANSFER)
"""Of several limits that run, a case shows the first of these."""


@dataclass(frozen=True, slots=True)
class Term:
    """A limit: its clock, and what the clock says; `due` is None until a command moves or reads the clock."""

    clock: Clock
    due: Due | None = None

    @property
    def ended(self) -> bool:
        """Whether the limit was met, or ended otherwise."""
        return self.clock.completed_at is not None

    @property
    def last_at(self) -> datetime:
        """When something happened to it last."""
        return self.clock.events[-1].at

    def read(self, office: Office) -> Due:
        """What the clock says."""
        return self.due or office.due(self.clock)

    def end(self, at: datetime, office: Office) -> Term:
        """The limit ends here; one that ended before stays as it is."""
        return self if self.ended else _term(self.clock.complete(at), office)

    def pause(self, at: datetime, office: Office) -> Term:
        """The limit stands still until something comes from the citizen."""
        return _term(self.clock.pause(at), office)

    def suspend(self, at: datetime, office: Office) -> Term:
        """The limit stands still by a decision."""
        return _term(self.clock.suspend(at), office)

    def resume(self, at: datetime, office: Office) -> Term:
        """The limit goes on."""
        return _term(self.clock.resume(at), office)

    def reopen(self, office: Office) -> Term:
        """It was ended by mistake: as if it never had been."""
        return _term(replace(self.clock, events=self.clock.events[:-1]), office) if self.ended else self

    def count_again(self, received_on: date, today: date, office: Office) -> Term:
        """By the law as it stands now; the rule may have a version by now that takes over what runs."""
        rule = self.clock.rule
        clock = self.clock if rule is None else self.clock.under(office.rules.ruling(rule, received_on, today))
        return _term(clock, office)

    def lengthen(self, office: Office, *, remote: bool) -> Term:
        """The limit of a complex case, counted from the original start."""
        if self.clock.rule is None:
            raise AssertionError("every limit of a case stands under a rule")
        longer = self.clock.rule.limit_for(complex=True, remote=remote)
        return _term(replace(self.clock, limit=longer), office)


def _term(clock: Clock, office: Office) -> Term:
    return Term(clock, office.due(clock))


def local_day(at: datetime) -> date:
    """The day in Vietnam."""
    return at.astimezone(ZONE).date()


def begin(
    kind: str, since: datetime, office: Office, *, received_at: datetime, second: bool = False, complex: bool = False, remote: bool = False
) -> Term:  # fmt: skip
    """Start a limit; the rule's version follows the local day of receipt."""
    name = SECOND_RULES.get(kind, RULES[kind]) if second else RULES[kind]
    rule = office.rules.rule(name, on=local_day(received_at))
    return _term(start(rule, since, complex=complex, remote=remote), office)


def due_of(term: Term) -> tuple[datetime, date]:
    """The due instant and day of a limit that runs."""
    if term.due is None or term.due.due_at is None or term.due.due_on is None:
        raise AssertionError("a clock that runs has a due date")
    return term.due.due_at, term.due.due_on


def last_day(rule: str, since: date | datetime, office: Office, *, on: date, remote: bool = False) -> date:
    """The last day of a limit that is no deadline of ours: a citizen's window, legal force, a notice owed before an event."""
    clock = start(office.rules.rule(rule, on=on), since, remote=remote)
    return due_of(_term(clock, office))[1]


def limitation_ended_on(learned_on: date, office: Office, *, on: date) -> date | None:
    """The last day to complain about an act known since `learned_on`; None where that lies before every known calendar."""
    try:
        return last_day("complaint.limitation", learned_on, office, on=on)
    except CalendarNotPublished:
        return None


def timing(done_on: date, due_on: date | None) -> str:
    """`before`, `on` or `over` the due date, by date alone; `unknown` where there is none."""
    if due_on is None:
        return "unknown"
    return "before" if done_on < due_on else "on" if done_on == due_on else "over"
