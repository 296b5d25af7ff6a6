"""What travels at the calendar desk: years, days, office hours, and acts that change them."""

from __future__ import annotations

import re
from datetime import time
from itertools import pairwise
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from services.intake.api.schemas import Body
from services.intake.domain.acts import Act
from services.intake.handlers import Year
from services.intake.store.calendar import Progress
from shared.web.fields import Day, Instant, text

Words = Annotated[str, text(max_length=200)]
Number = Annotated[str, text(max_length=200)]


class DayOffBody(Body):
    """A day that is not worked."""

    on: Day
    vi: Words
    en: Words


class MakeupBody(Body):
    """A day that is worked instead of another."""

    on: Day
    instead_of: Day | None = None

    def plain(self) -> dict[str, str]:
        """As the record has it."""
        return self.model_dump(mode="json", exclude_none=True)


class YearBody(Body):
    """The announcement of a year's days off: its number, and every day of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{
                "number": "Thông báo 5015/TB-BLĐTBXH", "basis": "Bộ luật Lao động, Điều 112", "makeup": [],
                "off": [{"on": "2027-01-01", "vi": "Tết Dương lịch", "en": "New Year's Day"}],
            }]
        }
    )  # fmt: skip

    number: Number
    basis: Words | None = None
    off: Annotated[list[DayOffBody], Field(min_length=1, max_length=60)]
    makeup: Annotated[list[MakeupBody], Field(max_length=20, default_factory=list)]

    def content(self) -> dict[str, Any]:
        """As an act holds it."""
        return {
            "off": [day.model_dump(mode="json") for day in self.off],
            "makeup": [day.plain() for day in self.makeup],
        }


class OverrideBody(Body):
    """One day is not worked, or is: by a signed act, proposed by one person and confirmed by another."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{
                "on": "2026-11-25", "worked": False, "vi": "Nghỉ tránh bão", "en": "Closed for a storm",
                "number": "Công điện 12/CĐ-UBND", "basis": "Luật Phòng, chống thiên tai",
            }]
        }
    )  # fmt: skip

    on: Day
    worked: bool
    vi: Words | None = None
    en: Words | None = None
    instead_of: Day | None = None
    number: Number
    basis: Words

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.worked and not (self.vi and self.en):
            raise ValueError("a day off has a name: vi and en")
        return self

    def content(self) -> dict[str, Any]:
        """As an act holds it."""
        return self.model_dump(mode="json", include={"on", "worked", "vi", "en", "instead_of"}, exclude_none=True)


_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _written(value: object) -> object:
    # pydantic also reads numbers as seconds since midnight
    if isinstance(value, time) or (isinstance(value, str) and _HOUR.fullmatch(value)):
        return value
    raise PydanticCustomError("bad-time", "not an hour and minute")


Hour = Annotated[
    time,
    BeforeValidator(_written),
    PlainSerializer(lambda hour: f"{hour:%H:%M}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^" + _HOUR.pattern + "$"}),
]
"""`07:30`, local time."""

Period = Annotated[list[Hour], Field(min_length=2, max_length=2)]
"""From its opening to its closing."""


class HoursBody(Body):
    """Office hours of a unit (`province`: of whoever has none) in a season, with duty on Saturdays where there is one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{
                "unit": "19360", "valid_from": "2027-04-16", "valid_to": "2027-10-15", "periods": [["06:30", "11:00"], ["13:30", "17:00"]],
                "saturday": [["07:30", "11:00"]], "same_day_until": "15:00", "number": "Quyết định 21/QĐ-UBND", "basis": "Giờ làm việc mùa hè",
            }]
        }
    )  # fmt: skip

    unit: Annotated[str, text(max_length=20)]
    valid_from: Day
    valid_to: Day | None = None
    periods: Annotated[list[Period], Field(min_length=1, max_length=4)]
    saturday: Annotated[list[Period], Field(max_length=4, default_factory=list)]
    same_day_until: Hour | None = None
    """15:00 unless said otherwise."""
    number: Number
    basis: Words

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for periods in (self.periods, self.saturday):
            hours = [hour for period in periods for hour in period]
            if any(later <= earlier for earlier, later in pairwise(hours)):
                raise ValueError("periods follow each other, each with its opening before its closing")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to is not before valid_from")
        return self

    def content(self) -> dict[str, Any]:
        """As an act holds it."""
        profile = self.model_dump(mode="json", exclude={"unit", "number", "basis"}, exclude_none=True)
        return {"unit": self.unit, "profile": {"id": self.number, "same_day_until": "15:00", **profile}}


class YearView(BaseModel):
    """A year: `published`, or `provisional` while its days off may still change."""

    year: int
    status: Literal["published", "provisional"]
    basis: str
    version: int
    working_days: int
    off: list[dict[str, str]]
    makeup: list[dict[str, str]]

    @classmethod
    def of(cls, year: Year) -> Self:
        """As it is shown."""
        return cls(**year.record, version=year.version, working_days=year.working_days)


class HoursView(BaseModel):
    """The office hours that count for what a unit receives on a day."""

    unit: str
    on: Day
    periods: list[Period]
    saturday: list[Period]
    same_day_until: Hour
    valid_from: Day
    valid_to: Day | None


class ProgressView(BaseModel):
    """How far the counting after an act has come: dossiers looked at, limits moved, dossiers that would end in an unknown year, and those passed over since they break."""

    seen: int
    moved: int
    unknown: int
    failed: int
    finished: bool


class ActView(BaseModel):
    """An act that changes the law's data; `version` is its ETag."""

    id: UUID
    kind: str
    key: str
    content: dict[str, Any]
    number: str
    basis: str
    state: str
    version: int
    proposed_by: str
    proposed_at: Instant
    confirmed_by: str | None
    confirmed_at: Instant | None
    recount: ProgressView | None

    @classmethod
    def of(cls, act: Act, progress: Progress | None = None) -> Self:
        """As it is shown."""
        shown = {name: getattr(act, name) for name in cls.model_fields if name != "recount"}
        made = None if progress is None else ProgressView.model_validate(progress, from_attributes=True)
        return cls(**{**shown, "state": act.state.value}, recount=made)


class ActList(BaseModel):
    """Acts, newest first."""

    items: list[ActView]


State = Literal["proposed", "confirmed", "withdrawn"]
