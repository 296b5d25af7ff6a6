"""A dossier: filed, and as it is shown."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.api.schemas.common import Body
from services.intake.domain import Component, Submission
from services.intake.handlers import Filing
from shared.web.fields import Instant, text
from shared.web.histories import FactView
from shared.web.people import PersonBody

Sets: TypeAlias = Annotated[int, Field(ge=1, le=99, description="How many sets of the papers were handed in.")]


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
    components: Annotated[list[ComponentBody], Field(max_length=50)] = []  # noqa: RUF012 - each body has a list of its own
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
