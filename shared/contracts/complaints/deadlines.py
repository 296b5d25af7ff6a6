"""Facts of the limits of letters and cases: near, past, or moved by a change of the law's data."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from shared.contracts.complaints.cases import CASES, CaseFact
from shared.contracts.envelope import fact


@fact(CASES, "submission")
class SubmissionDeadlineWarned(CaseFact):
    """The letter will not be screened in time unless something happens: one announcement per deadline revision."""

    submission: UUID
    code: str
    unit: str
    kind: str
    revision: int
    due_at: datetime
    due_on: date


@fact(CASES, "submission")
class SubmissionDeadlineBreached(CaseFact):
    """The letter was not screened in time: one announcement per deadline revision."""

    submission: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    kind: str
    revision: int
    due_at: datetime
    due_on: date


@fact(CASES, "submission")
class SubmissionDeadlineMoved(CaseFact):
    """A change of the calendar, of office hours or of a rule moved the limit to screen a letter; `moved_to` is the sender's new day."""

    submission: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    kind: str
    reason_class: str
    act: UUID
    old_due_on: date
    due_on: date
    due_at: datetime
    moved_to: date | None = None
    provisional: bool = False


@fact(CASES, "case")
class DeadlineWarned(CaseFact):
    """The case will be late unless something happens: one announcement per deadline revision."""

    case: UUID
    code: str
    unit: str
    kind: str
    revision: int
    due_at: datetime
    due_on: date
    officer: str | None = None


@fact(CASES, "case")
class DeadlineBreached(CaseFact):
    """The due date has passed: one announcement per deadline revision. `unit` is the accountable one."""

    case: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    kind: str
    revision: int
    due_at: datetime
    due_on: date
    officer: str | None = None


@fact(CASES, "case")
class DeadlineMoved(CaseFact):
    """A change of the calendar, of office hours or of a rule moved a limit that runs; `moved_to` is its new day where the citizen
    waits for it, and absent where only offices do.
    """

    case: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    kind: str
    reason_class: str
    act: UUID
    old_due_on: date
    due_on: date
    due_at: datetime
    moved_to: date | None = None
    provisional: bool = False
    officer: str | None = None
