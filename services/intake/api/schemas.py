"""What travels over HTTP: bodies in, views out."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain import Component, Submission
from services.intake.handlers import Filing
from services.intake.store.lists import Wanted
from shared.web.fields import Day, Instant, text
from shared.web.people import IdentityNumber, PersonBody

Sets: TypeAlias = Annotated[int, Field(ge=1, le=99, description="How many sets of the papers were handed in.")]


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a mistyped name is noticed."""

    model_config = ConfigDict(extra="forbid")


class ComponentBody(Body):
    """A paper handed in."""

    name: Annotated[str, text(max_length=300)]
    kind: Literal["original", "certified", "copy", "electronic"] = "original"
    count: Annotated[int, Field(ge=1, le=100)] = 1
    digitised: bool = False
    """Scanned and checked at the counter."""
    reused: bool = False
    """Taken from data or papers that were there already."""
    file: UUID | None = None

    def component(self) -> Component:
        """As the domain knows it."""
        return Component(self.name, self.kind, self.count, self.digitised, self.reused, self.file)


class DossierBody(Body):
    """A dossier to be filed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "procedure": "1.004873", "unit": "19360", "channel": "online", "submitter": {"name": "Nguyễn Văn An", "identity_no": "044085001234"},
                    "components": [{"name": "Tờ khai", "kind": "electronic", "count": 1}], "summary": "Cấp giấy xác nhận tình trạng hôn nhân",
                }
            ]
        }
    )  # fmt: skip

    procedure: Annotated[str, text(max_length=30)]
    unit: Annotated[str, text(max_length=10)]
    channel: Literal["online", "direct", "postal"]
    subject_kind: Literal["citizen", "business", "state-body", "organisation"] = "citizen"
    received_at: Instant | None = None
    late_entry_reason: Annotated[str, text(max_length=500)] | None = None
    submitter: PersonBody
    owner: PersonBody | None = None
    components: Annotated[list[ComponentBody], Field(max_length=50)] = []
    sets: Sets = 1
    form: dict[str, Any] | None = None
    summary: Annotated[str, text(max_length=1000)] | None = None
    resubmits: UUID | None = None
    """The person's dossier of the same procedure that was refused, withdrawn or stopped before."""

    def filing(self) -> Filing:
        """The submission and its people."""
        submission = Submission(
            self.procedure,
            self.unit,
            self.channel,
            tuple(c.component() for c in self.components),
            self.subject_kind,
            self.received_at,
            self.resubmits,
            late_entry_reason=self.late_entry_reason,
        )
        owner = self.owner.details() if self.owner else None
        return Filing(submission, self.submitter.details(), owner, self.summary, self.form, self.sets)


class Lookup(BaseModel):
    """What a slip needs for `POST /lookups`; the secret is shown when the dossier is filed, and on the slip."""

    code: str
    secret: str | None = None


class Action(BaseModel):
    """A command this principal may give now."""

    name: str = Field(examples=["accept"])
    needs: list[str]


class Hint(BaseModel):
    """Something worth knowing that keeps nobody from filing: the same person has the same procedure open."""

    name: str = Field(examples=["same-procedure-open"])
    code: str


class DossierView(BaseModel):
    """A dossier as its citizen and its unit see it; people stand on the slip only."""

    id: UUID
    code: str
    state: str = Field(examples=["accepted"])
    phase: str = Field(examples=["being-resolved"])
    version: int
    procedure: str
    unit: str
    channel: str
    sets: int = 1
    submitted_at: Instant
    received_at: Instant
    accepted_at: Instant | None
    settled_at: Instant | None
    returned_at: Instant | None
    handler: str | None
    outcome: str | None
    result_number: str | None
    rating: int | None = None
    respond_by: date | None
    answer_due_at: Instant | None
    due_at: Instant | None
    due_on: date | None
    remaining_working_hours: float | None
    provisional: bool
    promised_on: date | None
    lawful_due_on: date | None
    first_promised_on: date | None
    receiving_unit: str
    to_unit: str | None = None
    offered_at: Instant | None = None
    rejections: int = 0
    resubmits: UUID | None = None
    bundle: UUID | None = None
    lookup: Lookup | None = None
    hints: list[Hint] = []
    actions: list[Action]


class Supplement(BaseModel):
    """What the applicant was asked for last."""

    components: list[str]
    reason: str


