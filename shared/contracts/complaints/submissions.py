"""Facts of a letter, until it is cases or somebody else's."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from shared.contracts.complaints.cases import CASES, CaseFact
from shared.contracts.envelope import fact


@fact(CASES, "submission")
class SubmissionRegistered(CaseFact):
    """A letter arrived and has its receipt; of what kind it is, nobody has said yet. `due_on`: screened until then."""

    submission: UUID
    code: str
    unit: str
    channel: str
    recipient: UUID | None = None
    anonymous: bool
    parties: int
    received_at: datetime
    due_on: date
    lookup_verifier: str


@fact(CASES, "submission")
class SubmissionSplit(CaseFact):
    """The letter was read and became cases, each stated by its own `case-opened`."""

    submission: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    cases: int


@fact(CASES, "submission")
class SubmissionGuided(CaseFact):
    """The sender was shown the right way; nothing is settled here."""

    submission: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    reason_class: str


@fact(CASES, "submission")
class SubmissionFiled(CaseFact):
    """The letter is kept and not settled, for a reason."""

    submission: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    reason_class: str


@fact(CASES, "submission")
class SubmissionSupplementRequested(CaseFact):
    """Something is missing in the letter: its screening pauses until it comes, at the latest on `respond_by`."""

    submission: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    respond_by: date


@fact(CASES, "submission")
class SubmissionSupplied(CaseFact):
    """What was missing came; the letter is screened until `due_on`."""

    submission: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    due_at: datetime
    due_on: date


@fact(CASES, "submission")
class SubmissionTransferred(CaseFact):
    """The competent body has the letter now: `to_unit` screens it until `due_on`; None is a body outside the province."""

    submission: UUID
    code: str
    unit: str
    to_unit: str | None = None
    recipient: UUID | None = None
    reason_class: str
    due_at: datetime | None = None
    due_on: date | None = None


@fact(CASES, "submission")
class SubmissionLinked(CaseFact):
    """A person found that the letter says what another one said already; it is settled with that one."""

    submission: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    with_submission: UUID
