"""The catalogue of procedures, and what of all reference data was published last."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.intake.tables.common import Instant, Row


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
