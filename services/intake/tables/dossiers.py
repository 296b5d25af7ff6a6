"""Dossiers, the numbers of their codes, and the secrets tried for them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Computed, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlmodel import Field

from services.intake.tables.common import Instant, Row
from services.intake.tables.finding import DUE, SAID


class CodeCounterRow(Row, table=True):
    """The last number given to a dossier of an agency on a day: gapless, since it is taken in the dossier's transaction."""

    __tablename__ = "code_counter"
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)

    agency: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    last: int


class DossierRow(Row, table=True):
    """A dossier; people stand in the vault (`person`), clocks in the deadline rows."""

    __tablename__ = "dossier"
    __table_args__ = (
        Index("dossier_recipient", "recipient", "procedure"),
        Index("dossier_unit", "unit", "id", postgresql_include=["state", "bare"]),
        Index("dossier_offered", "to_unit", "id", postgresql_where=text("to_unit IS NOT NULL")),
        Index("dossier_received", "receiving_unit", "received_at"),
        Index("dossier_resubmits", "resubmits", unique=True, postgresql_where=text("resubmits IS NOT NULL")),
        Index("dossier_bundle", "bundle", postgresql_where=text("bundle IS NOT NULL")),
        Index(
            "dossier_by_due",
            "unit",
            text(DUE),
            "id",
            postgresql_where=text("closed_at IS NULL AND settled_at IS NULL"),
            postgresql_include=["state", "handler", "due_on", "due_at", "answer_due_at"],
        ),
        Index("dossier_of_source", "source", "code", postgresql_where=text("source IS NOT NULL")),
        Index("dossier_said", "said", postgresql_using="gin"),
        Index("dossier_owner", "owner", postgresql_where=text("owner IS NOT NULL")),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    procedure: str
    procedure_version: int
    unit: str
    channel: str
    subject_kind: str
    state: str
    recipient: UUID
    submitted_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)
    limit: str
    pause_mode: str
    max_supplements: int
    version: int
    lookup_number: int
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    returned_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    handler: str | None = None
    supplements: int
    apologies: int
    moved_by: int
    rating: int | None = None
    respond_by: date | None = None
    answer_due_at: datetime | None = Field(default=None, sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    due_on: date | None = None
    remaining_working_hours: float | None = None
    provisional: bool = False
    promised_on: date | None = None
    lawful_due_on: date | None = None
    first_promised_on: date | None = None
    outcome: str | None = None
    result_number: str | None = None
    receiving_unit: str
    to_unit: str | None = None
    offered_at: datetime | None = Field(default=None, sa_type=Instant)
    rejections: int
    resubmits: UUID | None = None
    bundle: UUID | None = None
    source: str | None = None
    """The system that owns it; its people, texts and slip are kept there."""
    appointment_at: datetime | None = Field(default=None, sa_type=Instant)
    backfilled_at: datetime | None = Field(default=None, sa_type=Instant)
    sets: int = 1
    person: UUID
    owner: UUID | None = None
    summary: str | None = None
    """Free text of the applicant; stays here."""
    late_entry_reason: str | None = None
    """Why it was entered on a later day than it was received."""
    backlog: bytes | None = None
    """Of a line of a paper register: a keyed digest of what it said, so that the same line is known again."""
    components: list[dict[str, Any]] = Field(sa_type=JSONB)
    supplement: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    """What was asked for last: names of papers and the reason's text."""
    reason: str | None = None
    """The text of a refusal, withdrawal, stop or pause; its class is in the fact."""
    payment: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    """What was to be paid last and for what, and the proof."""
    apology: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    """Why the appointment was moved, from when to when, and who signed."""
    corrections: list[dict[str, Any]] = Field(sa_type=JSONB)
    """Typing errors put right, in order; what was written first stays where it is."""
    comment: str | None = None
    """What the citizen wrote with the rating."""
    handovers: list[dict[str, Any]] = Field(sa_type=JSONB)
    """The slip of every hand-over to another unit, in order: from, to, when, by whom, with what answer."""
    bare: str = Field(sa_column=Column(String, Computed("translate(code, '.-', '')", persisted=True)))
    """The code without the signs between its parts, as it is searched."""
    said: str = Field(sa_column=Column(TSVECTOR, Computed(SAID, persisted=True)))
    """What it is found by, with statistics, so that the planner knows which words are rare."""


class LookupLockRow(Row, table=True):
    """Secrets tried for a code since the last right one: after five it is locked for a while."""

    __tablename__ = "lookup_lock"

    code: str = Field(primary_key=True)
    failures: int
    locked_until: datetime | None = Field(default=None, sa_type=Instant)
