"""Reports of a source system: how well it tells."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.intake import data, handlers
from services.intake.api.common import At, Lang
from services.intake.api.sources import Owner, SourceId
from services.intake.domain.source_quality import LAGS, Quality
from services.intake.handlers.source_quality import MOST_DAYS, SHOWN_DAYS
from shared.web.fields import Instant

router = APIRouter(prefix="/v1")


class SilenceView(BaseModel):
    """How long nothing was heard, in hours of office time; `limit_hours` null: its habits are not known yet."""

    state: str = Field(examples=["regular"], description="never, learning, regular or silent")
    heard_at: Instant | None
    office_hours: float | None
    limit_hours: float | None
    limit_configured: bool


class DayView(BaseModel):
    """What came of the events of a day; of those that wait still, when they came."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    sent: int
    accepted: int
    waiting: int
    rejected: int
    duplicates: int


class ReasonView(BaseModel):
    """A reason of the closed list, how often, and what to do."""

    reason: str
    events: int
    detail: str


class ClockView(BaseModel):
    """The source's clock beside ours; `ahead_seconds` below 0: behind, or it always sends late."""

    state: str | None = Field(examples=["right"], description="right, ahead, behind; null: it never says a time")
    ahead_seconds: float | None


class LagsView(BaseModel):
    """How long after its own time each event came; events without one, and history, are not among them."""

    ahead: int = Field(description="more than a minute before its own time")
    prompt: int = Field(description="within 5 minutes")
    slow: int = Field(description="within an hour")
    late: int = Field(description="within a day")
    stale: int = Field(description="after more than a day")


class MissingView(BaseModel):
    """Numbers of a series of dossier codes that were never heard of."""

    model_config = ConfigDict(from_attributes=True)

    series: str = Field(examples=["H50.44.12-261123"])
    first: int
    last: int
    number: int


class QualityView(BaseModel):
    """How well a source tells: `sent` = accepted + waiting + rejected, what came again is apart."""

    source: str
    as_of: Instant
    silence: SilenceView
    total: DayView
    days: list[DayView]
    reasons: list[ReasonView]
    clock: ClockView
    lags: LagsView
    late: int = Field(description="after more than an hour")
    missing: list[MissingView] = Field(description="The newest series first; at most 100.")
    missing_number: int = Field(description="All numbers that are missing.")
    waits_for: dict[str, int]
    oldest_waiting_at: Instant | None
    unknown_fields: int


def quality_view(found: Quality, lang: str) -> QualityView:
    """As it is written."""
    silence, words = found.silence, data.source_reasons()
    return QualityView(
        source=found.source.id, as_of=found.at, total=DayView.model_validate(found.total), days=[DayView.model_validate(each) for each in found.days],
        silence=SilenceView(
            state=silence.state, heard_at=silence.heard_at, office_hours=_hours(silence.lasts), limit_hours=_hours(silence.limit),
            limit_configured=silence.configured,
        ),
        reasons=[ReasonView(reason=reason, events=number, detail=words[reason][lang]) for reason, number in found.reasons.items()],
        clock=ClockView(state=found.clock, ahead_seconds=None if found.skew is None else round(found.skew, 3)),
        lags=LagsView(**{lag: found.lags.counts.get(lag, 0) for lag in LAGS}), late=found.lags.late,
        missing=[MissingView.model_validate(each) for each in found.missing], missing_number=found.missing_number, waits_for=dict(found.waits_for),
        oldest_waiting_at=found.oldest_waiting_at, unknown_fields=found.unknown_fields,
    )  # fmt: skip


def _hours(lasts: timedelta | None) -> float | None:
    return round(lasts.total_seconds() / 3600, 2) if lasts is not None else None


@router.get("/sources/{id}/quality")
async def get_source_quality(
    id: SourceId, desk: At, who: Owner, lang: Lang, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = SHOWN_DAYS
) -> QualityView:
    """How well a source tells: silence, rejections by reason, delays, its clock, numbers that are missing."""
    return quality_view(await handlers.read_quality(desk, who, id, days), lang)
