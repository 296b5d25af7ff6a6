"""The catalogue of procedures: read by everybody, as of any day; a new version put by an admin."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.intake import handlers
from services.intake.api.common import At
from services.intake.api.reference_schemas import (
    ProcedureBody,
    ProcedureList,
    ProcedureView,
    Published,
    VersionList,
)
from services.intake.domain import ProcedureVersion
from shared.kernel import Once, Principal, Stale
from shared.web.auth import allow, caller, public
from shared.web.etag import etag, seen
from shared.web.fields import Day, text
from shared.web.idempotency import once

router = APIRouter(prefix="/v1")

Code = Annotated[str, text(max_length=30), Path(examples=["1.004873"])]
On = Annotated[
    Day | None, Query(description="The day it counts on; today when it is left out.", examples=["2026-12-01"])
]
Admin = Annotated[Principal, Depends(allow("admin"))]


def _view(version: ProcedureVersion) -> ProcedureView:
    return ProcedureView.model_validate(asdict(version))


@router.get("/procedures", dependencies=[Depends(public)])
async def list_procedures(desk: At, on: On = None) -> ProcedureList:
    """The catalogue of procedures, with limits, papers, fees and legal basis."""
    return ProcedureList(items=[_view(version) for version in await handlers.read_procedures(desk, on)])


@router.get("/procedures/{code}", dependencies=[Depends(public)])
async def get_procedure(desk: At, code: Code, response: Response, on: On = None) -> ProcedureView:
    """One procedure as it counts on a day."""
    version = await handlers.read_procedure(desk, code, on)
    etag(response, version.version)
    return _view(version)


@router.get("/procedures/{code}/versions", dependencies=[Depends(public)])
async def list_versions(desk: At, code: Code, response: Response) -> VersionList:
    """Every version of a procedure, in order; the tag is the newest one's, which a new version must name."""
    versions = await handlers.read_versions(desk, code)
    etag(response, versions[-1].version)
    return VersionList(items=[_view(version) for version in versions])


@router.put("/procedures/{code}")
async def put_procedure(
    code: Code, body: ProcedureBody, desk: At, who: Admin, version: Annotated[int, Depends(seen)], response: Response
) -> ProcedureView:
    """A new version, behind those there; dossiers received before it keep theirs. A procedure that is new has version "0"."""
    made = await handlers.put_procedure(desk, caller(who), body.version_of(code), version)
    await handlers.refresh(desk)
    etag(response, made.version)
    return _view(made)


@router.post("/procedures/{code}/versions/{version}/publish")
async def publish_procedure(
    code: Code, version: Annotated[int, Path(ge=1, le=9999)], read: Annotated[int, Depends(seen)], desk: At, who: Admin,
    key: Annotated[Once, Depends(once(200))], request: Request,
) -> Published:  # fmt: skip
    """The version stands where citizens read it; the limit of its publication ends. `If-Match` names the version read."""
    del request
    if read != version:
        raise Stale
    made = await handlers.publish_procedure(desk, caller(who, key), code, version)
    return Published(code=made.code, version=made.version)
