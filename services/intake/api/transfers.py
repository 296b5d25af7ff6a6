"""Hand-overs between units: the accountable one asks, the one asked answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from services.intake import handlers
from services.intake.api.common import Doing, doing
from services.intake.api.schemas import DossierView, RejectTransferBody, TransferBody

router = APIRouter(prefix="/v1")


@router.post("/dossiers/{id}/transfer")
async def transfer_dossier(body: TransferBody, it: Annotated[Doing, Depends(doing("transfer"))]) -> DossierView:
    """Ask another unit to take the dossier; this one stays accountable until it does, and no date moves."""
    return it.show(
        await handlers.transfer_dossier(
            *it.asked, to_unit=body.to_unit, reason_class=body.reason_class, reason=body.reason, papers=body.papers
        )
    )


@router.post("/dossiers/{id}/accept-transfer")
async def accept_transfer(it: Annotated[Doing, Depends(doing("accept-transfer"))]) -> DossierView:
    """Take the dossier; the unit asked is accountable from now on."""
    return it.show(await handlers.accept_transfer(*it.asked))


@router.post("/dossiers/{id}/reject-transfer")
async def reject_transfer(
    body: RejectTransferBody, it: Annotated[Doing, Depends(doing("reject-transfer"))]
) -> DossierView:
    """Send the dossier back; the second time it goes up to the superior of both units."""
    return it.show(await handlers.reject_transfer(*it.asked, reason_class=body.reason_class, reason=body.reason))
