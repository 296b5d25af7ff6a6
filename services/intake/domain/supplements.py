"""Missing papers: ask for them, which stops the clock, and take them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from services.intake.domain import refusals
from services.intake.domain.clocks import applicant_day, local_day
from services.intake.domain.dossier import Dossier, dates, permit, reckoned, standing_still
from services.intake.domain.filing import answered, await_answer
from services.intake.domain.states import State
from shared.contracts import intake as facts
from shared.law import Office


def request_supplement(
    dossier: Dossier, *, components: Sequence[str], respond_by: date | None, at: datetime, office: Office
) -> tuple[Dossier, facts.SupplementRequested]:
    """Ask the applicant for papers; the settlement clock stands still, the answer limit is met."""
    permit("request-supplement", dossier)
    if dossier.supplements >= dossier.max_supplements:
        raise refusals.TooManySupplements(allowed=dossier.max_supplements)
    by = answer_by(respond_by, at, office)
    waiting = dossier.next(
        state=State.AWAITING_SUPPLEMENT, supplements=dossier.supplements + 1, respond_by=by,
        answer=answered(dossier, at, office), answer_due_at=None, **standing_still(dossier, at, office),
    )  # fmt: skip
    return waiting, facts.SupplementRequested(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, respond_by=by,
        components=len(components), remaining_working_hours=waiting.remaining_working_hours,
    )  # fmt: skip


def answer_by(respond_by: date | None, at: datetime, office: Office) -> date:
    """The day the applicant answers by: the one named, which lies after today, or the rule's."""
    by = respond_by or applicant_day(at, office)
    if by <= local_day(at):
        raise refusals.DateTooEarly(field="/respond_by")
    return by


def supply(dossier: Dossier, *, at: datetime, office: Office) -> tuple[Dossier, facts.SupplementSupplied]:
    """Take the missing papers: on with the settlement, or back to submitted with a new answer limit."""
    permit("supply", dossier)
    if dossier.settlement is None:
        back = dossier.next(state=State.SUBMITTED, respond_by=None)
        supplied = await_answer(back, at, office)
    else:
        going_on = reckoned(dossier, dossier.settlement.resume(at, office))
        supplied = dossier.next(state=State.IN_PROGRESS, respond_by=None, **going_on)
    return supplied, facts.SupplementSupplied(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient,
        answer_due_at=supplied.answer_due_at, **dates(supplied),
    )  # fmt: skip