class Payment(BaseModel):
    """What was to be paid, in đồng, and the proof once it came."""

    amount: int
    purpose: str
    notice_no: str | None
    reference: str | None
    paid_at: Instant | None


class Apology(BaseModel):
    """Why the appointment was moved, to which day, and who signed."""

    new_due_on: date
    reason_class: str
    reason: str
    signer: str


class Correction(BaseModel):
    """A typing error put right: the field, the right words, and why."""

    field: str
    value: str
    reason_class: str
    reason: str


class Handover(BaseModel):
    """One hand-over to another unit: from, to, when, by whom, and what was answered; null where nothing was (yet).

    A citizen is not shown which officers, nor what units wrote to each other.
    """

    from_unit: str
    to_unit: str
    papers: int | None
    at: Instant
    by: str | None
    reason_class: str
    reason: str | None
    confirmation: str | None = Field(examples=["accepted"])
    answered_at: Instant | None
    answered_by: str | None
    answer_class: str | None
    answer: str | None


class Paper(BaseModel):
    """A paper of the dossier."""

    name: str
    kind: str
    count: int
    digitised: bool = False
    reused: bool = False
    file: UUID | None = None


class DossierDetail(DossierView):
    """A dossier with its texts: what the applicant wrote and handed in, and what was written to them."""

    summary: str | None
    components: list[Paper]
    supplement: Supplement | None
    reason: str | None
    payment: Payment | None
    apology: Apology | None
    corrections: list[Correction]
    comment: str | None
    handovers: list[Handover]
    resubmitted_as: UUID | None
    late_entry_reason: str | None
    result_file: UUID | None
    has_form: bool


class FormView(BaseModel):
    """What was filled in online."""

    form: dict[str, Any]


class FileView(BaseModel):
    """A file as it was taken in."""

    id: UUID
    sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    size: int
    media_type: str = Field(examples=["application/pdf"])


class Filters(BaseModel):
    """Filters of the list. Of those with yes or no, `false` means the others; `q`: words of the request or the procedure, or a part of the code."""

    state: str | None = None
    unit: str | None = None
    procedure: str | None = None
    handler: Annotated[str | None, Field(description="An officer's id, or `me`.")] = None
    assigned: Annotated[bool | None, Field(description="Somebody works on it.")] = None
    open: Annotated[bool | None, Field(description="It has no result yet and was not closed.")] = None
    due_today: Annotated[bool | None, Field(description="Its result or its answer is due today.")] = None
    warned: Annotated[bool | None, Field(description="Its date is near: the warning has come, the date has not.")] = (
        None
    )
    overdue: Annotated[bool | None, Field(description="It is past a date that still counts.")] = None
    waiting: Annotated[bool | None, Field(description="It waits for papers or a payment of the citizen.")] = None
    due_before: Day | None = None
    q: Annotated[str, text(max_length=100)] | None = None
    sort: Annotated[Literal["newest", "due"], Field(description="`due`: the most urgent first.")] = "newest"

    def wanted(self) -> Wanted:
        """As the store reads them."""
        return Wanted(**self.model_dump())


class PersonSearch(Body):
    """Whose dossiers: an identity number, which never stands in an address."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"identity_no": "044085001234"}]})

    identity_no: IdentityNumber


class Found(BaseModel):
    """What a search found, newest first, at most 50."""

    items: list[DossierView]


class ListCount(BaseModel):
    """One of the lists a clerk begins with, how many dossiers it holds, and where it is."""

    name: str = Field(examples=["due-today"])
    count: int
    href: str


class DeskView(BaseModel):
    """The lists of one's units, counted at one moment."""

    items: list[ListCount]


class ReasonBody(Body):
    """Why: a class that goes into the fact, and the text, which stays here."""

    reason_class: Literal["wrong-place", "not-complete", "not-eligible", "duplicate", "own-wish", "other"]
    reason: Annotated[str, text(max_length=2000)]


class StopBody(Body):
    """Why the applicant asks to stop."""

    reason_class: Literal["own-wish", "duplicate", "other"]
    reason: Annotated[str, text(max_length=2000)]


class PauseBody(Body):
    """What settlement waits for."""

    reason_class: Literal["other-agency", "verification", "expert-opinion", "court", "force-majeure", "other"]
    reason: Annotated[str, text(max_length=2000)]


