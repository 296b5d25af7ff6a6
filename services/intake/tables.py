"""Tables of intake on its own registry; frame tables (facts, outbox, deadlines, vault) come from `shared.store`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Computed, DateTime, Identity, Index, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
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


_SPOKEN = "coalesce(ltrim(substring(code from '[0-9]+$'), '0'), '') || ' ' || coalesce(substring(code from '-[0-9]*([0-9]{4})-'), '')"
"""How people say a code: its number without zeros, and its month and day."""
_WORDS = vector(
    f"code || ' ' || {_SPOKEN} || ' ' || coalesce(summary, '') || ' ' || jsonb_path_query_array(corrections, '$[*].value')::text"
)
SAID = f"{_WORDS} || array_to_tsvector(ARRAY['@' || procedure])"
"""The parts of the code, what the applicant wrote, what was put right in it, and the procedure (`@1.004873`: no word is written so)."""


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
    agency: str | None = Field(default=None, unique=True)
    """Begins its dossier codes; none for a body that receives no dossiers."""
    parent: str | None = None
    valid_from: date
    valid_to: date | None = None
    remote: bool = False
    unverified: list[str] = Field(default_factory=list, sa_type=JSONB)
    remote_from: date | None = None
    remote_to: date | None = None
    version: int = 1


class FormerNameRow(Row, table=True):
    """What a unit was called until a day: papers of that time are printed with it."""

    __tablename__ = "former_name"

    unit: str = Field(primary_key=True)
    until: date = Field(primary_key=True)
    name: str


class UnitSuccessionRow(Row, table=True):
    """Which unit follows another, from a day on; `sectors`: whose dossiers it takes, all that nobody else does when empty."""

    __tablename__ = "unit_succession"

    old: str = Field(primary_key=True)
    new: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = None
    share: float
    sectors: list[str] = Field(sa_type=JSONB)
    basis: str


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
    decided_by: str = ""
    valid_to: date | None = None
    form_schema: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    """JSON Schema of an online dossier's form."""
    signed_on: date | None = None
    published_at: datetime | None = Field(default=None, sa_type=Instant)
    publicity: str | None = None
    """How its publication stands: due, near, late or done; None where none was registered."""


class DescribedRow(Row, table=True):
    """What was last published about a key of a compacted topic: a digest, so that only what differs is published again."""

    __tablename__ = "described"

    topic: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    said: bytes


class StaffRow(Row, table=True):
    """An officer of the directory; who they are stands in the vault (`person`)."""

    __tablename__ = "staff"

    id: str = Field(primary_key=True)
    subject: str = Field(unique=True)
    unit: str
    position: str
    roles: list[str] = Field(sa_type=JSONB)
    valid_from: date
    valid_to: date | None = None
    superior: str | None = None
    deputy: str | None = None
    deputy_from: date | None = None
    deputy_to: date | None = None
    version: int
    person: UUID


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
    silence_hours: int | None = None


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
    inferred: list[Any] = Field(sa_type=JSONB)
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


class SourceHourRow(Row, table=True):
    """How many events of a source came in an hour, how long after their own time, and the quickest of them in seconds."""

    __tablename__ = "source_hour"
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)

    source: str = Field(primary_key=True)
    hour: datetime = Field(primary_key=True, sa_type=Instant)
    events: int = Field(sa_type=BigInteger)
    ahead: int = Field(sa_type=BigInteger)
    prompt: int = Field(sa_type=BigInteger)
    slow: int = Field(sa_type=BigInteger)
    late: int = Field(sa_type=BigInteger)
    stale: int = Field(sa_type=BigInteger)
    least: float | None = None


class LawActRow(Row, table=True):
    """A change of the law's data: proposed by one person, in force when another confirms it; a year's publication by one."""

    __tablename__ = "law_act"
    __table_args__ = (Index("law_act_key", "key", "confirmed_at"),)

    id: UUID = Field(primary_key=True)
    kind: str
    key: str
    content: dict[str, Any] = Field(sa_type=JSONB)
    number: str
    """Of the signed act: `Công điện 12/CĐ-UBND`."""
    basis: str
    state: str
    version: int
    proposed_by: str
    proposed_at: datetime = Field(sa_type=Instant)
    confirmed_by: str | None = None
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)


class RecountRow(Row, table=True):
    """Limits to be counted again after an act, in batches; `cursor` is where the next one begins."""

    __tablename__ = "recount"
    __table_args__ = (Index("recount_next", "not_before", postgresql_where=text("finished_at IS NULL")),)

    id: UUID = Field(primary_key=True)
    act: UUID
    reason_class: str
    first_day: date
    last_day: date
    unit: str | None = None
    rule: str | None = None
    not_before: datetime = Field(sa_type=Instant)
    cursor: UUID
    seen: int = 0
    moved: int = 0
    unknown: int = 0
    """Limits that stay, since they would end in a year without a calendar."""
    finished_at: datetime | None = Field(default=None, sa_type=Instant)


class FileRow(Row, table=True):
    """A file that was handed in; its content lies sealed in the store of files, once for all rows with its SHA-256."""

    __tablename__ = "file"
    __table_args__ = (
        Index("file_content", "sha256"),
        Index("file_dossier", "dossier", postgresql_where=text("dossier IS NOT NULL")),
        Index("file_loose", "created_at", postgresql_where=text("dossier IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    sha256: bytes
    size: int
    media_type: str
    data_key: bytes
    key_id: int = Field(sa_type=SmallInteger)
    recipient: UUID | None = None
    """Whose it is: a person's, or of the units of the officer who took it in."""
    units: list[str] = Field(sa_type=ARRAY(String))
    created_at: datetime = Field(sa_type=Instant)
    dossier: UUID | None = None
    """None: nobody handed it in yet; dropped after a day."""
    purpose: str | None = None


class FormRow(Row, table=True):
    """What was filled in online, sealed under the data key of the dossier's person."""

    __tablename__ = "form"

    dossier: UUID = Field(primary_key=True)
    person: UUID
    sealed: bytes


class SourceLetterRow(Row, table=True):
    """A letter another system keeps, as far as its door must know it; limits and case stand in complaints."""

    __tablename__ = "source_letter"
    __table_args__ = ({"postgresql_with": {"fillfactor": "80"}},)

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    source: str
    unit: str
    kind: str
    channel: str
    state: str
    received_at: datetime = Field(sa_type=Instant)
    last_at: datetime = Field(sa_type=Instant)
    recipient: UUID | None = None
    anonymous: bool
    complex: bool
    backfilled: bool
    subject_class: str | None = None
    outcome: str | None = None
    promised_on: date | None = None
    version: int


class VisitCountRow(Row, table=True):
    """How many people came to a window on a day, how many were served, and how long they waited on average."""

    __tablename__ = "visit_count"
    __table_args__ = (Index("visit_count_unit", "unit", "day"),)

    source: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    counter: str = Field(primary_key=True)
    visits: int
    served: int
    mean_wait_minutes: int | None = None
    counted_at: datetime = Field(sa_type=Instant)


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
