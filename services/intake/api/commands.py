"""The commands on a dossier: each takes the version read, and is done once."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from services.intake import domain, handlers
from services.intake.api.common import AnyVersion, At, Command, Version, changed
from services.intake.api.schemas import (
    AssignBody,
    DossierView,
    ReasonBody,
    ReturnBody,
    SettleBody,
    SupplementBody,
    SupplyBody,
)
from shared.kernel import Principal
from shared.web.auth import allow, caller

router = APIRouter(prefix="/v1")


def _acting(command: str) -> Any:
    return Depends(allow(*domain.roles_of(command)))


@router.post("/dossiers/{id}/accept")
async def accept_dossier(
    id: UUID,
    desk: At,
    who: Annotated[Principal, _acting("accept")],
    version: Version,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """Accept what came online or by post; settlement starts now."""
    return changed(request, response, await handlers.accept_dossier(desk, caller(who, key), id, version), who)


@router.post("/dossiers/{id}/refuse")
async def refuse_dossier(
    id: UUID,
    body: ReasonBody,
    desk: At,
    who: Annotated[Principal, _acting("refuse")],
    version: Version,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """Do not accept, in writing and with the reason."""
    dossier = await handlers.refuse_dossier(
        desk, caller(who, key), id, version, reason_class=body.reason_class, reason=body.reason
    )
    return changed(request, response, dossier, who)


@router.post("/dossiers/{id}/assign")
async def assign_dossier(
    id: UUID,
    body: AssignBody,
    desk: At,
    who: Annotated[Principal, _acting("assign")],
    version: Version,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """Give the dossier to an officer."""
    return changed(
        request, response, await handlers.assign_dossier(desk, caller(who, key), id, version, officer=body.officer), who
    )


@router.post("/dossiers/{id}/request-supplement")
async def request_supplement(
    id: UUID, body: SupplementBody, desk: At, who: Annotated[Principal, _acting("request-supplement")], version: Version, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Ask for missing papers; the clock stands still until they come."""
    dossier = await handlers.request_supplement(
        desk, caller(who, key), id, version, components=body.components, reason=body.reason, respond_by=body.respond_by
    )
    return changed(request, response, dossier, who)


@router.post("/dossiers/{id}/supply")
async def supply_components(
    id: UUID,
    body: SupplyBody,
    desk: At,
    who: Annotated[Principal, _acting("supply")],
    version: AnyVersion,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """Hand in the missing papers."""
    components = [c.component() for c in body.components]
    return changed(
        request,
        response,
        await handlers.supply_components(desk, caller(who, key), id, version, components=components),
        who,
    )


@router.post("/dossiers/{id}/settle")
async def settle_dossier(
    id: UUID,
    body: SettleBody,
    desk: At,
    who: Annotated[Principal, _acting("settle")],
    version: Version,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """There is a result: granted, or rejected with reasons."""
    dossier = await handlers.settle_dossier(
        desk, caller(who, key), id, version, outcome=body.outcome, number=body.number
    )
    return changed(request, response, dossier, who)


@router.post("/dossiers/{id}/return-result")
async def return_result(
    id: UUID,
    body: ReturnBody,
    desk: At,
    who: Annotated[Principal, _acting("return-result")],
    version: Version,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """The citizen has the result."""
    return changed(
        request, response, await handlers.return_result(desk, caller(who, key), id, version, method=body.method), who
    )


@router.post("/dossiers/{id}/withdraw")
async def withdraw_dossier(
    id: UUID,
    body: ReasonBody,
    desk: At,
    who: Annotated[Principal, _acting("withdraw")],
    version: AnyVersion,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """Take the dossier back before there is a result."""
    dossier = await handlers.withdraw_dossier(
        desk, caller(who, key), id, version, reason_class=body.reason_class, reason=body.reason
    )
    return changed(request, response, dossier, who)
