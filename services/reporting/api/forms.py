"""Statutory forms and the league of units, for officers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from services.reporting import handlers
from services.reporting.api.common import OFFICERS, UNIT, Code, Store
from services.reporting.domain.form06 import FORM, LEVELS, Count, Form06
from services.reporting.domain.league import Standing
from shared.web.auth import allow
from shared.web.fields import Day, Instant

router = APIRouter(prefix="/v1")

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FROM = Query(alias="from", description="First day of the period.", examples=["2026-11-01"])
TO = Query(alias="to", description="Last day of the period.", examples=["2026-11-30"])


class CountShown(BaseModel):
    """Columns 3 to 13 of Form 06: 3 = 4 + 5 + 6, 7 = 8 + 9 + 10, 11 = 12 + 13, 3 = 7 + 11."""

    received: int = Field(description="Column 3.")
    online: int = Field(description="Column 4: received in the period, online.")
    other: int = Field(description="Column 5: received in the period, at the counter or by post.")
    carried: int = Field(description="Column 6: carried over.")
    settled: int = Field(description="Column 7.")
    before: int = Field(description="Column 8: before the slip's day.")
    on: int = Field(description="Column 9: on it.")
    over: int = Field(description="Column 10: after it.")
    pending: int = Field(description="Column 11.")
    within: int = Field(description="Column 12: not overdue, paused ones included.")
    overdue: int = Field(description="Column 13.")
    paused: int = Field(description="The part of column 12 whose clock stands still.")


class SectorShown(BaseModel):
    """One field of work."""

    sector: str
    count: CountShown


class LevelShown(BaseModel):
    """One level with its fields."""

    level: str
    title: str
    count: CountShown
    sectors: list[SectorShown]


class Form06Shown(BaseModel):
    """Form 06 of a unit with all below it."""

    form: str
    unit: str
    name: str
    first: date
    last: date
    total: CountShown
    levels: list[LevelShown]
    as_of: Instant | None


class PlaceShown(BaseModel):
    """One unit in the league; `place` is null below thirty settled dossiers."""

    place: int | None
    unit: str
    name: str
    settled: int
    on_time: int
    rate: float | None
    low: float = Field(
        description="Lower end of the 95 % interval (Wilson) of the on-time rate; units are ranked by it."
    )
    high: float
    median: float | None = Field(description="Working days from receipt to result, without pauses.")
    p90: float | None
    open: int
    overdue: int
    backlog_days: float | None = Field(description="Median age of what is open, in days.")


class LeagueShown(BaseModel):
    """The league of units over a period."""

    first: date
    last: date
    items: list[PlaceShown]
    as_of: Instant | None


@router.get(
    "/forms/06", dependencies=[Depends(allow(*OFFICERS))], response_model=Form06Shown,
    responses={200: {"content": {"text/csv": {}, SHEET: {}}}, 404: {"description": "No such unit."}},
)  # fmt: skip
async def form06(
    works: Store,
    unit: Annotated[Code, UNIT],
    first: Annotated[Day, FROM],
    last: Annotated[Day, TO],
    format: Annotated[Literal["json", "csv", "xlsx"], Query(description="How the form is wanted.")] = "json",
) -> Any:
    """Form 06: dossiers received, settled and in progress, by level and field, of a unit with all below it."""
    made = await handlers.form06(works, unit, first, last)
    if format == "json":
        return _form(made.form, made.as_of)
    name = f"bieu-06-{unit}-{first}-{last}.{format}"
    body, kind = (made.csv(), "text/csv; charset=utf-8") if format == "csv" else (made.xlsx(), SHEET)
    return Response(body, headers={"content-disposition": f'attachment; filename="{name}"'}, media_type=kind)


@router.get("/league", dependencies=[Depends(allow(*OFFICERS))])
async def league(
    works: Store, first: Annotated[Day | None, FROM] = None, last: Annotated[Day | None, TO] = None
) -> LeagueShown:
    """Units by how surely they keep their promise; the last ninety days when no period is named."""
    found = await handlers.league(works, first, last)
    items = [_place(place, standing, found.names) for place, standing in found.places]
    return LeagueShown(first=found.first, last=found.last, items=items, as_of=found.as_of)


def _form(form: Form06, as_of: Any) -> Form06Shown:
    return Form06Shown(
        form=FORM, unit=form.unit, name=form.name, first=form.first, last=form.last, total=_count(form.total),
        levels=[_level(form, level) for level in form.levels()], as_of=as_of,
    )  # fmt: skip


def _level(form: Form06, level: str) -> LevelShown:
    sectors = [SectorShown(sector=line.sector, count=_count(line.count)) for line in form.lines if line.level == level]
    return LevelShown(level=level, title=LEVELS[level], count=_count(form.level(level)), sectors=sectors)


def _count(count: Count) -> CountShown:
    return CountShown(**{name: getattr(count, name) for name in CountShown.model_fields})


def _place(place: int | None, standing: Standing, names: Any) -> PlaceShown:
    low, high = standing.interval
    shown = {name: getattr(standing, name) for name in PlaceShown.model_fields if hasattr(standing, name)}
    rate = standing.on_time / standing.settled if standing.settled else None
    return PlaceShown(**shown, place=place, name=names.get(standing.unit, standing.unit), rate=rate, low=low, high=high)
