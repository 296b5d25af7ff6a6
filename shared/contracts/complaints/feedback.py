"""Facts of feedback and petitions: the answer, what is published of it, and what the citizen thinks of it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from shared.contracts.complaints.cases import CASES, CaseFact
from shared.contracts.envelope import fact


@fact(CASES, "case")
class AnswerSent(CaseFact):
    """Feedback or a petition is answered; `round` counts the answers from 1."""

    case: UUID
    submission: UUID
    code: str
    kind: str
    unit: str
    recipient: UUID | None = None
    outcome: str
    round: int
    answered_on: date
    answer_due_on: date | None = None
    timing: str


@fact(CASES, "case")
class OutcomePublished(CaseFact):
    """Anybody may read the outcome, in a version without personal data."""

    case: UUID
    code: str
    unit: str


@fact(CASES, "case")
class OutcomeRated(CaseFact):
    """The citizen says how satisfied they are, 1 to 5."""

    case: UUID
    code: str
    unit: str
    score: int


@fact(CASES, "case")
class CaseReopened(CaseFact):
    """The citizen is not content with the answer: the answer limit runs anew."""

    case: UUID
    code: str
    kind: str
    unit: str
    recipient: UUID | None = None
    times: int
    reason_class: str
    due_at: datetime
    due_on: date
