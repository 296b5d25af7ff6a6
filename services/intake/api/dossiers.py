"""Dossiers: file, read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from services.intake import domain, handlers
from services.intake.api.common import At, Lang, Reader, view_filed
from services.intake.api.schemas import (
    DeadlineView,
    DossierBody,
    DossierDetail,
    DossierView,
    FormView,
    History,
)
from shared.kernel import Once, Principal
from shared.law import ZONE
from shared.web.auth import allow, caller
from shared.web.door import Door
from shared.web.etag import revalidate
from shared.web.histories import fact_view
from shared.web.idempotency import once, stamp

router = APIRouter(prefix="/v1")


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
    dossier, alike = await handlers.file_dossier(desk, caller(who, key), body.filing())
    shown = view_filed(
        {**domain.snapshot(dossier, who), "hints": [{"name": each.name, "code": each.code} for each in alike]},
        request.app.state.door,
    )
    stamp(request, response, shown)
    return shown


@router.get("/dossiers/{id}")
async def get_dossier(id: UUID, desk: At, who: Reader, request: Request, response: Response) -> DossierDetail:
    """A dossier with its papers and what was written to the applicant."""
    dossier, texts = await handlers.read_dossier_texts(desk, who, id)
    revalidate(request, response, dossier.version)
    return DossierDetail.model_validate({**domain.snapshot(dossier, who), **asdict(texts)})


@router.get("/dossiers/{id}/form", responses={410: {"description": "The people of this dossier were forgotten."}})
async def get_form(id: UUID, desk: At, who: Reader) -> FormView:
    """What was filled in online, by the procedure's form."""
    return FormView(form=dict(await handlers.read_form(desk, who, id)))


@router.get("/dossiers/{id}/history")
async def get_history(id: UUID, desk: At, who: Reader) -> History:
    """Everything that happened, in order."""
    return History(items=[fact_view(row) for row in await handlers.read_history(desk, who, id)])


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
        legal_basis=rule.legal_basis if rule else None, verified=rule.verified if rule else None, steps=list(handlers.explanation(desk, dossier, lang)),
    )  # fmt: skip
