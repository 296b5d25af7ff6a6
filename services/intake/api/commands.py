"""The commands on a dossier: each takes the version read, and is done once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from services.intake import handlers
from services.intake.api.common import Doing, doing
from services.intake.api.schemas import (
    AppointmentBody,
    AssignBody,
    CorrectionBody,
    DossierView,
    PauseBody,
    PaymentBody,
    ProofBody,
    RatingBody,
    ReasonBody,
    ReturnBody,
    SettleBody,
    StopBody,
    SupplementBody,
    SupplyBody,
)

router = APIRouter(prefix="/v1")


@router.post("/dossiers/{id}/accept")
async def accept_dossier(it: Annotated[Doing, Depends(doing("accept"))]) -> DossierView:
    """Accept what came online or by post; settlement starts now."""
    return it.show(await handlers.accept_dossier(*it.asked))


@router.post("/dossiers/{id}/refuse")
async def refuse_dossier(body: ReasonBody, it: Annotated[Doing, Depends(doing("refuse"))]) -> DossierView:
    """Do not accept, in writing and with the reason."""
    return it.show(await handlers.refuse_dossier(*it.asked, reason_class=body.reason_class, reason=body.reason))


@router.post("/dossiers/{id}/assign")
async def assign_dossier(body: AssignBody, it: Annotated[Doing, Depends(doing("assign"))]) -> DossierView:
    """Give the dossier to an officer."""
    return it.show(await handlers.assign_dossier(*it.asked, officer=body.officer))


@router.post("/dossiers/{id}/request-supplement")
async def request_supplement(
    body: SupplementBody, it: Annotated[Doing, Depends(doing("request-supplement"))]
) -> DossierView:
    """Ask for missing papers; the clock stands still until they come."""
    return it.show(
        await handlers.request_supplement(
            *it.asked, components=body.components, reason=body.reason, respond_by=body.respond_by
        )
    )


@router.post("/dossiers/{id}/supply")
async def supply_components(body: SupplyBody, it: Annotated[Doing, Depends(doing("supply"))]) -> DossierView:
    """Hand in the missing papers."""
    components = [c.component() for c in body.components]
    return it.show(await handlers.supply_components(*it.asked, components=components))


@router.post("/dossiers/{id}/settle")
async def settle_dossier(body: SettleBody, it: Annotated[Doing, Depends(doing("settle"))]) -> DossierView:
    """There is a result: granted, or rejected with reasons."""
    return it.show(
        await handlers.settle_dossier(*it.asked, outcome=body.outcome, number=body.number, file=body.result_file)
    )


@router.post("/dossiers/{id}/return-result")
async def return_result(body: ReturnBody, it: Annotated[Doing, Depends(doing("return-result"))]) -> DossierView:
    """The citizen has the result."""
    return it.show(await handlers.return_result(*it.asked, method=body.method))


@router.post("/dossiers/{id}/withdraw")
async def withdraw_dossier(body: ReasonBody, it: Annotated[Doing, Depends(doing("withdraw"))]) -> DossierView:
    """Take the dossier back before there is a result."""
    return it.show(await handlers.withdraw_dossier(*it.asked, reason_class=body.reason_class, reason=body.reason))


@router.post("/dossiers/{id}/stop")
async def stop_dossier(body: StopBody, it: Annotated[Doing, Depends(doing("stop"))]) -> DossierView:
    """Stop at the applicant's request, before there is a decision."""
    return it.show(await handlers.stop_dossier(*it.asked, reason_class=body.reason_class, reason=body.reason))


@router.post("/dossiers/{id}/pause")
async def pause_dossier(body: PauseBody, it: Annotated[Doing, Depends(doing("pause"))]) -> DossierView:
    """Wait for something outside the unit; the clock stands still."""
    return it.show(await handlers.pause_dossier(*it.asked, reason_class=body.reason_class, reason=body.reason))


@router.post("/dossiers/{id}/resume")
async def resume_dossier(it: Annotated[Doing, Depends(doing("resume"))]) -> DossierView:
    """Go on with a paused dossier."""
    return it.show(await handlers.resume_dossier(*it.asked))


@router.post("/dossiers/{id}/require-payment")
async def require_payment(body: PaymentBody, it: Annotated[Doing, Depends(doing("require-payment"))]) -> DossierView:
    """Ask for a payment; the clock stands still until it is proved."""
    return it.show(
        await handlers.require_payment(
            *it.asked, amount=body.amount, purpose=body.purpose, notice_no=body.notice_no, respond_by=body.respond_by
        )
    )


@router.post("/dossiers/{id}/confirm-payment")
async def confirm_payment(body: ProofBody, it: Annotated[Doing, Depends(doing("confirm-payment"))]) -> DossierView:
    """Hand in the proof of payment; the second appointment counts from now."""
    return it.show(await handlers.confirm_payment(*it.asked, reference=body.reference, paid_at=body.paid_at))


@router.post("/dossiers/{id}/move-appointment")
async def move_appointment(
    body: AppointmentBody, it: Annotated[Doing, Depends(doing("move-appointment"))]
) -> DossierView:
    """Apologise and promise another day: once, at the latest on the working day before the one promised."""
    return it.show(
        await handlers.move_appointment(
            *it.asked,
            new_due_on=body.new_due_on,
            reason_class=body.reason_class,
            reason=body.reason,
            signer=body.signer,
        )
    )


@router.post("/dossiers/{id}/correct")
async def correct_dossier(body: CorrectionBody, it: Annotated[Doing, Depends(doing("correct"))]) -> DossierView:
    """Put a typing error right; what was written first is kept."""
    return it.show(
        await handlers.correct_dossier(
            *it.asked, field=body.field, value=body.value, reason_class=body.reason_class, reason=body.reason
        )
    )


@router.post("/dossiers/{id}/rate")
async def rate_dossier(body: RatingBody, it: Annotated[Doing, Depends(doing("rate"))]) -> DossierView:
    """Rate the service from 1 to 5, once, after the result was returned."""
    return it.show(await handlers.rate_dossier(*it.asked, score=body.score, comment=body.comment))
