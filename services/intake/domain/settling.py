"""From acceptance to the citizen's hands: assign, settle, return the result."""

from __future__ import annotations

from datetime import date, datetime

from services.intake.domain import refusals
from services.intake.domain.clocks import local_day
from services.intake.domain.dossier import Dossier, permit
from services.intake.domain.states import State, standing
from shared.contracts import intake as facts
from shared.law import Office


def assign(dossier: Dossier, *, officer: str, at: datetime) -> tuple[Dossier, facts.DossierAssigned]:
    """Give a dossier to an officer; giving it again is a new fact, also to the same officer."""
    permit("assign", dossier)
    assigned = dossier.next(state=State.IN_PROGRESS, handler=officer)
    return assigned, facts.DossierAssigned(occurred_at=at, dossier=dossier.id, unit=dossier.unit, officer=officer)


def settle(
    dossier: Dossier, *, outcome: str, number: str | None, at: datetime, office: Office
) -> tuple[Dossier, facts.DossierSettled]:
    """There is a result: granted, or rejected with reasons."""
    permit("settle", dossier)
    settled_on = local_day(at)
    settled = dossier.next(
        state=State.SETTLED, settled_at=at, outcome=outcome, result_number=number, remaining_working_hours=None,
        settlement=dossier.settlement and dossier.settlement.end(at, office),
    )  # fmt: skip
    return settled, facts.DossierSettled(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, outcome=outcome,
        settled_on=settled_on, promised_on=settled.promised_on, lawful_due_on=settled.lawful_due_on, timing=timing(settled_on, latest_day(settled)),
    )  # fmt: skip


def latest_day(dossier: Dossier) -> date | None:
    """The day promised, or the lawful one where a change of the calendar moved it behind that."""
    return max((day for day in (dossier.promised_on, dossier.lawful_due_on) if day is not None), default=None)


def timing(settled_on: date, promised_on: date | None) -> str:
    """`before`, `on` or `over` the promised date, by date alone (Form 06)."""
    if promised_on is None:
        return "unknown"
    return "before" if settled_on < promised_on else "on" if settled_on == promised_on else "over"


def return_result(dossier: Dossier, *, method: str, at: datetime) -> tuple[Dossier, facts.ResultReturned]:
    """Hand the result to the citizen."""
    permit("return-result", dossier)
    returned = dossier.next(state=State.RETURNED, returned_at=at, closed_at=at)
    return returned, facts.ResultReturned(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, method=method,
    )  # fmt: skip


def entered_late(dossier: Dossier) -> datetime | None:
    """When a dossier was entered, where that was on a later day than it was received."""
    return dossier.submitted_at if local_day(dossier.received_at) < local_day(dossier.submitted_at) else None


def check_slip(dossier: Dossier) -> datetime:
    """The date of return a slip would show; refused while there is none."""
    if dossier.accepted_at is None:
        raise refusals.NotYetAccepted(state=dossier.state.value, command="print-slip")
    if dossier.due_at is None:
        raise standing(dossier.state)(state=dossier.state.value, command="print-slip")
    return dossier.due_at
