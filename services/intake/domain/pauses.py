"""Settlement waits for something outside the unit, and goes on; never at a citizen's word."""

from __future__ import annotations

from datetime import datetime

from services.intake.domain.dossier import Dossier, dates, permit, reckoned, standing_still
from services.intake.domain.states import State
from shared.contracts import intake as facts
from shared.law import Office


def pause(dossier: Dossier, *, reason_class: str, at: datetime, office: Office) -> tuple[Dossier, facts.DossierPaused]:
    """Stand still, for a reason."""
    permit("pause", dossier)
    paused = dossier.next(state=State.PAUSED, **standing_still(dossier, at, office))
    return paused, facts.DossierPaused(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, reason_class=reason_class,
        remaining_working_hours=paused.remaining_working_hours,
    )  # fmt: skip


def resume(dossier: Dossier, *, at: datetime, office: Office) -> tuple[Dossier, facts.DossierResumed]:
    """Go on, as the procedure's pause mode says."""
    permit("resume", dossier)
    resumed = dossier.next(state=State.IN_PROGRESS, **reckoned(dossier, dossier.settling.resume(at, office)))
    return resumed, facts.DossierResumed(
        occurred_at=at,
        dossier=dossier.id,
        code=dossier.code,
        unit=dossier.unit,
        recipient=dossier.recipient,
        **dates(resumed),
    )
