"""Reference data for everybody: procedures and units."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from services.intake import handlers
from services.intake.api.common import At
from services.intake.api.schemas import ProcedureList, ProcedureView, UnitList, UnitView
from shared.web.auth import public

router = APIRouter(prefix="/v1")


@router.get("/procedures", dependencies=[Depends(public)])
async def list_procedures(desk: At) -> ProcedureList:
    """The catalogue of procedures, with limits, papers, fees and legal basis."""
    return ProcedureList(
        items=[ProcedureView.model_validate(dict(row)) for row in await handlers.read_procedures(desk)]
    )


@router.get("/procedures/{code}", dependencies=[Depends(public)])
async def get_procedure(desk: At, code: str) -> ProcedureView:
    """One procedure."""
    return ProcedureView.model_validate(dict(await handlers.read_procedure(desk, code)))


@router.get("/units", dependencies=[Depends(public)])
async def list_units(desk: At) -> UnitList:
    """The units of the province."""
    return UnitList(items=[UnitView.model_validate(dict(row)) for row in await handlers.read_units(desk)])
