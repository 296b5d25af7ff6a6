"""Units of the province: read by everybody, as of any day; put by an admin."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from services.intake import handlers
from services.intake.api.catalogue import Admin, On
from services.intake.api.common import At
from services.intake.api.reference_schemas import UnitBody, UnitCode, UnitList, UnitView
from services.intake.handlers.desk import today_of
from shared.web.auth import caller, public
from shared.web.etag import etag, seen
from shared.web.fields import text

router = APIRouter(prefix="/v1")

Kind = Annotated[str, text(max_length=20), Query(description="Only units of this kind.", examples=["ward"])]


@router.get("/units", dependencies=[Depends(public)])
async def list_units(desk: At, on: On = None, kind: Kind | None = None) -> UnitList:
    """The units of the province that exist on a day."""
    return UnitList(items=[UnitView.of(unit, day) for unit, day in await handlers.read_units(desk, on, kind)])


@router.put("/units/{code}")
async def put_unit(
    code: Annotated[UnitCode, Path(examples=["18919"])], body: UnitBody, desk: At, who: Admin, version: Annotated[int, Depends(seen)],
    response: Response,
) -> UnitView:  # fmt: skip
    """A unit as it is from now on; one that is new has version "0". Papers of before keep its former name."""
    unit = await handlers.put_unit(desk, caller(who), body.record_of(code), renamed_on=body.renamed_on, seen=version)
    await handlers.refresh(desk)
    etag(response, unit.version)
    return UnitView.of(unit, today_of(desk))
