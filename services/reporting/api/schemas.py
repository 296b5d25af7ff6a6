"""What the routes answer: figures, dossiers, timelines, units, the state of the read models."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from shared.web.cursor import Page
from shared.web.fields import Instant


class FigureShown(BaseModel):
    """A number and the list behind it: `query` gives exactly `value` dossiers to whoever may see them all."""

    value: int
    query: str
    title: str


class UnitFigures(BaseModel):
    """The figures of one unit."""

    unit: str
    name: str
    figures: dict[str, FigureShown]


class OverviewShown(BaseModel):
    """The figures of the province and of every unit."""

    today: date
    as_of: Instant | None = Field(description="When the newest fact in these figures was recorded.")
    figures: dict[str, FigureShown]
    units: list[UnitFigures]


class DossierShown(BaseModel):
    """A dossier as the read model knows it; acts on it are taken in intake."""

    id: UUID
    code: str
    state: str
    phase: str
    version: int = Field(description="Sequence of the newest fact applied; also the ETag.")
    unit: str
    procedure: str
    channel: str
    received_on: date
    submitted_at: Instant
    accepted_at: Instant | None
    answer_due_at: Instant | None
    due_at: Instant | None
    due_on: date | None
    promised_on: date | None
    lawful_due_on: date | None
    first_promised_on: date | None
    provisional: bool
    paused_at: Instant | None
    remaining_working_hours: float | None
    respond_by: date | None
    warned: bool
    breached: bool
    settled_on: date | None
    outcome: str | None
    timing: str | None
    returned_at: Instant | None
    return_method: str | None
    refused_on: date | None
    withdrawn_on: date | None
    source: str | None = Field(description="The system that owns it; null: it is ours.")
    reason_class: str | None
    officer: str | None = Field(description="Directory id of the handler; shown to officers only.")
    as_of: Instant = Field(description="When the newest fact applied to this dossier was recorded.")
    actions: list[dict[str, Any]] = Field(description="Always empty: reporting only shows.")


class DossierPage(Page[DossierShown]):
    """A page of dossiers, newest first."""

    as_of: Instant | None


class MomentShown(BaseModel):
    """One thing that happened; trace and type are shown to officers only."""

    sequence: int
    occurred_at: Instant
    recorded_at: Instant
    word: str
    text: str
    day: date | None
    type: str | None
    trace_id: str | None


class TimelineShown(BaseModel):
    """What happened to a dossier, in order."""

    id: UUID
    code: str
    state: str
    phase: str
    version: int
    items: list[MomentShown]
    as_of: Instant


class DayShown(BaseModel):
    """Flows of one day; received - refused - settled - withdrawn is what the stock of open dossiers grew by."""

    day: date
    received: int
    accepted: int
    refused: int
    settled_before: int
    settled_on: int
    settled_over: int
    settled_unknown: int
    returned: int
    withdrawn: int
    paused: int
    resumed: int
    warned: int
    breached: int


class UnitShown(BaseModel):
    """A unit and its figures; `days` are the last thirty with any traffic."""

    unit: str
    name: str
    level: str
    kind: str
    figures: dict[str, FigureShown]
    days: list[DayShown]
    as_of: Instant | None


class UnitsShown(BaseModel):
    """All units, those without traffic too."""

    items: list[UnitFigures]
    as_of: Instant | None


class ProjectionShown(BaseModel):
    """One table of the read model."""

    name: str
    version: int
    rows: int


class ProjectionsShown(BaseModel):
    """The read models: one group, one version, one place in the topics."""

    group: str
    version: int
    fold_version: int
    switched_at: Instant
    items: list[ProjectionShown]
    lag: int | None = Field(description="Records in Kafka not yet applied; null when Kafka does not answer.")
    held: int = Field(description="Records set aside: parked, or waiting for one before them.")
    mismatches: int = Field(description="Units and channels where lines and counters disagree; must be 0.")
    as_of: Instant | None
