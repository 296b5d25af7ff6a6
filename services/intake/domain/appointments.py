"""The apology (form 04): a new date on the slip, once, in time, with a reason and a signer; the lawful date stays."""

from __future__ import annotations

from datetime import date, datetime

from services.intake.domain import refusals
from services.intake.domain.clocks import local_day
from services.intake.domain.dossier import Dossier, dates, permit, reckoned
from shared.contracts import intake as facts
from shared.law import Due, Office


def move_appointment(
    dossier: Dossier, *, new_due_on: date, reason_class: str, signer: str, at: datetime, office: Office
) -> tuple[Dossier, facts.AppointmentMoved]:
    """Apologise and promise another day."""
    permit("move-appointment", dossier)
    if dossier.apologies:
        raise refusals.AlreadyMoved
    lawful = office.due(dossier.settling.clock)
    promised_on = _check_in_time(lawful, at)
    _check_day(new_due_on, promised_on, office)
    days = office.calendar.count_working_days(promised_on, new_due_on)
    moved = dossier.next(apologies=1, **reckoned(dossier, dossier.settling.move(days, office)))
    return moved, facts.AppointmentMoved(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, reason_class=reason_class,
        old_promised_on=promised_on, signer=signer, **dates(moved),
    )  # fmt: skip


def _check_in_time(lawful: Due, at: datetime) -> date:
    """The day promised so far, if today is not later than the working day before it."""
    if lawful.due_on is None:
        raise AssertionError("a clock that runs has a due date")
    if lawful.apology_latest is None or local_day(at) > lawful.apology_latest:
        raise refusals.TooLateToMove(promised_on=lawful.due_on.isoformat())
    return lawful.due_on


def _check_day(new_due_on: date, promised_on: date, office: Office) -> None:
    if new_due_on <= promised_on:
        raise refusals.NotLater(field="/new_due_on", promised_on=promised_on.isoformat())
    if not office.calendar.is_working_day(new_due_on):
        raise refusals.NotAWorkingDay(field="/new_due_on")
