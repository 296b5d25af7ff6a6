"""Visits: what source systems counted at the windows of a unit."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from services.intake import handlers
from services.intake.api.common import At
from shared.kernel import Principal
from shared.web.auth import allow
from shared.web.fields import Day, Instant, text

router = APIRouter(prefix="/v1")

Reader = Annotated[Principal, Depends(allow("clerk", "front", "handler", "head", "inspector", "ops", "admin"))]


class VisitsView(BaseModel):
    """One window on one day, as its source counted it last."""

    source: str
    unit: str
    day: date
    window: str
    visits: int
    served: int
    mean_wait_minutes: int | None
    counted_at: Instant


class VisitList(BaseModel):
    """Counts in the order of days and windows, with their sums; the mean wait is weighed by who was served."""

    items: list[VisitsView]
    visits: int
    served: int
    mean_wait_minutes: int | None


@router.get("/visits", responses={404: {"description": "The unit is not one of yours."}})
async def list_visits(
    desk: At, who: Reader, unit: Annotated[str, text(max_length=10), Query()], first: Annotated[Day, Query(alias="from")],
    last: Annotated[Day, Query(alias="to")],
) -> VisitList:  # fmt: skip
    """Visits, served and waiting at a unit's windows on these days, a year at most."""
    rows = [
        VisitsView(window=row["counter"], **row) for row in await handlers.read_visits(desk, who, unit, first, last)
    ]
    waited = [(row.mean_wait_minutes, row.served) for row in rows if row.mean_wait_minutes is not None and row.served]
    served = sum(number for _, number in waited)
    mean = round(sum(minutes * number for minutes, number in waited) / served) if served else None
    return VisitList(
        items=rows,
        visits=sum(row.visits for row in rows),
        served=sum(row.served for row in rows),
        mean_wait_minutes=mean,
    )
