"""Facts of a complaint: taken on or not, its clock, its dialogue, its decision, and the second complaint."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from shared.contracts.complaints.cases import CASES, CaseFact
from shared.contracts.envelope import fact


@fact(CASES, "case")
class CaseAccepted(CaseFact):
    """The unit settles this complaint; the settlement clock starts."""

    case: UUID
    code: str
    kind: str
    level: int
    unit: str
    recipient: UUID | None = None
    contents: int
    complex: bool
    remote: bool
    rule: str
    rule_version: int
    started_at: datetime
    due_at: datetime
    due_on: date
    provisional: bool


@fact(CASES, "case")
class CaseRefused(CaseFact):
    """The complaint is not accepted, on a legal ground; the reason's text stays in complaints."""

    case: UUID
    code: str
    kind: str
    unit: str
    recipient: UUID | None = None
    ground: str


@fact(CASES, "case")
class ClockSuspended(CaseFact):
    """Settlement stands still by a decision of suspension."""

    case: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    ground: str
    remaining_days: int | None = None


@fact(CASES, "case")
class ClockResumed(CaseFact):
    """Settlement goes on, with its new due date."""

    case: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    due_at: datetime
    due_on: date


@fact(CASES, "case")
class DeadlineExtended(CaseFact):
    """The law gives more time, counted from the original start."""

    case: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    kind: str
    ground: str
    old_due_on: date
    due_at: datetime
    due_on: date


@fact(CASES, "case")
class DialogueScheduled(CaseFact):
    """The parties are invited; the place stands in the letter behind the link."""

    case: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    dialogue_at: datetime


@fact(CASES, "case")
class DialogueHeld(CaseFact):
    """The dialogue took place, or the complainant stayed away."""

    case: UUID
    code: str
    unit: str
    held_on: date
    outcome: str


@fact(CASES, "case")
class ComplaintResolved(CaseFact):
    """The complaint is decided, with a finding for each of its contents."""

    case: UUID
    submission: UUID
    code: str
    level: int
    unit: str
    recipient: UUID | None = None
    outcome: str
    contents: int
    right: int
    partly_right: int
    wrong: int
    undetermined: int
    decided_on: date
    settlement_due_on: date | None = None
    timing: str
    deliver_by: date


@fact(CASES, "case")
class DecisionDelivered(CaseFact):
    """The decision reached the complainant: the window for a second complaint runs, and legal force is known."""

    case: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    method: str
    delivered_on: date
    appeal_until: date
    in_force_on: date


@fact(CASES, "case")
class CaseAppealed(CaseFact):
    """A second complaint to the superior unit: against the decision, or because there was none in time."""

    case: UUID
    code: str
    unit: str
    to_unit: str
    recipient: UUID | None = None
    basis: str
    appeal_until: date