class PaymentBody(Body):
    """What is to be paid, in đồng, and for what; the notice's number goes out, so it is nobody's name or phone."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": 20000, "purpose": "Lệ phí cấp giấy", "notice_no": "12/TB-UBND"}]}
    )

    amount: Annotated[int, Field(ge=1, le=1_000_000_000_000)]
    purpose: Annotated[str, text(max_length=300)]
    notice_no: Annotated[str, text(max_length=60, pattern=r"^[0-9]{1,8}(/[0-9]{4})?(/[A-ZĐ-]+)?$")] | None = None
    respond_by: Day | None = None


class ProofBody(Body):
    """The proof of payment: its number, and when it was paid."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reference": "0012345", "paid_at": "2026-11-26T09:00:00+07:00"}]}
    )

    reference: Annotated[str, text(max_length=100)]
    paid_at: Instant


class AppointmentBody(Body):
    """The new day, why, and who signs the apology: an id of the staff directory."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"new_due_on": "2026-12-02", "reason_class": "overload", "reason": "Nhiều hồ sơ", "signer": "ld-01"}
            ]
        }
    )

    new_due_on: Day
    reason_class: Literal["overload", "other-agency", "verification", "technical", "force-majeure", "other"]
    reason: Annotated[str, text(max_length=2000)]
    signer: Annotated[str, text(max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]


class CorrectionBody(Body):
    """A typing error: the field, the right words, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"field": "summary", "value": "Xin cấp lại", "reason_class": "typing-error", "reason": "Gõ sai"}
            ]
        }
    )

    field: Literal["summary", "result-number"]
    value: Annotated[str, text(max_length=1000)]
    reason_class: Literal["typing-error", "misread", "applicant-asked", "other"]
    reason: Annotated[str, text(max_length=2000)]


class RatingBody(Body):
    """How satisfied the citizen is, from 1 to 5, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"score": 5, "comment": "Nhanh"}]})

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, text(max_length=2000)] | None = None


class TransferBody(Body):
    """To which unit, why, and how many papers go along."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"to_unit": "18880", "reason_class": "not-competent", "reason": "Thuộc phường khác", "papers": 2}
            ]
        }
    )

    to_unit: Annotated[str, text(max_length=10)]
    reason_class: Literal["not-competent", "shared-matter", "other"]
    reason: Annotated[str, text(max_length=2000)]
    papers: Annotated[int, Field(ge=0, le=1000)]


class RejectTransferBody(Body):
    """Why the dossier is not taken."""

    reason_class: Literal["not-competent", "other"]
    reason: Annotated[str, text(max_length=2000)]


class AssignBody(Body):
    """To whom: an id of the staff directory."""

    officer: Annotated[str, text(max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]


class SupplementBody(Body):
    """Which papers are missing and why."""

    components: Annotated[list[Annotated[str, text(max_length=300)]], Field(min_length=1, max_length=50)]
    reason: Annotated[str, text(max_length=2000)]
    respond_by: Day | None = None


class SupplyBody(Body):
    """The papers that came."""

    components: Annotated[list[ComponentBody], Field(min_length=1, max_length=50)]


class SettleBody(Body):
    """The result."""

    outcome: Literal["granted", "rejected"]
    number: Annotated[str, text(max_length=60)] | None = None
    result_file: UUID | None = None


class ReturnBody(Body):
    """How the result reached the citizen."""

    method: Literal["counter", "post", "electronic"]


class FactView(BaseModel):
    """One fact of a history; `actor` is role and unit only."""

    sequence: int
    type: str
    occurred_at: Instant
    recorded_at: Instant
    actor: str
    data: dict[str, Any]


class History(BaseModel):
    """The facts of a dossier in order."""

    items: list[FactView]


class DeadlineView(BaseModel):
    """When it is due and why, day by day."""

    due_at: Instant | None
    due_on: date | None
    remaining_working_hours: float | None
    provisional: bool
    rule: str | None
    rule_version: int | None
    legal_basis: str | None
    verified: bool | None
    steps: list[str]


class LookupView(BaseModel):
    """What a citizen with the slip is told; never a name."""

    code: str
    state: str
    phase: str
    status: str
    procedure: str
    unit: str
    due_at: Instant | None
    due_on: date | None
    respond_by: date | None
    provisional: bool
    explanation: list[str]
