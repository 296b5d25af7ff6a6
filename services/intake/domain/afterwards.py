"""What is said about a dossier without moving it: a correction, which is a fact and never an edit, and a rating."""

from __future__ import annotations

from datetime import datetime

from services.intake.domain import refusals
from services.intake.domain.dossier import Dossier, permit
from services.intake.domain.states import State
from shared.contracts import intake as facts

RESULT_NUMBER = "result-number"


def correct(dossier: Dossier, *, field: str, reason_class: str, at: datetime) -> tuple[Dossier, facts.DossierCorrected]:
    """Put a typing error right: what was written stays, the right words stand beside it."""
    permit("correct", dossier)
    if field == RESULT_NUMBER and dossier.state is not State.SETTLED:
        raise refusals.NotYetSettled(state=dossier.state.value, command="correct")
    return dossier.next(), facts.DossierCorrected(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, field=field, reason_class=reason_class,
    )  # fmt: skip


def rate(dossier: Dossier, *, score: int, at: datetime) -> tuple[Dossier, facts.DossierRated]:
    """How satisfied the citizen is, from 1 to 5, once."""
    permit("rate", dossier)
    if dossier.rating is not None:
        raise refusals.AlreadyRated
    rated = dossier.next(rating=score)
    return rated, facts.DossierRated(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, score=score
    )
