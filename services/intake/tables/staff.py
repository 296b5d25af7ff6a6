"""The directory of officers."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.intake.tables.common import Row


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
