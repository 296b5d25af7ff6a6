"""Tables of reporting. Those of the projection carry its version as a suffix; these classes describe version 1."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Date, DateTime, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

REGISTRY = registry()


class Row(SQLModel, registry=REGISTRY):
    """Base of all tables of this service."""


def _instant(*, null: bool = False) -> Any:
    return Field(sa_type=DateTime(timezone=True), nullable=null)


class DossierLineRow(Row, table=True):
    """One dossier as it stands after the last fact applied."""

    __tablename__ = "dossier_line_1"

    id: UUID = Field(primary_key=True)
    code: str
    unit: str
    procedure: str
    procedure_version: int
    channel: str
    subject_kind: str
    recipient: UUID | None
    components: int
    lookup_verifier: str
    state: str
    open: bool
    received_on: date
    submitted_at: datetime = _instant()
    accepted_at: datetime | None = _instant(null=True)
    answer_due_at: datetime | None = _instant(null=True)
    due_at: datetime | None = _instant(null=True)
    due_on: date | None
    promised_on: date | None
    lawful_due_on: date | None
    first_promised_on: date | None
    rule: str | None
    rule_version: int | None
    provisional: bool
    paused_at: datetime | None = _instant(null=True)
    paused_times: int
    remaining_working_hours: float | None
    respond_by: date | None
    warned: bool
    breached: bool
    answer_late: bool
    officer: str | None
    refused_on: date | None
    withdrawn_on: date | None
    reason_class: str | None
    settled_on: date | None
    outcome: str | None
    timing: str | None
    returned_at: datetime | None = _instant(null=True)
    return_method: str | None
    version: int
    last_at: datetime = _instant()
    received_at: datetime | None = _instant(null=True)
    started_at: datetime | None = _instant(null=True)
    stops: list[datetime] = Field(sa_column=Column(ARRAY(DateTime(timezone=True)), nullable=False))
    promises: list[date] = Field(sa_column=Column(ARRAY(Date), nullable=False))
    source: str | None


class MomentRow(Row, table=True):
    """One fact on a dossier's timeline."""

    __tablename__ = "timeline_1"

    dossier: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    type: str
    occurred_at: datetime = _instant()
    recorded_at: datetime = _instant()
    word: str
    day: date | None
    trace: str | None


class UnitDayRow(Row, table=True):
    """Flows of one unit, day, kind and channel."""

    __tablename__ = "unit_day_1"

    unit: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    received: int
    accepted: int
    refused: int
    settled_before: int
    settled_on: int
    settled_over: int
    settled_unknown: int
    returned: int
    withdrawn: int
    paused: int
    resumed: int
    warned: int
    breached: int


class UnitRow(Row, table=True):
    """Copy of an administrative unit's current record."""

    __tablename__ = "unit_line_1"

    unit: str = Field(primary_key=True)
    name: str
    level: str
    kind: str
    agency: str
    valid_from: date
    valid_to: date | None
    remote: bool
    parent: str | None


class ProcedureRow(Row, table=True):
    """Copy of a procedure's current record."""

    __tablename__ = "procedure_line_1"

    procedure: str = Field(primary_key=True)
    name: str
    sector: str
    level: str
    time_limit: str
    procedure_version: int
    online: bool
    legal_basis: str
    verified: bool
    components: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))


class LetterLineRow(Row, table=True):
    """One letter as it stands after the last fact applied."""

    __tablename__ = "letter_line_1"

    id: UUID = Field(primary_key=True)
    code: str
    unit: str
    channel: str
    recipient: UUID | None
    anonymous: bool
    parties: int
    lookup_verifier: str
    state: str
    open: bool
    received_on: date
    received_at: datetime = _instant()
    due_on: date | None
    cases: int
    reason_class: str | None
    breached: bool
    read_on: date | None
    version: int
    last_at: datetime = _instant()
    respond_by: date | None


class CaseLineRow(Row, table=True):
    """One case as it stands after the last fact applied."""

    __tablename__ = "case_line_1"

    id: UUID = Field(primary_key=True)
    submission: UUID | None
    code: str
    kind: str
    level: int
    unit: str
    recipient: UUID | None
    state: str
    came_from: str | None
    open: bool
    received_on: date
    opened_at: datetime = _instant()
    accepted_at: datetime | None = _instant(null=True)
    contents: int
    about_dossier: UUID | None
    deadline: str | None
    due_on: date | None
    first_due_on: date | None
    provisional: bool
    officer: str | None
    to_unit: str | None
    warned: bool
    breached: bool
    dialogue_at: datetime | None = _instant(null=True)
    resolved_on: date | None
    outcome: str | None
    timing: str | None
    delivered_on: date | None
    appeal_until: date | None
    rounds: int
    reopened: int
    published: bool
    score: int | None
    reason_class: str | None
    ended_on: date | None
    version: int
    last_at: datetime = _instant()


class DeadlineLineRow(Row, table=True):
    """One limit of a letter or a case."""

    __tablename__ = "deadline_line_1"

    about: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    topic: str
    code: str
    unit: str
    officer: str | None
    rule: str
    rule_version: int | None
    complex: bool
    remote: bool
    started_at: datetime = _instant()
    stops: list[datetime] = Field(sa_column=Column(ARRAY(DateTime(timezone=True)), nullable=False))
    due_on: date | None
    first_due_on: date | None
    warned_at: datetime | None = _instant(null=True)
    breached_at: datetime | None = _instant(null=True)
    ended_on: date | None
    times: int


class CaseMomentRow(Row, table=True):
    """One fact on a letter's or a case's timeline."""

    __tablename__ = "case_timeline_1"

    about: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    type: str
    occurred_at: datetime = _instant()
    recorded_at: datetime = _instant()
    word: str
    day: date | None
    trace: str | None


class NoticeLineRow(Row, table=True):
    """One notice: who was told what, when they read it, and what became of it on its way out."""

    __tablename__ = "notice_line_1"

    id: UUID = Field(primary_key=True)
    code: str
    about: UUID
    about_sequence: int
    recipient: UUID
    unit: str | None
    inbox: bool
    created_at: datetime | None = _instant(null=True)
    read_at: datetime | None = _instant(null=True)
    version: int
    last_at: datetime = _instant()
    channel: str | None
    delivered_at: datetime | None = _instant(null=True)
    failed_at: datetime | None = _instant(null=True)
    failure: str | None


class ProjectionActive(Row, table=True):
    """Which version of a projection is read and written; swapped by one update."""

    __tablename__ = "projection_active"

    name: str = Field(primary_key=True)
    version: int
    fold_version: int
    switched_at: datetime = _instant()


class ProjectionPlace(Row, table=True):
    """The newest fact applied from each partition."""

    __tablename__ = "projection_place"

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    newest_at: datetime = _instant()


class LookupLock(Row, table=True):
    """Wrong secrets tried for a code since the last right one."""

    __tablename__ = "lookup_lock"

    code: str = Field(primary_key=True)
    failures: int
    locked_until: datetime | None = _instant(null=True)


def table(model: type[Row], version: int) -> Table:
    """The table of a model in a version of the projection."""
    first: Table = model.__table__  # type: ignore[attr-defined] # set by SQLModel
    if version == 1:
        return first
    name = first.name.removesuffix("_1") + f"_{version}"
    return first.to_metadata(MetaData(), name=name)
