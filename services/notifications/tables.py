"""Tables of notifications; the frame's tables (facts, offsets, sequences) are made by the same migration, not declared here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Row(SQLModel, registry=registry()):
    """Own registry, hence own metadata."""


class Recipient(Row, table=True):
    """One inbox as a whole; its row is locked by whoever gives a number or changes the unread count."""

    __tablename__ = "recipient"

    ref: UUID = Field(primary_key=True)
    seq: int
    unread: int
    version: int = Field(sa_type=BigInteger)


class NotificationKey(Row, table=True):
    """Every notice ever told, by its business key; kept for ever, whatever is deleted elsewhere."""

    __tablename__ = "notification_key"

    dedupe_key: str = Field(sa_type=Text, primary_key=True)
    notification: UUID


class Notification(Row, table=True):
    """A notice: what caused it and with which values its words are filled. Codes and dates only."""

    __tablename__ = "notification"
    __table_args__ = (Index("notification_aggregate", "aggregate", "aggregate_seq"),)

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    template_version: int = Field(sa_type=SmallInteger)
    recipient: UUID
    aggregate: UUID
    aggregate_seq: int
    unit: str | None = Field(sa_type=Text)
    vars: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    state: str = Field(sa_type=Text)
    occurred_at: datetime = Field(sa_type=DateTime(timezone=True))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))


class InboxItem(Row, table=True):
    """A notice in its recipient's inbox, in the official language; numbers have no gaps.

    Title and body stand in clear: they hold codes, dates and reason classes, no name and no address.
    """

    __tablename__ = "inbox_item"
    __table_args__ = (
        Index("inbox_unread", "recipient", "seq", postgresql_where=text("read_at IS NULL AND archived_at IS NULL")),
    )

    recipient: UUID = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    notification: UUID
    code: str = Field(sa_type=Text)
    aggregate: UUID
    title: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    action_url: str = Field(sa_type=Text)
    severity: str = Field(sa_type=Text)
    read_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    archived_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))


class Contact(Row, table=True):
    """How to reach a recipient, as the service `source` knows it: encrypted under a key of its own, or forgotten."""

    __tablename__ = "contact"

    recipient: UUID = Field(primary_key=True)
    source: str = Field(sa_type=Text, primary_key=True)
    data_key: bytes | None = Field(sa_type=LargeBinary)
    key_id: int = Field(sa_type=SmallInteger)
    sealed: bytes | None = Field(sa_type=LargeBinary)
    received_at: datetime = Field(sa_type=DateTime(timezone=True))
    forgotten_at: datetime | None = Field(sa_type=DateTime(timezone=True))
