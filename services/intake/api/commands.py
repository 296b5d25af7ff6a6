"""The commands on a dossier: each takes the version read, and is done once."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from services.intake import domain, handlers
from services.intake.api.common import AnyVersion, At, Command, Version, changed
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
from shared.kernel import Principal
from shared.web.auth import allow, caller

router = APIRouter(prefix="/v1")


def acting(command: str) -> Any:
    """Whoever may give this command, by their roles."""
    return Depends(allow(*domain.roles_of(command)))


@router.post("/dossiers/{id}/accept")
async def accept_dossier(
    id: UUID,
    desk: At,
    who: Annotated[Principal, acting("accept")],
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
    who: Annotated[Principal, acting("refuse")],
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
    who: Annotated[Principal, acting("assign")],
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
    id: UUID, body: SupplementBody, desk: At, who: Annotated[Principal, acting("request-supplement")], version: Version, key: Command, request: Request, response: Response,
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
    who: Annotated[Principal, acting("supply")],
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
    who: Annotated[Principal, acting("settle")],
    version: Version,
    key: Command,
    request: Request,
    response: Response,
) -> DossierView:
    """There is a result: granted, or rejected with reasons."""
    dossier = await handlers.settle_dossier(
        desk, caller(who, key), id, version, outcome=body.outcome, number=body.number, file=body.result_file
    )
    return changed(request, response, dossier, who)


@router.post("/dossiers/{id}/return-result")
async def return_result(
    id: UUID,
    body: ReturnBody,
    desk: At,
    who: Annotated[Principal, acting("return-result")],
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
    who: Annotated[Principal, acting("withdraw")],
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


@router.post("/dossiers/{id}/stop")
async def stop_dossier(
    id: UUID, body: StopBody, desk: At, who: Annotated[Principal, acting("stop")], version: AnyVersion, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Stop at the applicant's request, before there is a decision."""
    dossier = await handlers.stop_dossier(
        desk, caller(who, key), id, version, reason_class=body.reason_class, reason=body.reason
    )
    return changed(request, response, dossier, who)


@router.post("/dossiers/{id}/pause")
async def pause_dossier(
    id: UUID, body: PauseBody, desk: At, who: Annotated[Principal, acting("pause")], version: Version, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Wait for something outside the unit; the clock stands still."""
    dossier = await handlers.pause_dossier(
        desk, caller(who, key), id, version, reason_class=body.reason_class, reason=body.reason
    )
    return changed(request, response, dossier, who)


@router.post("/dossiers/{id}/resume")
async def resume_dossier(
    id: UUID, desk: At, who: Annotated[Principal, acting("resume")], version: Version, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Go on with a paused dossier."""
    dossier = await handlers.resume_dossier(desk, caller(who, key), id, version)
    return changed(request, response, dossier, who)


@router.post("/dossiers/{id}/require-payment")
async def require_payment(
    id: UUID, body: PaymentBody, desk: At, who: Annotated[Principal, acting("require-payment")], version: Version, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Ask for a payment; the clock stands still until it is proved."""
    dossier = await handlers.require_payment(
        desk,
        caller(who, key),
        id,
        version,
        amount=body.amount,
        purpose=body.purpose,
        notice_no=body.notice_no,
        respond_by=body.respond_by,
    )
    return changed(request, response, dossier, who)


@router.post("/dossiers/{id}/confirm-payment")
async def confirm_payment(
    id: UUID, body: ProofBody, desk: At, who: Annotated[Principal, acting("confirm-payment")], version: AnyVersion, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Hand in the proof of payment; the second appointment counts from now."""
    dossier = await handlers.confirm_payment(
        desk, caller(who, key), id, version, reference=body.reference, paid_at=body.paid_at
    )
    return changed(request, response, dossier, who)


@router.post("/dossiers/{id}/move-appointment")
async def move_appointment(
    id: UUID, body: AppointmentBody, desk: At, who: Annotated[Principal, acting("move-appointment")], version: Version, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Apologise and promise another day: once, at the latest on the working day before the one promised."""
    dossier = await handlers.move_appointment(
        desk,
        caller(who, key),
        id,
        version,
        new_due_on=body.new_due_on,
        reason_class=body.reason_class,
        reason=body.reason,
        signer=body.signer,
    )
    return changed(request, response, dossier, who)


@router.post("/dossiers/{id}/correct")
async def correct_dossier(
    id: UUID, body: CorrectionBody, desk: At, who: Annotated[Principal, acting("correct")], version: Version, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Put a typing error right; what was written first is kept."""
    dossier = await handlers.correct_dossier(
        desk,
        caller(who, key),
        id,
        version,
        field=body.field,
        value=body.value,
        reason_class=body.reason_class,
        reason=body.reason,
    )
    return changed(request, response, dossier, who)


@router.post("/dossiers/{id}/rate")
async def rate_dossier(
    id: UUID, body: RatingBody, desk: At, who: Annotated[Principal, acting("rate")], version: AnyVersion, key: Command, request: Request, response: Response,
) -> DossierView:  # fmt: skip
    """Rate the service from 1 to 5, once, after the result was returned."""
    dossier = await handlers.rate_dossier(desk, caller(who, key), id, version, score=body.score, comment=body.comment)
    return changed(request, response, dossier, who)
