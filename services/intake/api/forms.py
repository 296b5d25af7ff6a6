"""Statutory papers (forms of Circular 03/2025/TT-VPCP): of a dossier as PDF/A, the register as PDF/A and XLSX."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.intake import handlers
from services.intake.adapters import letters
from services.intake.adapters import register as registers
from services.intake.adapters import slip as slips
from services.intake.adapters.layout import Component, Party
from services.intake.api.common import At, Reader
from services.intake.handlers import Desk, Papers
from shared.kernel import Principal
from shared.web.auth import allow
from shared.web.fields import Day, text

router = APIRouter(prefix="/v1")

T = TypeVar("T")

PDF = "application/pdf"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Officer = Annotated[Principal, Depends(allow("clerk", "handler", "head", "inspector", "admin"))]
Asked = Annotated[str, text(max_length=10), Query(description="Code of the unit.", examples=["19360"])]
First = Annotated[Day, Query(alias="from", description="First day of receipt.", examples=["2026-11-01"])]
Last = Annotated[Day, Query(alias="to", description="Last day of receipt.", examples=["2026-11-30"])]

_ERASED: Mapping[int | str, dict[str, Any]] = {410: {"description": "The people of this dossier were forgotten."}}


def _paper(what: str, missing: str) -> dict[int | str, dict[str, Any]]:
    """What a route of a paper answers."""
    return {
        200: {"content": {PDF: {}}, "description": what},
        409: {"description": missing},
        **_ERASED,
    }


@router.get(
    "/dossiers/{id}/forms/01.pdf", response_class=Response, responses=_paper("The slip.", "The dossier has not been accepted yet.")
)  # fmt: skip
async def get_slip(id: UUID, desk: At, who: Reader, request: Request) -> Response:
    """The receipt slip (form 01 of Circular 03/2025/TT-VPCP) as PDF/A."""
    papers = await handlers.read_papers(desk, who, id)
    return await _printed(slips.render_slip, handlers.slip_of(desk, papers, _base_url(request)), papers.dossier.code)


@router.get(
    "/dossiers/{id}/forms/02.pdf", response_class=Response, responses=_paper("The request.", "No papers were asked for.")
)  # fmt: skip
async def get_supplement_request(id: UUID, desk: At, who: Reader, request: Request) -> Response:
    """What the applicant was asked for last (form 02 of Circular 03/2025/TT-VPCP) as PDF/A."""
    papers, asked = await handlers.read_supplement_request(desk, who, id)
    supplement = papers.supplement or {}
    paper = letters.SupplementRequest(
        _letter(desk, papers, asked.occurred_at), _missing(papers, supplement["components"]), supplement["reason"], asked.respond_by,
        _base_url(request),
    )  # fmt: skip
    return await _printed(letters.render_supplement_request, paper, f"{papers.dossier.code}-02")


@router.get(
    "/dossiers/{id}/forms/03.pdf", response_class=Response, responses=_paper("The refusal.", "The dossier was not refused.")
)  # fmt: skip
async def get_refusal(id: UUID, desk: At, who: Reader) -> Response:
    """Why the dossier was not accepted (form 03 of Circular 03/2025/TT-VPCP) as PDF/A."""
    papers, refused = await handlers.read_refusal(desk, who, id)
    paper = letters.RefusalNotice(_letter(desk, papers, refused.occurred_at), papers.reason or "")
    return await _printed(letters.render_refusal, paper, f"{papers.dossier.code}-03")


@router.get(
    "/dossiers/{id}/forms/05.pdf", response_class=Response, responses=_paper("The notice.", "The dossier was not stopped.")
)  # fmt: skip
async def get_stopping(id: UUID, desk: At, who: Reader) -> Response:
    """That the dossier was stopped on request (form 05 of Circular 03/2025/TT-VPCP) as PDF/A."""
    papers, stopped, stage = await handlers.read_stopping(desk, who, id)
    paper = letters.StoppingNotice(
        _letter(desk, papers, stopped.occurred_at), papers.reason or "", stage, _paid(papers)
    )
    return await _printed(letters.render_stopping, paper, f"{papers.dossier.code}-05")


def _paid(papers: Papers) -> int | None:
    """What was paid, in đồng, as far as this dossier knows."""
    payment = papers.payment or {}
    return payment["amount"] if payment.get("paid_at") else None


@router.get(
    "/registers/07.pdf",
    response_class=Response,
    responses={200: {"content": {PDF: {}}, "description": "The register."}},
)
async def get_register(desk: At, who: Officer, unit: Asked, first: First, last: Last) -> Response:
    """Everything a unit received in a period of a year at most (form 07 of Circular 03/2025/TT-VPCP) as PDF/A."""
    register = await _register(desk, who, unit, first, last)
    pdf = await asyncio.to_thread(registers.render_register, register)
    return Response(pdf, media_type=PDF, headers=_named("inline", f"so-07-{unit}-{first}-{last}.pdf"))


@router.get(
    "/registers/07.xlsx",
    response_class=Response,
    responses={200: {"content": {SHEET: {}}, "description": "The register."}},
)
async def get_register_sheet(desk: At, who: Officer, unit: Asked, first: First, last: Last) -> Response:
    """The same register as a sheet."""
    register = await _register(desk, who, unit, first, last)
    sheet = await asyncio.to_thread(registers.sheet_of, register)
    return Response(sheet, media_type=SHEET, headers=_named("attachment", f"so-07-{unit}-{first}-{last}.xlsx"))


async def _register(desk: Desk, who: Principal, unit: str, first: date, last: date) -> registers.Register:
    entries = await handlers.read_register(desk, who, unit, first, last)
    return registers.Register(*handlers.center_of(desk.shelf.unit(unit)), first, last, desk.works.clock(), entries)


def _named(how: str, name: str) -> dict[str, str]:
    return {"content-disposition": f'{how}; filename="{name}"'}


async def _printed(render: Callable[[T], bytes], paper: T, name: str) -> Response:
    pdf = await asyncio.to_thread(render, paper)
    return Response(pdf, media_type=PDF, headers=_named("inline", f"{name}.pdf"))


def _base_url(request: Request) -> str:
    url: str = request.app.state.door.settings.base_url
    return url


def _letter(desk: Desk, papers: Papers, at: datetime) -> letters.Letter:
    center = handlers.center_of(desk.shelf.units[papers.dossier.unit])
    return letters.Letter(
        authority=center.authority, center=center.name, place=center.place, code=papers.dossier.code, procedure=papers.procedure,
        request=papers.summary or papers.procedure, submitter=handlers.party_of(papers.submitter), owner=_owner(papers), at=at,
    )  # fmt: skip


def _owner(papers: Papers) -> Party | None:
    """Whose dossier it is, to be reached through the submitter where they left no number or address of their own."""
    if (owner := papers.owner) is None:
        return None
    way = papers.submitter
    return Party(owner.name, owner.address or "", owner.phone or way.phone or "", owner.email or way.email or "")


def _missing(papers: Papers, names: list[str]) -> tuple[Component, ...]:
    """The papers asked for, as the procedure wants them; of others only the name is known."""
    known = {each["name"]: Component(each["name"], each["kind"], each["count"]) for each in papers.catalogue}
    return tuple(known.get(name, Component(name, "")) for name in names)
