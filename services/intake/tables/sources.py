"""The registry of source systems, what became of their events, and what they hear back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.intake.tables.common import Instant, Row


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
