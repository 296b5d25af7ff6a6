"""Dossiers: file, find, read, and the receipt slip."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from services.intake import domain, handlers
from services.intake.adapters import slip as slips
from services.intake.adapters.layout import Component, Party
from services.intake.api.common import At, Lang, Reader, view, view_filed
from services.intake.api.schemas import (
    DeadlineView,
    DossierBody,
    DossierDetail,
    DossierView,
    FactView,
    Filters,
    History,
)
from services.intake.domain import Dossier
from services.intake.handlers import Desk, Papers
from shared.kernel import Once, Principal
from shared.law import ZONE, rulebook
from shared.store.vault import Details
from shared.web.auth import allow, caller
from shared.web.cursor import Page, Paging, paging
from shared.web.door import Door
from shared.web.etag import revalidate
from shared.web.idempotency import once, stamp

router = APIRouter(prefix="/v1")

Paged = Annotated[Paging, Depends(paging)]


def _replay_filed(answer: bytes, door: Door) -> DossierView:
    """The first answer of a repeated filing; its secret is made again."""
    snapshot = msgspec.json.decode(answer)
    return view_filed({**snapshot, "id": UUID(snapshot["id"])}, door)


@router.post("/dossiers", status_code=201)
async def submit_dossier(
    body: DossierBody, desk: At, request: Request, response: Response, who: Annotated[Principal, Depends(allow("clerk", "citizen"))],
    key: Annotated[Once, Depends(once(201, render=_replay_filed, location="/v1/dossiers/{id}"))],
) -> DossierView:  # fmt: skip
    """File a dossier. A clerk's `direct` dossier is accepted at once; what comes online or by post is answered within 8 working hours."""
    dossier = await handlers.submit_dossier(desk, caller(who, key), body.filing())
    shown = view_filed(domain.snapshot(dossier, who), request.app.state.door)
    stamp(request, response, shown)
    return shown


@router.get("/dossiers")
async def list_dossiers(desk: At, who: Reader, page: Paged, filters: Annotated[Filters, Query()]) -> Page[DossierView]:
    """Dossiers of one's units, newest first; a citizen sees their own."""
    rows = await handlers.list_dossiers(desk, who, filters.wanted(), **_span(page))
    return _shown(page, rows, who)


@router.get("/me/dossiers")
async def list_my_dossiers(
    desk: At, who: Annotated[Principal, Depends(allow("citizen"))], page: Paged, filters: Annotated[Filters, Query()]
) -> Page[DossierView]:
    """One's own dossiers, newest first."""
    rows = await handlers.list_own_dossiers(desk, who, filters.wanted(), **_span(page))
    return _shown(page, rows, who)


def _span(page: Paging) -> dict[str, Any]:
    """Where to read; a cursor is signed, so its id is one of ours."""
    return {"after": UUID(page.after[0]) if page.after else None, "back": page.back, "limit": page.fetch}


def _shown(page: Paging, rows: Any, who: Principal) -> Page[DossierView]:
    return page.page(rows, lambda dossier: (str(dossier.id),), lambda dossier: view(dossier, who))


@router.get("/dossiers/{id}")
async def get_dossier(id: UUID, desk: At, who: Reader, request: Request, response: Response) -> DossierDetail:
    """A dossier with its papers and what was written to the applicant."""
    dossier, texts = await handlers.read_dossier_texts(desk, who, id)
    revalidate(request, response, dossier.version)
    return DossierDetail.model_validate({**domain.snapshot(dossier, who), **asdict(texts)})


@router.get("/dossiers/{id}/history")
async def get_history(id: UUID, desk: At, who: Reader) -> History:
    """Everything that happened, in order."""
    return History(items=[_fact(row) for row in await handlers.read_history(desk, who, id)])


def _fact(row: Mapping[str, Any]) -> FactView:
    role, unit, _subject = row["actor"].split("|")
    return FactView(
        sequence=row["sequence"], type=row["type"], occurred_at=row["occurred_at"], recorded_at=row["recorded_at"], actor=f"{role} {unit}".strip(),
        data=msgspec.json.decode(row["envelope"])["data"],
    )  # fmt: skip


