"""Facts of intake as they arrive: one dossier through its life."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.contracts import intake
from shared.contracts.envelope import Fact, derived_id
from shared.testing.clock import MONDAY_MORNING

UNIT = "19360"
PERSON, OTHER_PERSON = "044085001234", "044090005678"
AT = MONDAY_MORNING


def dossier(number: int = 1) -> UUID:
    """The id of a dossier."""
    return derived_id("dossier", number)


def code(number: int = 1) -> str:
    """The code of a dossier."""
    return f"H50.12-261123-{number:04d}"


def about(recipient: UUID, number: int = 1) -> dict[str, Any]:
    """What every fact of a dossier says."""
    return {
        "occurred_at": AT, "dossier": dossier(number), "code": code(number), "unit": UNIT, "recipient": recipient,
    }  # fmt: skip


def submitted(recipient: UUID, number: int = 1, channel: str = "online", **changes: Any) -> intake.DossierSubmitted:
    """Handed in; online and postal dossiers wait for an answer."""
    values = {
        "procedure": "1.004873", "procedure_version": 1, "channel": channel, "subject_kind": "citizen", "submitted_at": AT,
        "answer_due_at": None if channel == "direct" else datetime(2026, 11, 24, 2, 15, tzinfo=UTC), "lookup_verifier": "v", "components": 2,
    }  # fmt: skip
    return intake.DossierSubmitted(**about(recipient, number), **{**values, **changes})


def accepted(recipient: UUID, number: int = 1, *, provisional: bool = False) -> intake.DossierAccepted:
    """Accepted; promised for Thursday, lawfully due on Friday."""
    due = AT + timedelta(days=4)
    return intake.DossierAccepted(
        **about(recipient, number), rule="one-stop.procedure", rule_version=1, started_at=AT, due_at=due, due_on=date(2026, 11, 26),
        promised_on=date(2026, 11, 26), lawful_due_on=date(2026, 11, 27), provisional=provisional,
    )  # fmt: skip


def supplement_requested(recipient: UUID, number: int = 1, components: int = 2) -> intake.SupplementRequested:
    """Papers are missing."""
    return intake.SupplementRequested(**about(recipient, number), respond_by=date(2026, 12, 7), components=components)


def refused(recipient: UUID, number: int = 1, reason_class: str = "wrong-place") -> intake.DossierRefused:
    """Not accepted."""
    return intake.DossierRefused(**about(recipient, number), reason_class=reason_class)


def breached(
    recipient: UUID, number: int = 1, kind: str = "settlement", *, tells_citizens: bool = True
) -> intake.DeadlineBreached:
    """The due date has passed."""
    return intake.DeadlineBreached(
        **about(recipient, number), kind=kind, revision=1, due_at=AT, due_on=date(2026, 11, 26), tells_citizens=tells_citizens
    )  # fmt: skip


def payment_required(recipient: UUID, number: int = 1, **changes: Any) -> intake.PaymentRequired:
    """A fee is due by the 7th of December."""
    values = {"amount": 1_500_000, "notice_no": "12/TB", "respond_by": date(2026, 12, 7), **changes}
    return intake.PaymentRequired(**about(recipient, number), **values)


def moved(recipient: UUID, number: int = 1, reason_class: str = "overload") -> intake.AppointmentMoved:
    """Promised for Friday, now for Wednesday."""
    day = date(2026, 12, 2)
    return intake.AppointmentMoved(
        **about(recipient, number), reason_class=reason_class, old_promised_on=date(2026, 11, 27), promised_on=day, due_at=AT + timedelta(days=9),
        due_on=day, lawful_due_on=date(2026, 11, 27), signer="ld-1",
    )  # fmt: skip


def withdrawn(recipient: UUID, number: int = 1) -> intake.DossierWithdrawn:
    """Taken back."""
    return intake.DossierWithdrawn(**about(recipient, number), reason_class="own-wish")


def stopped(recipient: UUID, number: int = 1) -> intake.DossierStopped:
    """Stopped on request."""
    return intake.DossierStopped(**about(recipient, number), reason_class="own-wish")


def paused(recipient: UUID, number: int = 1, reason_class: str = "other-agency") -> intake.DossierPaused:
    """Waits for somebody else."""
    return intake.DossierPaused(**about(recipient, number), reason_class=reason_class)


def handed_over(recipient: UUID, number: int = 1) -> intake.DossierTransferAccepted:
    """Another unit took it."""
    return intake.DossierTransferAccepted(**about(recipient, number), from_unit="18880", promised_on=date(2026, 11, 27))


def succeeded(recipient: UUID, number: int = 1) -> intake.DossierSucceeded:
    """Its unit ended."""
    return intake.DossierSucceeded(**about(recipient, number), from_unit="18880")


def escalated(recipient: UUID, number: int = 1) -> intake.DossierEscalated:
    """Sent back twice, so it went up."""
    return intake.DossierEscalated(
        **about(recipient, number), from_unit="18880", reason_class="rejected-twice", promised_on=date(2026, 11, 27)
    )


def recounted(recipient: UUID, number: int = 1, moved_to: date | None = date(2026, 11, 30)) -> intake.DeadlineMoved:
    """The calendar changed; None: for the office alone."""
    return intake.DeadlineMoved(
        **about(recipient, number), kind="settlement", reason_class="calendar", act=UUID(int=9), old_due_on=date(2026, 11, 27), due_on=date(2026, 11, 30),
        due_at=datetime(2026, 11, 30, 10, tzinfo=UTC), moved_to=moved_to,
    )  # fmt: skip


def settled(recipient: UUID, number: int = 1, outcome: str = "granted") -> intake.DossierSettled:
    """The result is there."""
    return intake.DossierSettled(**about(recipient, number), outcome=outcome, settled_on=date(2026, 11, 25))


def returned(recipient: UUID, number: int = 1, method: str = "counter") -> intake.ResultReturned:
    """The citizen has it."""
    return intake.ResultReturned(**about(recipient, number), method=method)


def assigned(number: int = 1) -> intake.DossierAssigned:
    """A fact no notice is made of."""
    return intake.DossierAssigned(occurred_at=AT, dossier=dossier(number), unit=UNIT, officer="o-1")


def life(recipient: UUID, number: int = 1) -> list[Fact]:
    """A dossier filed online, late, and returned; two of its eight facts owe nothing."""
    return [
        submitted(recipient, number), accepted(recipient, number), assigned(number), supplement_requested(recipient, number),
        breached(recipient, number, "answer"), breached(recipient, number), settled(recipient, number), returned(recipient, number),
    ]  # fmt: skip
