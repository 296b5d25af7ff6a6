"""The law's data changed: which days and rules a record changes, what open limits say now, and the fact for each that moved.

Nobody gave a command: the version of a letter or case stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.complaints.domain.case import Case
from services.complaints.domain.clocks import SCREENING, TRANSFER, Term, local_day
from services.complaints.domain.submission import Submission
from shared.contracts.complaints import DeadlineMoved, SubmissionDeadlineMoved
from shared.law import PROVINCE, Law, Office, Record

_EVER = (date.min, date.max)


@dataclass(frozen=True, slots=True)
class Change:
    """What a record changes for limits here: the days whose meaning is another one, or a rule; `begins`: when it matters first."""

    reason_class: str
    days: tuple[date, date]
    rule: str | None = None
    begins: date = date.min


def change(law: Law, before: Record | None, after: Record) -> Change | None:
    """What this record changes of the law as it was; None where it says what was known, or concerns office hours of one unit,
    by which no limit here is counted.
    """
    if before == after:
        return None
    if "year" in after:
        return _days(law, after)
    if "profiles" in after:
        return Change("office-hours", _EVER) if after["unit"] == PROVINCE else None
    known = before["versions"] if before else ()
    begin = [date.fromisoformat(row["valid_from"]) for row in after["versions"] if row not in known]
    return Change("rule", _EVER, after["rule"], min(begin)) if begin else None


def _days(law: Law, after: Record) -> Change:
    """From the first to the last day that is another one than before; the whole year where its standing changed."""
    year, calendar = after["year"], law.amended(after).calendar
    whole = (date(year, 1, 1), date(year, 12, 31))
    if calendar.status(year) is not law.calendar.status(year):
        return Change("calendar", whole)
    first, last = (day.toordinal() for day in whole)
    changed = sorted(day for day in {*calendar.worked} ^ {*law.calendar.worked} if first <= day <= last)
    return Change("calendar", (date.fromordinal(changed[0]), date.fromordinal(changed[-1])) if changed else whole)


@dataclass(frozen=True, slots=True)
class Counting:
    """By what limits are counted again, and when."""

    office: Office
    act: UUID
    reason_class: str
    now: datetime

    def again(self, term: Term, received_at: datetime) -> Term:
        """What a limit says now."""
        return term.count_again(local_day(received_at), local_day(self.now), self.office)

    def moved(self, about: Submission | Case, kind: str, term: Term, old_due_on: date | None) -> dict[str, Any] | None:
        """The dates of a limit that moved; None where it did not, or stands still. `moved_to`: where it is the citizen's affair."""
        due = term.due
        if due is None or due.due_at is None or due.due_on is None or old_due_on is None or due.due_on == old_due_on:
            return None
        return {
            "occurred_at": max(self.now, term.last_at), "unit": about.unit, "recipient": about.recipient, "kind": kind,
            "reason_class": self.reason_class, "act": self.act, "old_due_on": old_due_on, "due_on": due.due_on, "due_at": due.due_at,
            "moved_to": None if kind == TRANSFER else due.due_on, "provisional": due.provisional,
        }  # fmt: skip


def count_letter_again(
    letter: Submission, counting: Counting, due: Mapping[str, date]
) -> tuple[Submission, list[SubmissionDeadlineMoved]]:
    """A letter nobody has read yet, with its limit by the law as it stands; `due`: on which days limits were due until now."""
    if letter.screening is None or letter.screening.ended:
        return letter, []
    term = counting.again(letter.screening, letter.received_at)
    now: dict[str, Any] = (
        {} if term.due is None or term.due.due_at is None else {"due_at": term.due.due_at, "due_on": term.due.due_on}
    )
    about = counting.moved(letter, SCREENING, term, due.get(SCREENING))
    facts = [] if about is None else [SubmissionDeadlineMoved(submission=letter.id, code=letter.receipt_no, **about)]
    return letter.having(screening=term, **now), facts


def count_case_again(case: Case, counting: Counting, due: Mapping[str, date]) -> tuple[Case, list[DeadlineMoved]]:
    """A case with its open limits by the law as it stands; `due`: on which days they were due until now."""
    terms = {
        kind: counting.again(term, case.received_at)
        for kind, term in case.terms.items()
        if not term.ended and term.clock.rule is not None
    }
    about = {kind: counting.moved(case, kind, term, due.get(kind)) for kind, term in terms.items()}
    facts = [
        DeadlineMoved(case=case.id, code=case.code, officer=case.handler, **each)
        for each in about.values()
        if each is not None
    ]
    return case.with_terms(counting.office, **terms), facts
