"""Administrative units: what they were called, and who follows whom."""

from __future__ import annotations

from datetime import date

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.intake.tables.common import Row


class UnitRow(Row, table=True):
    """An administrative unit, as published on `intake.units`."""

    __tablename__ = "unit"

    code: str = Field(primary_key=True)
    name: str
    level: str
    kind: str
    agency: str | None = Field(default=None, unique=True)
    """Begins its dossier codes; none for a body that receives no dossiers."""
    parent: str | None = None
    valid_from: date
    valid_to: date | None = None
    remote: bool = False
    unverified: list[str] = Field(default_factory=list, sa_type=JSONB)
    remote_from: date | None = None
    remote_to: date | None = None
    version: int = 1


class FormerNameRow(Row, table=True):
    """What a unit was called until a day: papers of that time are printed with it."""

    __tablename__ = "former_name"

    unit: str = Field(primary_key=True)
    until: date = Field(primary_key=True)
    name: str


class UnitSuccessionRow(Row, table=True):
    """Which unit follows another, from a day on; `sectors`: whose dossiers it takes, all that nobody else does when empty."""

    __tablename__ = "unit_succession"

    old: str = Field(primary_key=True)
    new: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = None
    share: float
    sectors: list[str] = Field(sa_type=JSONB)
    basis: str
