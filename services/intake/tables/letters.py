"""What sources tell of letters and of visits."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.intake.tables.common import Instant, Row


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
