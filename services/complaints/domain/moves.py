"""What can happen to a case of any kind: assign, pass on to another unit and back, escalate, withdraw."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.complaints.domain import refusals
from services.complaints.domain.case import FIRST_LIMIT, Case, Decided
from services.complaints.domain.clocks import ACCEPTANCE, TRANSFER, begin, due_of
from services.complaints.domain.reference import Unit
from shared.contracts import complaints as facts
from shared.contracts.envelope import Fact
from shared.law import Office

SECOND_REJECTION = 2


def assign(case: Case, *, officer: str, at: datetime) -> Decided:
    """Give a case to an officer; giving it again is a new fact, also to the same officer."""
    assigned = case.goes("assign", handler=officer)
    fact = facts.CaseAssigned(occurred_at=at, case=case.id, code=case.code, unit=case.unit, officer=officer)
    return assigned, [fact]


def withdraw(case: Case, *, reason_class: str, at: datetime, office: Office) -> Decided:
    """The citizen takes the case back before it is decided or answered; whatever limit runs ends here."""
    withdrawn = case.goes("withdraw", closed_at=at, to_unit=None, came_from=None).ended(at, office)
    return withdrawn, [
        facts.CaseWithdrawn(
            occurred_at=at, case=case.id, code=case.code, kind=case.kind.value, unit=case.unit, recipient=case.recipient, reason_class=reason_class,
        )
    ]  # fmt: skip


def transfer(case: Case, *, to: Unit, reason_class: str, at: datetime, office: Office) -> Decided:
    """Ask another unit to take the case.

    The sender stays accountable until it does. A complaint's acceptance waits meanwhile; the limit to answer runs on.
    """
    moved = case.goes("transfer", to_unit=to.code)
    if to.code == case.unit:
        raise refusals.SameUnit(field="/to_unit")
    asked = begin(TRANSFER, at, office, received_at=at)
    waiting = case.term(ACCEPTANCE).suspend(at, office) if ACCEPTANCE in case.terms else None
    due_at, due_on = due_of(asked)
    return moved.with_terms(office, transfer=asked, acceptance=waiting), [
        facts.CaseTransferred(
            occurred_at=at, case=case.id, code=case.code, kind=case.kind.value, unit=case.unit, to_unit=to.code, recipient=case.recipient,
            reason_class=reason_class, due_at=due_at, due_on=due_on,
        )
    ]  # fmt: skip


def accept_transfer(case: Case, *, receiver: Unit, at: datetime, office: Office) -> Decided:
    """The unit asked takes the case and is accountable now."""
    taken = _moved(case.goes("accept-transfer"), receiver, at, office)
    due_at, due_on = taken.promise
    return taken, [
        facts.CaseTransferAccepted(
            occurred_at=at, case=case.id, code=case.code, kind=case.kind.value, from_unit=case.unit, unit=receiver.code,
            recipient=case.recipient, due_at=due_at, due_on=due_on,
        )
    ]  # fmt: skip


def reject_transfer(case: Case, *, superior: Unit | None, reason_class: str, at: datetime, office: Office) -> Decided:
    """The unit asked does not take the case: back to the sender, with its day; the second time the common superior gets it."""
    times = case.rejections + 1
    back = case.goes("reject-transfer", rejections=times, handler=None)
    rejected = facts.CaseTransferRejected(
        occurred_at=at, case=case.id, code=case.code, unit=case.unit, by_unit=case.to_unit or "", times=times, reason_class=reason_class,
    )  # fmt: skip
    if times >= SECOND_REJECTION and superior is not None and superior.code != case.unit:
        escalated, fact = escalate(back, superior, reason_class="rejected-twice", at=at, office=office)
        return escalated, [rejected, fact]
    resumed = case.term(ACCEPTANCE).resume(at, office) if ACCEPTANCE in case.terms else None
    back = back.having(to_unit=None).ended(at, office, TRANSFER).with_terms(office, acceptance=resumed)
    due_at, due_on = back.promise
    return back, [replace(rejected, due_at=due_at, due_on=due_on)]


def escalate(case: Case, unit: Unit, *, reason_class: str, at: datetime, office: Office) -> tuple[Case, Fact]:
    """The superior unit is accountable from here on."""
    moved = _moved(case, unit, at, office)
    due_at, due_on = moved.promise
    return moved, facts.CaseEscalated(
        occurred_at=at, case=case.id, code=case.code, kind=case.kind.value, from_unit=case.unit, unit=unit.code, recipient=case.recipient,
        reason_class=reason_class, due_at=due_at, due_on=due_on,
    )  # fmt: skip


def _moved(case: Case, unit: Unit, at: datetime, office: Office) -> Case:
    """With another unit: its head assigns anew, and a complaint's limit to accept begins with it."""
    moved = case.having(unit=unit.code, to_unit=None, handler=None, remote=unit.remote)
    complaint = FIRST_LIMIT[case.kind] == ACCEPTANCE
    anew = begin(ACCEPTANCE, at, office, received_at=case.received_at) if complaint else None
    return moved.ended(at, office, TRANSFER).with_terms(office, acceptance=anew)
