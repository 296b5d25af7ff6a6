"""Dossiers brought where a test wants them by commands, and the arrows as the law page draws them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.intake import domain
from services.intake.domain import Component, Dossier, Office, State, Submission
from services.intake.tests.given import (
    OTHER_UNIT,
    UNIT,
    a_procedure,
    a_unit,
    hanoi,
)
from shared.contracts.envelope import Fact
from shared.law import office_hours, official_calendar

AT = hanoi("2026-11-23 08:15")


OFFICE = Office(official_calendar(), office_hours(AT.date()))


OTHER, PROVINCE = a_unit(code=OTHER_UNIT), a_unit(code="44", level="province", kind="province")


ANSWERS = ("accept-transfer", "reject-transfer")


ID, RECIPIENT = UUID(int=7), UUID(int=8)


PAPER = (Component("Tờ khai", "original"),)


def submitted(
    channel: str = "online", *, at: datetime = AT, received_at: datetime | None = None, **procedure: Any
) -> tuple[Dossier, list[Fact]]:
    asked = Submission("1.004873", UNIT, channel, PAPER, received_at=received_at)
    return domain.submit(
        asked, a_procedure(**procedure), id=ID, code="H50.144-261123-0001", recipient=RECIPIENT, verifier="v", at=at, office=OFFICE
    )  # fmt: skip


def in_state(state: State, **procedure: Any) -> Dossier:
    """A dossier brought there by commands."""
    online, counter = submitted("online", **procedure)[0], submitted("direct", **procedure)[0]
    return {
        State.SUBMITTED: lambda: online,
        State.ACCEPTED: lambda: counter,
        State.REFUSED: lambda: give("refuse", online),
        State.IN_PROGRESS: lambda: give("assign", counter),
        State.AWAITING_SUPPLEMENT: lambda: give("request-supplement", counter),
        State.AWAITING_PAYMENT: lambda: give("require-payment", counter),
        State.PAUSED: lambda: give("pause", give("assign", counter)),
        State.STOPPED: lambda: give("stop", counter),
        State.SETTLED: lambda: give("settle", counter),
        State.RETURNED: lambda: give("return-result", give("settle", counter)),
        State.WITHDRAWN: lambda: give("withdraw", counter),
    }[state]()


def give(command: str, dossier: Dossier, at: datetime = AT + timedelta(hours=1), **said: Any) -> Dossier:
    return told(command, dossier, at, **said)[0]


def told(command: str, dossier: Dossier, at: datetime = AT + timedelta(hours=1), **said: Any) -> tuple[Dossier, Fact]:
    changed, facts = stated(command, dossier, at, **said)
    return changed, facts[0]


def stated(command: str, dossier: Dossier, at: datetime, **said: Any) -> tuple[Dossier, list[Fact]]:
    """What a command makes of a dossier, and everything it states."""
    office: dict[str, Any] = {"at": at, "office": OFFICE}
    words: dict[str, Any] = {
        "accept": lambda: domain.accept(dossier, **office),
        "refuse": lambda: domain.refuse(dossier, reason_class="not-eligible", **office),
        "assign": lambda: domain.assign(dossier, officer=said.get("officer", "cb-1"), at=at),
        "request-supplement": lambda: domain.request_supplement(
            dossier, components=["Căn cước"], respond_by=said.get("respond_by"), **office
        ),
        "supply": lambda: domain.supply(dossier, **office),
        "settle": lambda: domain.settle(dossier, outcome="granted", number="12/QĐ-UBND", **office),
        "return-result": lambda: domain.return_result(dossier, method="counter", at=at),
        "withdraw": lambda: domain.withdraw(dossier, reason_class="own-wish", **office),
        "stop": lambda: domain.stop(dossier, reason_class="own-wish", **office),
        "require-payment": lambda: domain.require_payment(
            dossier, amount=20000, notice_no="12/TB", respond_by=said.get("respond_by"), **office
        ),
        "confirm-payment": lambda: domain.confirm_payment(dossier, paid_at=said.get("paid_at", at), **office),
        "pause": lambda: domain.pause(dossier, reason_class="other-agency", **office),
        "resume": lambda: domain.resume(dossier, **office),
        "move-appointment": lambda: domain.move_appointment(
            dossier,
            new_due_on=said.get("new_due_on") or days_later(dossier),
            reason_class="overload",
            signer="ld-1",
            **office,
        ),
        "correct": lambda: domain.correct(
            dossier, field=said.get("field", "summary"), reason_class="typing-error", at=at
        ),
        "rate": lambda: domain.rate(dossier, score=said.get("score", 5), at=at),
        "transfer": lambda: domain.transfer(
            dossier, to=said.get("to", OTHER), procedure=a_procedure(), reason_class="not-competent", papers=2, **office
        ),
        "accept-transfer": lambda: domain.accept_transfer(dossier, **office),
        "reject-transfer": lambda: domain.reject_transfer(
            dossier, superior=PROVINCE, reason_class="not-competent", **office
        ),
    }
    changed, facts = words[command]()
    return changed, facts if isinstance(facts, list) else [facts]


def ready(command: str, state: State) -> Dossier:
    """A dossier in this state, offered where the command answers an offer."""
    dossier = in_state(state)
    offered = command in ANSWERS and state in WORKING
    return give("transfer", dossier, AT + timedelta(minutes=90)) if offered else dossier


def days_later(dossier: Dossier, days: int = 2) -> date:
    """So many working days behind the day promised."""
    return OFFICE.calendar.working_day_after(dossier.promised_on or AT.date(), days)


ARROWS = {  # as drawn in the law page, section 2; supply leads back to where the request came from
    "accept": {"submitted": "accepted"},
    "refuse": {"submitted": "refused"},
    "assign": {"accepted": "in-progress", "in-progress": "in-progress"},
    "request-supplement": dict.fromkeys(("submitted", "accepted", "in-progress"), "awaiting-supplement"),
    "supply": {"awaiting-supplement": "in-progress"},
    "require-payment": {"accepted": "awaiting-payment", "in-progress": "awaiting-payment"},
    "confirm-payment": {"awaiting-payment": "in-progress"},
    "pause": {"in-progress": "paused"},
    "resume": {"paused": "in-progress"},
    "move-appointment": {"accepted": "accepted", "in-progress": "in-progress"},
    "settle": {"accepted": "settled", "in-progress": "settled", "paused": "settled"},
    "return-result": {"settled": "returned"},
    "withdraw": dict.fromkeys(
        ("submitted", "accepted", "in-progress", "awaiting-supplement", "awaiting-payment", "paused"), "withdrawn"
    ),
    "stop": dict.fromkeys(("accepted", "in-progress", "awaiting-supplement", "awaiting-payment", "paused"), "stopped"),
    "correct": {
        state: state
        for state in (
            "submitted",
            "accepted",
            "in-progress",
            "awaiting-supplement",
            "awaiting-payment",
            "paused",
            "settled",
        )
    },
    "rate": {"returned": "returned"},
    "transfer": {"accepted": "accepted", "in-progress": "in-progress"},
    "accept-transfer": {"accepted": "accepted", "in-progress": "in-progress"},
    "reject-transfer": {"accepted": "accepted", "in-progress": "in-progress"},
}


FACTS = {
    "accept": "DossierAccepted", "refuse": "DossierRefused", "assign": "DossierAssigned", "request-supplement": "SupplementRequested",
    "supply": "SupplementSupplied", "settle": "DossierSettled", "return-result": "ResultReturned", "withdraw": "DossierWithdrawn",
    "stop": "DossierStopped", "require-payment": "PaymentRequired", "confirm-payment": "PaymentConfirmed", "pause": "DossierPaused",
    "resume": "DossierResumed", "move-appointment": "AppointmentMoved", "correct": "DossierCorrected", "rate": "DossierRated",
    "transfer": "DossierTransferred", "accept-transfer": "DossierTransferAccepted", "reject-transfer": "DossierTransferRejected",
}  # fmt: skip


WORKING = {"accepted", "in-progress"}


STANDING = {"awaiting-supplement", "awaiting-payment", "paused"}


NOTHING_ASKED = {
    "supply": "not-awaiting-supplement", "confirm-payment": "not-awaiting-payment", "resume": "not-paused",
    "accept-transfer": "not-in-transfer", "reject-transfer": "not-in-transfer",
}  # fmt: skip


AGAINST = {
    ("accept", "accepted"): "already-accepted", ("accept", "in-progress"): "already-accepted",
    ("refuse", "accepted"): "already-accepted", ("refuse", "in-progress"): "already-accepted", ("pause", "accepted"): "not-yet-assigned",
    ("return-result", "accepted"): "not-yet-settled", ("return-result", "in-progress"): "not-yet-settled",
    ("rate", "accepted"): "not-yet-settled", ("rate", "in-progress"): "not-yet-settled",
}  # fmt: skip


CLOSED = {"returned", "refused", "withdrawn", "stopped"}


EVERY = [(command, state) for command in ARROWS for state in State]


def refusal_of(command: str, state: State) -> str:
    """What stands against a command where no arrow leads from this state."""
    if state in CLOSED:
        return "already-closed"
    if state == "settled":
        return "not-yet-returned" if command == "rate" else "already-settled"
    if command in NOTHING_ASKED:
        return NOTHING_ASKED[command]
    if state in STANDING:
        return state.value
    return AGAINST[command, state.value] if state in WORKING else "not-yet-accepted"
