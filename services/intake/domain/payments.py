"""A financial obligation: the first appointment ends with the notice to pay, the second counts from the proof of payment."""

from __future__ import annotations

from datetime import date, datetime

from services.intake.domain import refusals
from services.intake.domain.dossier import Dossier, dates, permit, reckoned, standing_still
from services.intake.domain.states import State
from services.intake.domain.supplements import answer_by
from shared.contracts import intake as facts
from shared.law import Office


def require_payment(
    dossier: Dossier,
    *,
    amount: int | None,
    notice_no: str | None,
    respond_by: date | None,
    at: datetime,
    office: Office,
) -> tuple[Dossier, facts.PaymentRequired]:
    """Ask the applicant to pay; the settlement clock stands still until it is proved."""
    permit("require-payment", dossier)
    by = answer_by(respond_by, at, office)
    waiting = dossier.next(state=State.AWAITING_PAYMENT, respond_by=by, **standing_still(dossier, at, office))
    return waiting, facts.PaymentRequired(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, amount=amount,
        notice_no=notice_no, respond_by=by, remaining_working_hours=waiting.remaining_working_hours,
    )  # fmt: skip


def confirm_payment(
    dossier: Dossier, *, paid_at: datetime, at: datetime, office: Office
) -> tuple[Dossier, facts.PaymentConfirmed]:
    """Take the proof: the whole limit counts from its receipt, whatever the pause mode and however late the first one was."""
    permit("confirm-payment", dossier)
    if paid_at > at:
        raise refusals.InTheFuture(field="/paid_at")
    second = reckoned(dossier, dossier.settling.restart(at, office))
    paid = dossier.next(state=State.IN_PROGRESS, respond_by=None, **second)
    return paid, facts.PaymentConfirmed(
        occurred_at=at,
        dossier=dossier.id,
        code=dossier.code,
        unit=dossier.unit,
        recipient=dossier.recipient,
        **dates(paid),
    )
