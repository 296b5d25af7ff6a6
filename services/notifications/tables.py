"""Tables of notifications; the frame's tables (facts, offsets, sequences) are made by the same migration, not declared here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
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
    has_email: bool | None = Field(sa_type=Boolean)
    """Whether there is an e-mail address inside; None for what came before anybody asked."""


class Delivery(Row, table=True):
    """A notice on its way out by one channel.

    `next_at` and `lease_until` are the database's own time; `not_before`, `expires_at` and `created_at` are the time of
    decisions, which a demonstration may move. `position` is the order in which deliveries were made.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("delivery_once", "notification", "step", "channel", unique=True),
        Index("delivery_due", "channel", "next_at", postgresql_where=text("state = 'pending'")),
        Index(
            "delivery_order",
            "ordering_key",
            "channel",
            "position",
            postgresql_where=text(
                "state IN ('pending', 'held', 'sending') OR state = 'unknown' AND next_at IS NOT NULL"
            ),
        ),
        Index("delivery_waiting", "state", "next_at", postgresql_where=text("state IN ('held', 'unknown')")),
        Index("delivery_leases", "lease_until", postgresql_where=text("state = 'sending'")),
        Index(
            "delivery_expiring",
            "expires_at",
            postgresql_where=text("state IN ('pending', 'held') AND expires_at IS NOT NULL"),
        ),
        Index("delivery_mutable", "recipient", "created_at", postgresql_where=text("class <> 'statutory'")),
        Index("delivery_held", "recipient", postgresql_where=text("state = 'held'")),
    )

    id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    notification: UUID
    step: int = Field(sa_type=SmallInteger)
    channel: str = Field(sa_type=Text)
    class_: str = Field(sa_column=Column("class", Text, nullable=False))
    recipient: UUID
    ordering_key: UUID
    state: str = Field(sa_type=Text)
    held_for: str | None = Field(sa_type=Text)
    code: str | None = Field(sa_type=Text)
    next_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    lease_until: datetime | None = Field(sa_type=DateTime(timezone=True))
    not_before: datetime = Field(sa_type=DateTime(timezone=True))
    expires_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    until_read: bool
    attempts: int = Field(sa_type=SmallInteger)
    failures: int = Field(sa_type=SmallInteger)
    doubts: int = Field(sa_type=SmallInteger)
    created_at: datetime = Field(sa_type=DateTime(timezone=True))


class Attempt(Row, table=True):
    """One try to hand a delivery over, written before the provider is called; without an outcome it was cut off."""

    __tablename__ = "attempt"

    delivery: UUID = Field(primary_key=True)
    n: int = Field(sa_type=SmallInteger, primary_key=True)
    provider: str = Field(sa_type=Text)
    started_at: datetime = Field(sa_type=DateTime(timezone=True))
    finished_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    outcome: str | None = Field(sa_type=Text)
    code: str | None = Field(sa_type=Text)


class ContactPoint(Row, table=True):
    """What is known against an address of a recipient; a new address has another HMAC and begins clean."""

    __tablename__ = "contact_point"

    recipient: UUID = Field(primary_key=True)
    channel: str = Field(sa_type=Text, primary_key=True)
    address_hmac: bytes = Field(sa_type=LargeBinary, primary_key=True)
    state: str = Field(sa_type=Text)
    since: datetime = Field(sa_type=DateTime(timezone=True))
    until: datetime | None = Field(sa_type=DateTime(timezone=True))


class Preference(Row, table=True):
    """Whether a recipient wants, by this channel, notices that can be muted."""

    __tablename__ = "preference"

    recipient: UUID = Field(primary_key=True)
    channel: str = Field(sa_type=Text, primary_key=True)
    enabled: bool
    changed_at: datetime = Field(sa_type=DateTime(timezone=True))


class ToldElsewhere(Row, table=True):
    """A dossier whose source tells its citizens itself: the inbox has its notices, nothing is sent."""

    __tablename__ = "told_elsewhere"

    aggregate: UUID = Field(primary_key=True)
