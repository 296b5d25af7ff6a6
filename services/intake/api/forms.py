"""Statutory papers (forms of Circular 03/2025/TT-VPCP): of a dossier as PDF/A, the register as PDF/A and XLSX."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, datetime
from operator import attrgetter
from typing import Annotated, Any, TypeAlias, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.intake import domain, handlers
from services.intake.adapters import control as controls
from services.intake.adapters import letters
from services.intake.adapters import register as registers
from services.intake.adapters import slip as slips
from services.intake.adapters.layout import Component, Party
from services.intake.api.common import At, Reader
from services.intake.domain import Dossier
from services.intake.handlers import Control, Desk, Papers
from shared.contracts import intake as facts
from shared.kernel import Principal
from shared.law import ZONE
from shared.web.auth import allow
from shared.web.fields import Day, text

router = APIRouter(prefix="/v1")

T = TypeVar("T")
Decision: TypeAlias = facts.SupplementRequested | facts.DossierRefused | facts.AppointmentMoved | facts.DossierStopped
"""What a letter tells."""

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
        _letter(desk, papers, asked), _missing(papers, supplement["components"]), supplement["reason"], asked.respond_by,
        _base_url(request),
    )  # fmt: skip
    return await _printed(letters.render_supplement_request, paper, f"{papers.dossier.code}-02")


@router.get(
    "/dossiers/{id}/forms/03.pdf", response_class=Response, responses=_paper("The refusal.", "The dossier was not refused.")
)  # fmt: skip
async def get_refusal(id: UUID, desk: At, who: Reader) -> Response:
    """Why the dossier was not accepted (form 03 of Circular 03/2025/TT-VPCP) as PDF/A."""
    papers, refused = await handlers.read_refusal(desk, who, id)
    paper = letters.RefusalNotice(_letter(desk, papers, refused), papers.reason or "")
    return await _printed(letters.render_refusal, paper, f"{papers.dossier.code}-03")


@router.get(
    "/dossiers/{id}/forms/04.pdf", response_class=Response, responses=_paper("The apology.", "The appointment was not moved.")
)  # fmt: skip
async def get_apology(id: UUID, desk: At, who: Reader) -> Response:
    """The apology with the new date (form 04 of Circular 03/2025/TT-VPCP) as PDF/A."""
    papers, moved = await handlers.read_apology(desk, who, id)
    reason = (papers.apology or {})["reason"]
    paper = letters.ApologyNote(
        _letter(desk, papers, moved), moved.old_promised_on, reason, moved.promised_on, moved.signer
    )
    return await _printed(letters.render_apology, paper, f"{papers.dossier.code}-04")


@router.get(
    "/dossiers/{id}/forms/05.pdf", response_class=Response, responses=_paper("The notice.", "The dossier was not stopped.")
)  # fmt: skip
async def get_stopping(id: UUID, desk: At, who: Reader) -> Response:
    """That the dossier was stopped on request (form 05 of Circular 03/2025/TT-VPCP) as PDF/A."""
    papers, stopped, stage = await handlers.read_stopping(desk, who, id)
    paper = letters.StoppingNotice(_letter(desk, papers, stopped), papers.reason or "", stage, _paid(papers))
    return await _printed(letters.render_stopping, paper, f"{papers.dossier.code}-05")


def _paid(papers: Papers) -> int | None:
    """What was paid, in đồng, as far as this dossier knows."""
    payment = papers.payment or {}
    return payment["amount"] if payment.get("paid_at") else None


@router.get(
    "/dossiers/{id}/forms/06.pdf", response_class=Response, responses=_paper("The control slip.", "The dossier has not been accepted yet.")
)  # fmt: skip
async def get_control_slip(id: UUID, desk: At, who: Officer) -> Response:
    """Who had the dossier in hand, from when until when (form 06 of Circular 03/2025/TT-VPCP) as PDF/A."""
    papers, control = await handlers.read_control(desk, who, id)
    return await _printed(controls.render_control_slip, _control(desk, papers, control), f"{papers.dossier.code}-06")


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
    register = await _register(desk, who, unit, first, last, listed=True)
    sheet = await asyncio.to_thread(registers.sheet_of, register)
    return Response(sheet, media_type=SHEET, headers=_named("attachment", f"so-07-{unit}-{first}-{last}.xlsx"))


async def _register(
    desk: Desk, who: Principal, unit: str, first: date, last: date, *, listed: bool = False
) -> registers.Register:
    entries = await handlers.read_register(desk, who, unit, first, last, listed=listed)
    return registers.Register(
        *handlers.center_of(desk.shelf.unit(unit).as_of(last)), first, last, desk.works.clock(), entries
    )


def _named(how: str, name: str) -> dict[str, str]:
    return {"content-disposition": f'{how}; filename="{name}"'}


async def _printed(render: Callable[[T], bytes], paper: T, name: str) -> Response:
    pdf = await asyncio.to_thread(render, paper)
    return Response(pdf, media_type=PDF, headers=_named("inline", f"{name}.pdf"))


def _base_url(request: Request) -> str:
    url: str = request.app.state.door.settings.base_url
    return url


def _name(desk: Desk, unit: str, at: datetime) -> str:
    return desk.shelf.units[unit].as_of(at.astimezone(ZONE).date()).name


def _control(desk: Desk, papers: Papers, control: Control) -> controls.ControlSlip:
    dossier, center = (
        papers.dossier,
        handlers.center_at(desk, papers.dossier.receiving_unit, papers.dossier.received_at),
    )
    rule = desk.standing.law.rules.rule("one-stop.settlement", on=dossier.received_at.astimezone(ZONE).date())
    given = [_given(desk, each) for each in control.assigned]
    handed = [_handed(desk, dossier, each) for each in papers.handovers]
    return controls.ControlSlip(
        authority=center.authority, center=center.name, place=center.place, code=dossier.code, procedure=papers.procedure,
        request=papers.summary or papers.procedure, owner=_owner(papers) or handlers.party_of(papers.submitter), components=handlers.components_of(papers),
        limit=dossier.limit, basis=rule.legal_basis, received_at=dossier.received_at, due_at=dossier.due_at,
        handovers=tuple(sorted((*given, *handed), key=attrgetter("at"))), result=_result(dossier, control), at=control.at,
    )  # fmt: skip


def _given(desk: Desk, fact: facts.DossierAssigned) -> controls.Handover:
    return controls.Handover(
        _name(desk, fact.unit, fact.occurred_at), f"Cán bộ {fact.officer}", fact.occurred_at, None, "assigned"
    )


def _handed(desk: Desk, dossier: Dossier, line: Mapping[str, Any]) -> controls.Handover:
    """A line without an answer waits while the offer stands, and says nothing any more once the dossier ended."""
    at, answered = datetime.fromisoformat(line["at"]), line["answered_at"]
    confirmation = line["confirmation"] or ("waiting" if dossier.to_unit else "lapsed")
    return controls.Handover(
        _name(desk, line["from_unit"], at), _name(desk, line["to_unit"], at), at, line["papers"], confirmation,
        datetime.fromisoformat(answered) if answered else None,
    )  # fmt: skip


def _result(dossier: Dossier, control: Control) -> controls.Result | None:
    if dossier.settled_at is None or dossier.outcome is None:
        return None
    timing = domain.timing(dossier.settled_at.astimezone(ZONE).date(), dossier.promised_on)
    method = control.returned.method if control.returned else None
    return controls.Result(
        dossier.outcome, dossier.settled_at, dossier.result_number, timing, method, dossier.returned_at
    )


def _letter(desk: Desk, papers: Papers, said: Decision) -> letters.Letter:
    """The heading is of the unit that decided, wherever the dossier went afterwards."""
    center = handlers.center_at(desk, said.unit, said.occurred_at)
    return letters.Letter(
        authority=center.authority, center=center.name, place=center.place, code=papers.dossier.code, procedure=papers.procedure,
        request=papers.summary or papers.procedure, submitter=handlers.party_of(papers.submitter), owner=_owner(papers), at=said.occurred_at,
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