@router.get("/dossiers/{id}/deadline")
async def get_deadline(id: UUID, desk: At, who: Reader, lang: Lang) -> DeadlineView:
    """The due date with its explanation: of settlement, or before acceptance of the answer."""
    dossier = await handlers.read_dossier(desk, who, id)
    term = dossier.settlement or dossier.answer
    rule = term.clock.rule if term else None
    due_at = dossier.due_at or dossier.answer_due_at
    return DeadlineView(
        due_at=due_at, due_on=due_at.astimezone(ZONE).date() if due_at else None, remaining_working_hours=dossier.remaining_working_hours,
        provisional=dossier.provisional, rule=rule.id if rule else None, rule_version=rule.version if rule else None,
        legal_basis=rule.legal_basis if rule else None, verified=rule.verified if rule else None, steps=list(handlers.explanation(dossier, lang)),
    )  # fmt: skip


@router.get(
    "/dossiers/{id}/forms/01.pdf",
    response_class=Response,
    responses={
        200: {"content": {"application/pdf": {}}, "description": "The slip."},
        409: {"description": "The dossier has not been accepted yet."},
        410: {"description": "The people of this dossier were forgotten."},
    },
)
async def get_slip(id: UUID, desk: At, who: Reader, request: Request) -> Response:
    """The receipt slip (form 01 of Circular 03/2025/TT-VPCP) as PDF/A."""
    papers = await handlers.read_papers(desk, who, id)
    pdf = await asyncio.to_thread(slips.render_slip, _slip(desk, papers, request.app.state.door.settings.base_url))
    named = {"content-disposition": f'inline; filename="{papers.dossier.code}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=named)


def _slip(desk: Desk, papers: Papers, base_url: str) -> slips.Slip:
    dossier = papers.dossier
    procedure, center = desk.shelf.procedures[dossier.procedure], _center(desk.shelf.units[dossier.unit])
    rule = rulebook().rule("one-stop.settlement", on=dossier.received_at.astimezone(ZONE).date())
    return slips.Slip(
        authority=center.authority, center=center.name, place=center.place, code=dossier.code, procedure=procedure.name,
        request=papers.summary or procedure.name, channel=_channel(dossier), submitter=_party(papers.submitter),
        owner=_party(papers.owner) if papers.owner else None,
        components=tuple(Component(each["name"], each["kind"], each["count"]) for each in papers.components), limit=dossier.limit,
        basis=rule.legal_basis, basis_verified=rule.verified, received_at=dossier.received_at, due_at=domain.check_slip(dossier), return_method="counter",
        return_place=center.name, lookup_url=f"{base_url}/tra-cuu?ma={dossier.code}",
        lookup_secret=papers.secret, phone="", receiver="", explanation=handlers.explanation(dossier, "vi"), provisional=dossier.provisional,
    )  # fmt: skip


class _Center(NamedTuple):
    """The heading of a slip: who stands above, where the dossier was received, and the place before the date."""

    authority: str
    name: str
    place: str


def _center(unit: domain.Unit) -> _Center:
    """A commune has its own service centre; bodies of the province receive under their own name."""
    if unit.level == "province":
        return _Center("Ủy ban nhân dân tỉnh Quảng Trị", unit.name, "Quảng Trị")
    named = unit.name[0].lower() + unit.name[1:]
    place = unit.name.removeprefix("Phường ").removeprefix("Xã ").removeprefix("Đặc khu ")
    return _Center(f"Ủy ban nhân dân {named}", f"Trung tâm Phục vụ hành chính công {named}", place)


def _channel(dossier: Dossier) -> slips.Channel:
    return "online" if dossier.channel == "online" else "postal" if dossier.channel == "postal" else "direct"


def _party(details: Details) -> Party:
    return Party(
        details.name, details.address or "", details.phone or "", details.email or "", details.identity_no or ""
    )
