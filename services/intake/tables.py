"""Tables of intake on its own registry; frame tables (facts, outbox, deadlines, vault) come from `shared.store`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Computed, DateTime, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

Instant: Any = DateTime(timezone=True)

NEVER = "9999-12-31 00:00:00+00"
"""Where a list in the order of due dates puts what has none."""
DUE = f"COALESCE(due_at, answer_due_at, '{NEVER}'::timestamptz)"
"""When the result is due, or before acceptance the answer."""
_MARKS = "\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b"
"""The marks of Vietnamese letters, once these are taken apart."""


def folded(words: str) -> str:
    """SQL for these words without marks, capitals or signs between them: `Cấp lại` and `cap lai` are the same. The only fold there is."""
    return f"translate(lower(normalize({words}, NFD)), 'đĐ/.-_@,;{_MARKS}', 'dd       ')"


def vector(words: str) -> str:
    """SQL for the folded words, to be searched."""
    return f"to_tsvector('simple'::regconfig, {folded(words)})"


SAID = vector("code || ' ' || coalesce(summary, '') || ' ' || jsonb_path_query_array(corrections, '$[*].value')::text")
"""The parts of the code, what the applicant wrote, and what was put right in it."""


class Row(SQLModel, registry=registry()):
    """Base of intake's tables: their metadata is intake's alone."""

    __tablename__: ClassVar[str]


class UnitRow(Row, table=True):
    """An administrative unit, as published on `intake.units`."""

    __tablename__ = "unit"

    code: str = Field(primary_key=True)
    name: str
    level: str
    kind: str
    agency: str = Field(unique=True)
    parent: str | None = None
    valid_from: date
    valid_to: date | None = None
    remote: bool = False
    unverified: list[str] = Field(default_factory=list, sa_type=JSONB)


class ProcedureRow(Row, table=True):
    """One version of a procedure, as published on `intake.procedures`."""

    __tablename__ = "procedure"

    code: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    name: str
    sector: str
    sector_name: str
    levels: list[str] = Field(sa_type=JSONB)
    limit: str
    pause_mode: str
    max_supplements: int
    online: str
    components: list[dict[str, Any]] = Field(sa_type=JSONB)
    fees: list[dict[str, Any]] = Field(sa_type=JSONB)
    fee_policy: str
    basis: str
    valid_from: date
    unverified: list[str] = Field(default_factory=list, sa_type=JSONB)


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
        Index("dossier_recipient", "recipient"),
        Index("dossier_unit", "unit", "state", "id"),
        Index("dossier_due", "unit", "due_on", "id", postgresql_where=text("closed_at IS NULL AND settled_at IS NULL")),
        Index(
            "dossier_by_due", "unit", text(DUE), "id", postgresql_where=text("closed_at IS NULL AND settled_at IS NULL")
        ),
        Index("dossier_bare", "unit", "bare", postgresql_include=["id"]),
        Index("dossier_said", text(SAID), postgresql_using="gin"),
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
    person: UUID
    owner: UUID | None = None
    summary: str | None = None
    """Free text of the applicant; stays here."""
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
    bare: str = Field(sa_column=Column(String, Computed("translate(code, '.-', '')", persisted=True)))
    """The code without the signs between its parts, as it is searched."""


class LookupLockRow(Row, table=True):
    """Secrets tried for a code since the last right one: after five it is locked for a while."""

    __tablename__ = "lookup_lock"

    code: str = Field(primary_key=True)
    failures: int
    locked_until: datetime | None = Field(default=None, sa_type=Instant)
