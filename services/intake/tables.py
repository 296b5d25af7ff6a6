"""Tables of intake on its own registry; frame tables (facts, outbox, deadlines, vault) come from `shared.store`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

Instant: Any = DateTime(timezone=True)


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
    source: str | None = None
    """The system that owns it; its people, texts and slip are kept there."""
    appointment_at: datetime | None = Field(default=None, sa_type=Instant)
    backfilled_at: datetime | None = Field(default=None, sa_type=Instant)
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


class LookupLockRow(Row, table=True):
    """Secrets tried for a code since the last right one: after five it is locked for a while."""

    __tablename__ = "lookup_lock"

    code: str = Field(primary_key=True)
    failures: int
    locked_until: datetime | None = Field(default=None, sa_type=Instant)


class SourceRow(Row, table=True):
    """A source system of the registry, with the token bucket its events are counted by."""

    __tablename__ = "source"
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)

    id: str = Field(primary_key=True)
    name: str
    principal: str = Field(unique=True)
    units: list[dict[str, Any]] = Field(sa_type=JSONB)
    events_per_second: int
    burst: int
    max_bytes: int
    tells_citizens: bool
    contact: str | None = None
    sandbox: bool
    state: str
    version: int
    topics_at: datetime | None = Field(default=None, sa_type=Instant)
    """When its topics were made; before that nothing is sent there."""
    level: float
    level_at: datetime = Field(sa_type=Instant)
    heard_at: datetime | None = Field(default=None, sa_type=Instant)


class SourceEventRow(Row, table=True):
    """What became of each event of a source; only one that waits keeps its payload."""

    __tablename__ = "source_event"
    __table_args__ = (
        Index("source_event_once", "source", "id", unique=True, postgresql_where=text("status <> 'rejected'")),
        Index("source_event_listed", "source", "seq"),
        Index("source_event_waiting", "source", "code", postgresql_where=text("status = 'waiting'")),
    )

    seq: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    source: str
    id: str
    """Empty where the event had none that may be kept."""
    type: str | None = None
    code: str | None = None
    body_hash: bytes
    status: str
    reason: str | None = None
    fields: list[str] = Field(sa_type=JSONB)
    inferred: list[int] = Field(sa_type=JSONB)
    waits_for: str | None = None
    door: str
    time: datetime | None = Field(default=None, sa_type=Instant)
    """By the source's clock."""
    received_at: datetime = Field(sa_type=Instant)
    decided_at: datetime = Field(sa_type=Instant)
    dossier: UUID | None = None
    payload: dict[str, Any] | None = Field(default=None, sa_type=JSONB)


class SourceFeedRow(Row, table=True):
    """What a source hears back: replies, due dates, acts of its citizens; read in the order of `(transaction, seq)`."""

    __tablename__ = "source_feed"
    __table_args__ = (Index("source_feed_read", "source", "transaction", "seq"),)

    seq: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    source: str
    transaction: int = Field(sa_type=BigInteger)
    kind: str
    at: datetime = Field(sa_type=Instant)
    code: str | None = None
    data: dict[str, Any] = Field(sa_type=JSONB)


class SourceTallyRow(Row, table=True):
    """How many events of a source ended how on a day: `accepted`, `waiting`, `duplicate`, or the reason of a rejection."""

    __tablename__ = "source_tally"
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)

    source: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    what: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)


class PortalProfileRow(Row, table=True):
    """How a source speaks the national portal's form: which codes it uses, and units of its agencies."""

    __tablename__ = "portal_profile"

    source: str = Field(primary_key=True)
    form: str
    units: dict[str, str] = Field(sa_type=JSONB)
    version: int


class PortalItemRow(Row, table=True):
    """An item that came in the portal's form, without what stood in it: its attachments by their ids alone."""

    __tablename__ = "portal_item"
    __table_args__ = (Index("portal_item_dossier", "source", "code"),)

    source: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    code: str
    service: str
    received_at: datetime = Field(sa_type=Instant)
    refs: list[dict[str, Any]] = Field(sa_type=JSONB)
    unknown_fields: int


class EgressRow(Row, table=True):
    """What the national portal is to hear of our dossiers, in the order of their facts; no people stand in it."""

    __tablename__ = "egress"
    __table_args__ = (
        Index("egress_once", "dossier", "sequence", unique=True),
        Index("egress_due", "next_at", postgresql_where=text("state IN ('queued', 'in-doubt', 'sending')")),
        Index("egress_open", "dossier", "sequence", postgresql_where=text("state NOT IN ('sent', 'dropped')")),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    dossier: UUID
    sequence: int = Field(sa_type=BigInteger)
    """Of the fact it comes from."""
    code: str
    service: str
    status: int | None = None
    """None: as it was told last."""
    at: datetime = Field(sa_type=Instant)
    state: str
    attempts: int
    next_at: datetime = Field(sa_type=Instant)
    """When it is tried next; while it is being sent, until when whoever sends it has it in hand."""
    doubt: bool
    """The portal may have taken it: it is looked up before it is sent again."""
    queued_at: datetime = Field(sa_type=Instant)
    answer_code: str | None = None
    error: str | None = None
    found: bool | None = None
    """It was there when it was looked up in doubt."""
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
