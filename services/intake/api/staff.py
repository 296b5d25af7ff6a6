"""The staff directory: put by an admin, read by the officers of a unit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from services.intake import handlers
from services.intake.api.catalogue import Admin
from services.intake.api.common import At
from services.intake.api.reference_schemas import OfficerBody, OfficerDetail, OfficerId, OfficerView, StaffList
from shared.kernel import Principal
from shared.web.auth import allow, caller
from shared.web.etag import etag, seen
from shared.web.fields import text

router = APIRouter(prefix="/v1")

Officers = Annotated[Principal, Depends(allow("clerk", "handler", "head", "inspector", "admin"))]
Unit = Annotated[str, text(max_length=10), Query(description="Only officers of this unit.", examples=["19360"])]
Id = Annotated[OfficerId, Path(examples=["cb-01"])]


@router.get("/staff")
async def list_staff(desk: At, who: Officers, unit: Unit | None = None) -> StaffList:
    """Who serves at one's units, without names; an admin sees all."""
    return StaffList(items=[OfficerView.of(each) for each in await handlers.read_staff(desk, who, unit)])


@router.get("/staff/{id}")
async def get_officer(id: Id, desk: At, who: Officers, response: Response) -> OfficerDetail:
    """One officer with name, phone and e-mail; that they were read is kept."""
    officer, contact = await handlers.read_officer(desk, who, id)
    etag(response, officer.version)
    return OfficerDetail.with_contact(officer, contact)


@router.put("/staff/{id}")
async def put_officer(
    id: Id, body: OfficerBody, desk: At, who: Admin, version: Annotated[int, Depends(seen)], response: Response
) -> OfficerView:
    """An officer as they are from now on; one who is new has version "0"."""
    officer = await handlers.put_officer(desk, caller(who), body.officer_of(id), body.contact.details(), version)
    await handlers.refresh(desk)
    etag(response, officer.version)
    return OfficerView.of(officer)
