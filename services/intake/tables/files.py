"""Files that were handed in, and forms filled in online: both sealed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Index, SmallInteger, String, text
from sqlmodel import Field

from services.intake.tables.common import Instant, Row


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
