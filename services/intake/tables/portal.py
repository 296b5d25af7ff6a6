"""The national portal: what comes in its form, and what it is to hear."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.intake.tables.common import Instant, Row


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
