"""Tables of complaints on its own registry; frame tables (facts, outbox, deadlines, vault) come from `shared.store`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

Instant: Any = DateTime(timezone=True)


class Row(SQLModel, registry=registry()):
    """Base of the tables of complaints: their metadata is this service's alone."""

    __tablename__: ClassVar[str]


class UnitRow(Row, table=True):
    """A unit as intake last described it."""

    __tablename__ = "unit"

    code: str = Field(primary_key=True)
    name: str
    level: str
    remote: bool
    parent: str | None = None
    valid_from: date
    valid_to: date | None = None


class ProcedureRow(Row, table=True):
    """A procedure as intake last described it; a letter may be about one."""

    __tablename__ = "procedure"

    code: str = Field(primary_key=True)
    name: str
    sector: str


class ReceiptCounterRow(Row, table=True):
    """The last receipt number given by a unit on a day: gapless, since it is taken in the letter's transaction."""

    __tablename__ = "receipt_counter"

    unit: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    last: int


class SubmissionRow(Row, table=True):
    """A letter as it arrived; people stand in `party` and the vault, its clock in the deadline rows."""

    __tablename__ = "submission"
    __table_args__ = (
        Index("submission_unit", "unit", "state", "id"),
        Index("submission_linked", "linked_with", postgresql_where=text("linked_with IS NOT NULL")),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: UUID = Field(primary_key=True)
    receipt_no: str = Field(unique=True)
    unit: str
    channel: str
    anonymous: bool
    state: str
    recipient: UUID | None = None
    received_at: datetime = Field(sa_type=Instant)
    registered_at: datetime = Field(sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    due_on: date | None = None
    about_dossier: UUID | None = None
    about_case: UUID | None = None
    about_procedure: str | None = None
    version: int
    lookup_number: int
    cases: int
    reason_class: str | None = None
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    body: str
    """What was written; stays here and never changes."""
    about_project: str | None = None
    about_decision_no: str | None = None
    late_reason: str | None = None
    """Why a letter was entered later than it was received."""
    reason: str | None = None
    """The text of a guidance, or of why it was filed; its class is in the fact."""
    respond_by: date | None = None
    supplements: int
    linked_with: UUID | None = None
    passed_on_by: list[str] = Field(sa_type=ARRAY(Text))
    """The units that had the letter and passed it on."""
    written: list[dict[str, Any]] = Field(sa_type=JSONB)
    """What was asked, supplied or said on passing it on, in order; only ever added to."""
    source: str | None = None
    """The system that keeps the letter."""
    tells_citizens: bool
    backfilled_at: datetime | None = Field(default=None, sa_type=Instant)


class PartyRow(Row, table=True):
    """One person of a letter: an inbox and a row of the vault, no name."""

    __tablename__ = "party"
    __table_args__ = (UniqueConstraint("submission", "position"), Index("party_recipient", "recipient"))

    id: UUID = Field(primary_key=True)
    submission: UUID
    position: int = Field(sa_type=SmallInteger)
    role: str
    recipient: UUID
    person: UUID


class CaseRow(Row, table=True):
    """A case; clocks stand in the deadline rows."""

    __tablename__ = "case"
    __table_args__ = (
        UniqueConstraint("code"),
        Index("case_submission", "submission"),
        Index("case_unit", "unit", "state", "id"),
        Index("case_handler", "handler", "id", postgresql_where=text("handler IS NOT NULL")),
        Index("case_appealed", "appealed_to", "id", postgresql_where=text("appealed_to IS NOT NULL")),
        Index("case_due", "unit", "due_on", "id", postgresql_where=text("due_on IS NOT NULL")),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: UUID = Field(primary_key=True)
    submission: UUID
    code: str
    kind: str
    level: int
    unit: str
    state: str
    recipient: UUID | None = None
    received_at: datetime = Field(sa_type=Instant)
    opened_at: datetime = Field(sa_type=Instant)
    remote: bool
    version: int
    came_from: str | None = None
    handler: str | None = None
    deadline: str | None = None
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    due_on: date | None = None
    remaining_days: int | None = None
    provisional: bool
    first_due_on: date | None = None
    about_dossier: UUID | None = None
    contents: int
    complex: bool
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)
    ground: str | None = None
    dialogue_at: datetime | None = Field(default=None, sa_type=Instant)
    dialogue_held_on: date | None = None
    dialogue_outcome: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decision_no: str | None = None
    outcome: str | None = None
    delivered_at: datetime | None = Field(default=None, sa_type=Instant)
    appeal_until: date | None = None
    in_force_on: date | None = None
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    answers: int
    reopened: int
    published_at: datetime | None = Field(default=None, sa_type=Instant)
    score: int | None = None
    to_unit: str | None = None
    rejections: int
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    parent: UUID | None = None
    appealed_to: str | None = None
    summary: str
    """The extract of the letter this case is about, as its screener wrote it."""
    points: list[str] = Field(sa_type=JSONB)
    """The contents a complaint asks to have settled, in order."""
    written: list[dict[str, Any]] = Field(sa_type=JSONB)
    """What was written with each command, in order; only ever added to."""
    source: str | None = None
    """The system that owns the case."""
    tells_citizens: bool
    backfilled_at: datetime | None = Field(default=None, sa_type=Instant)
    promised_on: date | None = None


class LookupLockRow(Row, table=True):
    """Secrets tried for a receipt number since the last right one: after five it is locked for a while."""

    __tablename__ = "lookup_lock"

    code: str = Field(primary_key=True)
    failures: int
    locked_until: datetime | None = Field(default=None, sa_type=Instant)


class SealedIdentityRow(Row, table=True):
    """For a denouncer's identity, by a random case token; not written yet, and row security has no policy: nobody reads it."""

    __tablename__ = "sealed_identity"

    case_token: UUID = Field(primary_key=True)
    data_key: bytes | None = None
    key_id: int = Field(sa_type=SmallInteger)
    sealed: bytes | None = None
    created_at: datetime = Field(sa_type=Instant)
