"""Facts of complaints as they arrive: a letter, the complaint it becomes, and feedback that is answered."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.notifications.tests.samples import AT, UNIT
from shared.contracts import complaints
from shared.contracts.envelope import Fact, derived_id

MOVED: dict[str, Any] = {"reason_class": "calendar", "act": UUID(int=9), "old_due_on": date(2026, 12, 1), "due_at": AT}
"""What a change of the calendar did to a limit."""


def letter(number: int = 1) -> UUID:
    """The id of a letter."""
    return derived_id("letter", number)


def case(number: int = 1) -> UUID:
    """The id of the first case of a letter."""
    return derived_id("case", number)


def code(number: int = 1) -> str:
    """The receipt number of a letter."""
    return f"DT.{UNIT}-261123-{number:04d}"


def _about(recipient: UUID | None, number: int) -> dict[str, Any]:
    return {"occurred_at": AT, "case": case(number), "code": f"{code(number)}.1", "unit": UNIT, "recipient": recipient}


def registered(
    recipient: UUID | None, number: int = 1, channel: str = "online", **owned: Any
) -> complaints.SubmissionRegistered:
    """A letter arrived; without a recipient it is anonymous; `owned`: what another system says of it."""
    return complaints.SubmissionRegistered(
        occurred_at=AT, submission=letter(number), code=code(number), unit=UNIT, channel=channel, recipient=recipient,
        anonymous=recipient is None, parties=1, received_at=AT, due_on=date(2026, 12, 7), lookup_verifier="v", **owned,
    )  # fmt: skip


def _letter(recipient: UUID | None, number: int) -> dict[str, Any]:
    return {"occurred_at": AT, "submission": letter(number), "code": code(number), "unit": UNIT, "recipient": recipient}


def asked(recipient: UUID | None, number: int = 1) -> complaints.SubmissionSupplementRequested:
    """Something is missing in the letter."""
    return complaints.SubmissionSupplementRequested(**_letter(recipient, number), respond_by=date(2026, 12, 23))


def handed_on(
    recipient: UUID | None, number: int = 1, reason: str = "not-competent", to_unit: str | None = "18880"
) -> complaints.SubmissionTransferred:
    """The letter goes to another unit, or with `to_unit` None out of the province."""
    day: dict[str, Any] = {"due_at": AT, "due_on": date(2026, 12, 2)} if to_unit else {}
    return complaints.SubmissionTransferred(**_letter(recipient, number), to_unit=to_unit, reason_class=reason, **day)


def recounted(
    recipient: UUID | None, number: int = 1, moved_to: date | None = date(2026, 12, 2)
) -> complaints.SubmissionDeadlineMoved:
    """The calendar changed while nobody had read the letter."""
    return complaints.SubmissionDeadlineMoved(
        **_letter(recipient, number), **MOVED, kind="screening", due_on=date(2026, 12, 2), moved_to=moved_to
    )


def case_recounted(
    recipient: UUID | None, number: int = 1, moved_to: date | None = date(2026, 12, 2)
) -> complaints.DeadlineMoved:
    """The calendar changed while a limit of a case ran; None: it is the offices' affair."""
    return complaints.DeadlineMoved(
        **_about(recipient, number), **MOVED, kind="acceptance", due_on=date(2026, 12, 2), moved_to=moved_to
    )


def linked(recipient: UUID | None, number: int = 1) -> complaints.SubmissionLinked:
    """The letter says what another one says."""
    return complaints.SubmissionLinked(**_letter(recipient, number), with_submission=letter(99))


def transferred(recipient: UUID | None, number: int = 1, reason: str = "not-competent") -> complaints.CaseTransferred:
    """Another unit is asked to take it."""
    return complaints.CaseTransferred(
        **_about(recipient, number), kind="complaint", to_unit="18880", reason_class=reason, due_at=AT, due_on=date(2026, 11, 30)
    )  # fmt: skip


def accepted(recipient: UUID | None, number: int = 1, *, provisional: bool = False) -> complaints.CaseAccepted:
    """The complaint is settled here."""
    return complaints.CaseAccepted(
        **_about(recipient, number), kind="complaint", level=1, contents=2, complex=False, remote=False, rule="complaint.first", rule_version=1,
        started_at=AT, due_at=AT, due_on=date(2026, 12, 23), provisional=provisional,
    )  # fmt: skip


def refused(recipient: UUID | None, number: int = 1, ground: str = "out-of-time") -> complaints.CaseRefused:
    """The complaint is not settled here."""
    return complaints.CaseRefused(**_about(recipient, number), kind="complaint", ground=ground)


def dialogue(recipient: UUID | None, number: int = 1) -> complaints.DialogueScheduled:
    """The parties are invited."""
    at = datetime(2026, 12, 10, 1, 30, tzinfo=UTC)
    return complaints.DialogueScheduled(**_about(recipient, number), dialogue_at=at)


def extended(recipient: UUID | None, number: int = 1, ground: str = "many-people") -> complaints.DeadlineExtended:
    """The law gives more time."""
    return complaints.DeadlineExtended(
        **_about(recipient, number), kind="settlement", ground=ground, old_due_on=date(2026, 12, 23), due_at=AT, due_on=date(2027, 1, 7)
    )  # fmt: skip


def resolved(recipient: UUID | None, number: int = 1, outcome: str = "partly-upheld") -> complaints.ComplaintResolved:
    """The complaint is decided."""
    return complaints.ComplaintResolved(
        **_about(recipient, number), submission=letter(number), level=1, outcome=outcome, contents=2, right=1, partly_right=0, wrong=1,
        undetermined=0, decided_on=date(2026, 12, 21), timing="on-time", deliver_by=date(2026, 12, 24),
    )  # fmt: skip


def answered(recipient: UUID | None, number: int = 1, outcome: str = "fixed", round: int = 1) -> complaints.AnswerSent:
    """Feedback is answered."""
    return complaints.AnswerSent(
        **_about(recipient, number), submission=letter(number), kind="feedback", outcome=outcome, round=round,
        answered_on=date(2026, 12, 1), timing="on-time",
    )  # fmt: skip


def breached(recipient: UUID | None, number: int = 1) -> complaints.DeadlineBreached:
    """The settlement limit of the complaint has passed: of the same type as intake's fact, on another topic."""
    return complaints.DeadlineBreached(
        **_about(recipient, number), kind="settlement", revision=1, due_at=AT, due_on=date(2026, 12, 23)
    )


def assigned(number: int = 1) -> complaints.CaseAssigned:
    """A fact no notice is made of."""
    return complaints.CaseAssigned(
        occurred_at=AT, case=case(number), code=f"{code(number)}.1", unit=UNIT, officer="o-1"
    )


def life(recipient: UUID | None, number: int = 1) -> list[Fact]:
    """A complaint from its acceptance to its decision; two of its six facts owe nothing."""
    return [
        accepted(recipient, number), assigned(number), extended(recipient, number), dialogue(recipient, number), breached(recipient, number),
        resolved(recipient, number),
    ]  # fmt: skip
