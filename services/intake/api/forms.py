"""Statutory papers of a dossier as PDF/A (forms of Circular 03/2025/TT-VPCP)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.intake import domain, handlers
from services.intake.adapters import letters
from services.intake.adapters import slip as slips
from services.intake.adapters.layout import Component, Party
from services.intake.api.common import At, Reader
from services.intake.domain import Dossier
from services.intake.handlers import Desk, Papers
from shared.law import ZONE, rulebook
from shared.store.vault import Details

router = APIRouter(prefix="/v1")

T = TypeVar("T")

_ERASED: Mapping[int | str, dict[str, Any]] = {410: {"description": "The people of this dossier were forgotten."}}


def _paper(what: str, missing: str) -> dict[int | str, dict[str, Any]]:
    """What a route of a paper answers."""
    return {
        200: {"content": {"application/pdf": {}}, "description": what},
        409: {"description": missing},
        **_ERASED,
    }


@router.get(
    "/dossiers/{id}/forms/01.pdf", response_class=Response, responses=_paper("The slip.", "The dossier has not been accepted yet.")
)  # fmt: skip
async def get_slip(id: UUID, desk: At, who: Reader, request: Request) -> Response:
    """The receipt slip (form 01 of Circular 03/2025/TT-VPCP) as PDF/A."""
    papers = await handlers.read_papers(desk, who, id)
    return await _printed(slips.render_slip, _slip(desk, papers, _base_url(request)), papers.dossier.code)


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


async def _printed(render: Callable[[T], bytes], paper: T, name: str) -> Response:
    pdf = await asyncio.to_thread(render, paper)
    named = {"content-disposition": f'inline; filename="{name}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=named)


def _base_url(request: Request) -> str:
    url: str = request.app.state.door.settings.base_url
    return url


def _slip(desk: Desk, papers: Papers, base_url: str) -> slips.Slip:
    dossier, center = papers.dossier, center_of(desk.shelf.units[papers.dossier.unit])
    rule = rulebook().rule("one-stop.settlement", on=dossier.received_at.astimezone(ZONE).date())
    return slips.Slip(
        authority=center.authority, center=center.name, place=center.place, code=dossier.code, procedure=papers.procedure,
        request=papers.summary or papers.procedure, channel=_channel(dossier), submitter=_party(papers.submitter),
        owner=_party(papers.owner) if papers.owner else None,
        components=tuple(Component(each["name"], each["kind"], each["count"]) for each in papers.components), limit=dossier.limit,
        basis=rule.legal_basis, basis_verified=rule.verified, received_at=dossier.received_at, due_at=domain.check_slip(dossier), return_method="counter",
        return_place=center.name, lookup_url=f"{base_url}/tra-cuu?ma={dossier.code}",
        lookup_secret=papers.secret, phone="", receiver="", explanation=handlers.explanation(dossier, "vi"), provisional=dossier.provisional,
    )  # fmt: skip


def _letter(desk: Desk, papers: Papers, at: datetime) -> letters.Letter:
    center = center_of(desk.shelf.units[papers.dossier.unit])
    return letters.Letter(
        authority=center.authority, center=center.name, place=center.place, code=papers.dossier.code, procedure=papers.procedure,
        request=papers.summary or papers.procedure, submitter=_party(papers.submitter), owner=_owner(papers), at=at,
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


class Center(NamedTuple):
    """The heading of a paper: who stands above, where the dossier was received, and the place before the date."""

    authority: str
    name: str
    place: str


def center_of(unit: domain.Unit) -> Center:
    """A commune has its own service centre; bodies of the province receive under their own name."""
    if unit.level == "province":
        return Center("Ủy ban nhân dân tỉnh Quảng Trị", unit.name, "Quảng Trị")
    named = unit.name[0].lower() + unit.name[1:]
    place = unit.name.removeprefix("Phường ").removeprefix("Xã ").removeprefix("Đặc khu ")
    return Center(f"Ủy ban nhân dân {named}", f"Trung tâm Phục vụ hành chính công {named}", place)


def _channel(dossier: Dossier) -> slips.Channel:
    return "online" if dossier.channel == "online" else "postal" if dossier.channel == "postal" else "direct"


def _party(details: Details) -> Party:
    return Party(
        details.name, details.address or "", details.phone or "", details.email or "", details.identity_no or ""
    )
