"""Facts stated by complaints: letters and the cases they become, on `complaints.cases`; contacts sealed.

`recipient` is the inbox of the first party; None where the letter is anonymous, which a reader has to guard for.
`code` is the receipt number of a letter, and for a case the receipt number with the case's own number behind a dot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.contracts.envelope import Catalogue, Fact, fact

CASES = "complaints.cases"
CONTACTS = "complaints.contacts"


@dataclass(frozen=True, kw_only=True)
class CaseFact(Fact):
    """A fact of a letter or case that another system may own: `backfill` is history nobody is told about, `inferred` a state
    its source left out; `tells_citizens`: whether we tell them, or their source does.
    """

    source: str | None = None
    backfill: bool = False
    inferred: bool = False
    tells_citizens: bool = True


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
class CaseOpened(CaseFact):
    """A part of a letter became a case; its first limit (`deadline`) runs from the receipt of the letter."""

    case: UUID
    submission: UUID
    code: str
    kind: str
    level: int
    unit: str
    recipient: UUID | None = None
    received_at: datetime
    deadline: str
    due_at: datetime
    due_on: date
    about_dossier: UUID | None = None
    promised_on: date | None = None
    """What the system that owns it promised, beside the law's date."""


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
class CaseAssigned(CaseFact):
    """An officer handles the case now; `officer` is a directory id, not a name."""

    case: UUID
    code: str
    unit: str
    officer: str


@fact(CASES, "case")
class CaseTransferred(CaseFact):
    """Another unit is asked to take the case; `unit` stays accountable until it does, at the latest on `due_on`."""

    case: UUID
    code: str
    kind: str
    unit: str
    to_unit: str
    recipient: UUID | None = None
    reason_class: str
    due_at: datetime
    due_on: date


@fact(CASES, "case")
class CaseTransferAccepted(CaseFact):
    """The unit asked took the case and is accountable now; `due_on` is the citizen's date after that."""

    case: UUID
    code: str
    kind: str
    from_unit: str
    unit: str
    recipient: UUID | None = None
    due_at: datetime
    due_on: date


@fact(CASES, "case")
class CaseTransferRejected(CaseFact):
    """The unit asked did not take the case; the second time the common superior gets it (`case-escalated`)."""

    case: UUID
    code: str
    unit: str
    by_unit: str
    times: int
    reason_class: str
    due_at: datetime | None = None
    due_on: date | None = None


@fact(CASES, "case")
class CaseEscalated(CaseFact):
    """The superior unit is accountable now."""

    case: UUID
    code: str
    kind: str
    from_unit: str
    unit: str
    recipient: UUID | None = None
    reason_class: str
    due_at: datetime
    due_on: date


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


@fact(CASES, "case")
class CaseWithdrawn(CaseFact):
    """The citizen took the case back; whatever limit ran ends here."""

    case: UUID
    code: str
    kind: str
    unit: str
    recipient: UUID | None = None
    reason_class: str


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


@fact(CASES, "case")
class CasePromised(CaseFact):
    """The system that owns the case promises another day; the law's date stays."""

    case: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    promised_on: date
    due_on: date | None = None


@fact(CASES, "case")
class CaseCorrected(CaseFact):
    """The system that owns the case said a wrong state before: it stands again in `state`, with the date that counts again."""

    case: UUID
    code: str
    kind: str
    unit: str
    recipient: UUID | None = None
    state: str
    reason_class: str
    deadline: str | None = None
    due_at: datetime | None = None
    due_on: date | None = None


@fact(CASES, "case")
class CitizenActRequested(CaseFact):
    """The citizen wants something of a case another system owns (`act`: withdraw, reopen, appeal): it hears so, and answers with a state."""

    case: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    act: str
    reason_class: str | None = None


@fact(CASES, "case")
class IdentityRead(Fact):
    """Somebody opened the people of a case; never published."""

    case: UUID
    unit: str
    purpose: str


@fact(CONTACTS, "recipient")
class ContactSealed(Fact):
    """The newest contact of a recipient, sealed for notifications; sent, never kept as a fact (decisions 2)."""

    recipient: UUID
    contact_sealed: str
    key_id: str


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
