"""What the tables share: their base, hence their metadata, and the type of an instant."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import DateTime
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

Instant: Any = DateTime(timezone=True)


class Row(SQLModel, registry=registry()):
    """Base of intake's tables: their metadata is intake's alone."""

    __tablename__: ClassVar[str]
