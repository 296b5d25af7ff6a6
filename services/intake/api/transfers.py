"""Hand-overs between units: the accountable one asks, the one asked answers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.intake import handlers
from services.intake.api.commands import acting
from services.intake.api.common import At, Command, Version, changed
from services.intake.api.schemas import DossierView, RejectTransferBody, TransferBody
from shared.kernel import Principal
from shared.web.auth import caller

router = APIRouter(prefix="/v1")


@router.post("/dossiers/{id}/transfer")
async def transfer_dossier(
    id: UUID, body: TransferBody, desk: At, who: Annotated[Principal, acting("transfer")], version: Version, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Ask another unit to take the dossier; this one stays accountable until it does, and no date moves."""
    dossier = await handlers.transfer_dossier(
        desk,
        caller(who, key),
        id,
        version,
        to_unit=body.to_unit,
        reason_class=body.reason_class,
        reason=body.reason,
        papers=body.papers,
    )
    return changed(request, response, dossier, who)


@router.post("/dossiers/{id}/accept-transfer")
async def accept_transfer(
    id: UUID, desk: At, who: Annotated[Principal, acting("accept-transfer")], version: Version, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Take the dossier; the unit asked is accountable from now on."""
    return changed(request, response, await handlers.accept_transfer(desk, caller(who, key), id, version), who)


@router.post("/dossiers/{id}/reject-transfer")
async def reject_transfer(
    id: UUID, body: RejectTransferBody, desk: At, who: Annotated[Principal, acting("reject-transfer")], version: Version, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Send the dossier back; the second time it goes up to the superior of both units."""
    dossier = await handlers.reject_transfer(
        desk, caller(who, key), id, version, reason_class=body.reason_class, reason=body.reason
    )
    return changed(request, response, dossier, who)
