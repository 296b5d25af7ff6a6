"""Changes of the law's data, and the limits to be counted again after them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.intake.tables.common import Instant, Row


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
    failed: int = 0
    """Dossiers passed over, since they break."""
