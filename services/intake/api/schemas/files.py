"""A file."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field


class FileView(BaseModel):
    """A file as it was taken in."""

    id: UUID
    sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    size: int
    media_type: str = Field(examples=["application/pdf"])
