"""What travels over HTTP: views out. Bodies stand in `bodies`."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from shared.web.fields import Instant
from shared.web.histories import FactView


class Lookup(BaseModel):
    """What `POST /lookups` needs; the secret is shown when the letter is handed in, and on its receipt."""

    code: str
    secret: str | None = None


class Action(BaseModel):
    """A command this principal may give now."""

    name: str = Field(examples=["accept"])
    needs: list[str]


class CaseBrief(BaseModel):
    """A case beside its letter: where it is and where it stands."""

    id: UUID
    code: str
    kind: str = Field(examples=["complaint"])
    unit: str
    state: str
    phase: str
    due_on: date | None


class SubmissionView(BaseModel):
    """A letter: where it stands, never who wrote it."""

    id: UUID
    receipt_no: str
    state: str = Field(examples=["registered"])
    phase: str = Field(examples=["received"])
    version: int
    unit: str
    channel: str
    anonymous: bool
    received_at: Instant
    registered_at: Instant
    due_at: Instant | None
    due_on: date | None
    about_dossier: UUID | None
    about_case: UUID | None
    about_procedure: str | None
    cases: int
    reason_class: str | None
    closed_at: Instant | None
    respond_by: date | None
    supplements: int
    linked_with: UUID | None
    source: str | None
    """The system that keeps it, where it is not ours."""
    lookup: Lookup | None = None
    actions: list[Action]


class SplitView(SubmissionView):
    """A letter with the cases it became."""

    opened: list[CaseBrief]


class LetterWritten(BaseModel):
    """What was asked, supplied or said on passing a letter on."""

    command: str = Field(examples=["request-supplement"])
    at: Instant
    text: str
    to_unit: str | None = None
    to_body: str | None = None


class SubmissionDetail(SplitView):
    """A letter with its text, for its people, and for screeners until it is classified."""

    text: str | None = None
    about_project: str | None = None
    about_decision_no: str | None = None
    late_reason: str | None = None
    reason: str | None = None
    written: list[LetterWritten] = []


class CaseView(BaseModel):
    """A case as its people and its unit see it; names stand in the vault only."""

    id: UUID
    submission: UUID
    code: str
    kind: str = Field(examples=["complaint"])
    level: int
    unit: str
    state: str = Field(examples=["accepted"])
    phase: str = Field(examples=["being-resolved"])
    version: int
    received_at: Instant
    opened_at: Instant
    deadline: str | None
    due_at: Instant | None
    due_on: date | None
    remaining_days: int | None
    provisional: bool
    first_due_on: date | None
    about_dossier: UUID | None
    contents: int
    complex: bool
    remote: bool
    accepted_at: Instant | None
    handler: str | None
    ground: str | None
    dialogue_at: Instant | None
    dialogue_held_on: date | None
    dialogue_outcome: str | None
    decided_at: Instant | None
    decision_no: str | None
    outcome: str | None
    delivered_at: Instant | None
    appeal_until: date | None
    in_force_on: date | None
    answered_at: Instant | None
    answers: int
    reopened: int
    published_at: Instant | None
    score: int | None
    to_unit: str | None
    closed_at: Instant | None
    parent: UUID | None
    appealed_to: str | None
    source: str | None
    """The system that owns it, where it is not ours."""
    promised_on: date | None
    actions: list[Action]


class Written(BaseModel):
    """What was written with one command."""

    command: str
    at: Instant
    text: str | None = None
    place: str | None = None
    dialogue_at: Instant | None = None
    findings: list[dict[str, Any]] = []
    complex_grounds: list[str] = []
    obstacle: str | None = None


class CaseDetail(CaseView):
    """A case with its texts: the extract it is about, a complaint's contents, and what was written since."""

    summary: str
    points: list[str]
    written: list[Written]


class History(BaseModel):
    """The facts of a case in order."""

    items: list[FactView]


class DeadlineView(BaseModel):
    """One limit: when it is due and why, day by day."""

    kind: str = Field(examples=["settlement"])
    due_at: Instant | None
    due_on: date | None
    remaining_days: int | None
    provisional: bool
    revision: int
    announced: str
    completed_at: Instant | None
    rule: str
    rule_version: int
    legal_basis: str
    verified: bool
    steps: list[str]


class Deadlines(BaseModel):
    """Every limit of a case."""

    items: list[DeadlineView]


class PersonView(BaseModel):
    """One of a case's people."""

    role: str
    name: str
    identity_no: str | None
    phone: str | None
    email: str | None
    address: str | None


class People(BaseModel):
    """The people of a case, in the order they were named."""

    items: list[PersonView]


class LookupCase(CaseBrief):
    """A case as somebody with the receipt is told about it."""

    status: str
    outcome: str | None
    dialogue_at: Instant | None
    appeal_until: date | None
    written: list[Written]
    explanation: list[str]


class LookupView(BaseModel):
    """What somebody with the receipt is told; never a name."""

    receipt_no: str
    state: str
    phase: str
    status: str
    unit: str
    due_on: date | None
    respond_by: date | None
    reason: str | None
    written: list[LetterWritten]
    cases: list[LookupCase]


class SuppliedView(BaseModel):
    """What somebody with the receipt is told after they supplied what was missing."""

    receipt_no: str
    state: str
    phase: str
    due_on: date | None
