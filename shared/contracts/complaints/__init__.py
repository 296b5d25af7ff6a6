"""Facts stated by complaints: letters and the cases they become, on `complaints.cases`; contacts sealed.

`recipient` is the inbox of the first party; None where the letter is anonymous, which a reader has to guard for.
`code` is the receipt number of a letter, and for a case the receipt number with the case's own number behind a dot.
One module per aggregate: `cases`, `complaint`, `feedback`, `submissions`, `deadlines`, `contacts`.
"""

from __future__ import annotations

from shared.contracts.complaints.cases import (
    CASES,
    CaseAssigned,
    CaseCorrected,
    CaseEscalated,
    CaseFact,
    CaseOpened,
    CasePromised,
    CaseTransferAccepted,
    CaseTransferred,
    CaseTransferRejected,
    CaseWithdrawn,
    CitizenActRequested,
    IdentityRead,
)
from shared.contracts.complaints.complaint import (
    CaseAccepted,
    CaseAppealed,
    CaseRefused,
    ClockResumed,
    ClockSuspended,
    ComplaintResolved,
    DeadlineExtended,
    DecisionDelivered,
    DialogueHeld,
    DialogueScheduled,
)
from shared.contracts.complaints.contacts import CONTACTS, ContactSealed
from shared.contracts.complaints.deadlines import (
    DeadlineBreached,
    DeadlineMoved,
    DeadlineWarned,
    SubmissionDeadlineBreached,
    SubmissionDeadlineMoved,
    SubmissionDeadlineWarned,
)
from shared.contracts.complaints.feedback import AnswerSent, CaseReopened, OutcomePublished, OutcomeRated
from shared.contracts.complaints.submissions import (
    SubmissionFiled,
    SubmissionGuided,
    SubmissionLinked,
    SubmissionRegistered,
    SubmissionSplit,
    SubmissionSupplementRequested,
    SubmissionSupplied,
    SubmissionTransferred,
)
from shared.contracts.envelope import Catalogue, Fact

__all__ = [
    "CASES",
    "CASE_FACTS",
    "CATALOGUE",
    "CONTACTS",
    "SUBMISSION_FACTS",
    "AnswerSent",
    "CaseAccepted",
    "CaseAppealed",
    "CaseAssigned",
    "CaseCorrected",
    "CaseEscalated",
    "CaseFact",
    "CaseOpened",
    "CasePromised",
    "CaseRefused",
    "CaseReopened",
    "CaseTransferAccepted",
    "CaseTransferRejected",
    "CaseTransferred",
    "CaseWithdrawn",
    "CitizenActRequested",
    "ClockResumed",
    "ClockSuspended",
    "ComplaintResolved",
    "ContactSealed",
    "DeadlineBreached",
    "DeadlineExtended",
    "DeadlineMoved",
    "DeadlineWarned",
    "DecisionDelivered",
    "DialogueHeld",
    "DialogueScheduled",
    "IdentityRead",
    "OutcomePublished",
    "OutcomeRated",
    "SubmissionDeadlineBreached",
    "SubmissionDeadlineMoved",
    "SubmissionDeadlineWarned",
    "SubmissionFiled",
    "SubmissionGuided",
    "SubmissionLinked",
    "SubmissionRegistered",
    "SubmissionSplit",
    "SubmissionSupplementRequested",
    "SubmissionSupplied",
    "SubmissionTransferred",
]

SUBMISSION_FACTS: tuple[type[Fact], ...] = (
    SubmissionRegistered, SubmissionSplit, SubmissionGuided, SubmissionFiled, SubmissionSupplementRequested, SubmissionSupplied,
    SubmissionTransferred, SubmissionLinked, SubmissionDeadlineWarned, SubmissionDeadlineBreached, SubmissionDeadlineMoved,
)  # fmt: skip
CASE_FACTS: tuple[type[Fact], ...] = (
    CaseOpened, CaseAccepted, CaseRefused, CaseAssigned, CaseTransferred, CaseTransferAccepted, CaseTransferRejected,
    CaseEscalated, ClockSuspended, ClockResumed, DeadlineExtended, DialogueScheduled, DialogueHeld, ComplaintResolved,
    DecisionDelivered, CaseAppealed, AnswerSent, OutcomePublished, OutcomeRated, CaseReopened, CaseWithdrawn,
    DeadlineWarned, DeadlineBreached, DeadlineMoved, CasePromised, CaseCorrected, CitizenActRequested,
)  # fmt: skip
CATALOGUE = Catalogue.of((*SUBMISSION_FACTS, *CASE_FACTS, ContactSealed))
