"""Reference data for everybody: units."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from services.intake import handlers
from services.intake.api.common import At
from services.intake.api.schemas import UnitList, UnitView
from shared.web.auth import public

router = APIRouter(prefix="/v1")


@router.get("/units", dependencies=[Depends(public)])
async def list_units(desk: At) -> UnitList:
    """The units of the province."""
    return UnitList(items=[UnitView.model_validate(dict(row)) for row in await handlers.read_units(desk)])
