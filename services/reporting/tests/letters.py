"""Facts of invented letters and cases, as complaints states them, and of notices about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.reporting.tests.facts import MONDAY, UNIT
from shared.contracts import complaints as facts
from shared.contracts.envelope import Fact
from shared.contracts.notifications import NoticeCreated, NoticeDelivered, NoticeFailed, NoticeRead
from shared.moments import uuid7

RECEIPT = "19360-26-00017"
DAY = timedelta(days=1)


def noon(day: date) -> datetime:
    """12:15 in Quảng Trị."""
    return MONDAY + timedelta(days=(day - date(2026, 11, 23)).days, hours=4)


@dataclass
class Letter:
    """Makes the facts of one letter and of one case it becomes."""

    kind: str = "feedback"
    unit: str = UNIT
    id: UUID = field(default_factory=uuid7)
    case: UUID = field(default_factory=uuid7)
    recipient: UUID | None = field(default_factory=uuid7)
    at: datetime = MONDAY
    code: str = RECEIPT
    verifier: str = "cd34"

    def _letter(self, at: datetime | None) -> dict[str, Any]:
        return {"submission": self.id, "code": self.code, "unit": self.unit, "occurred_at": at or self.at, "recipient": self.recipient}  # fmt: skip

    def _bare(self, at: datetime | None) -> dict[str, Any]:
        return {"case": self.case, "code": f"{self.code}.1", "unit": self.unit, "occurred_at": at or self.at}

    def _case(self, at: datetime | None) -> dict[str, Any]:
        return {**self._bare(at), "recipient": self.recipient}

    def registered(self, due_on: date = date(2026, 12, 1)) -> Fact:
        return facts.SubmissionRegistered(
            **self._letter(None), channel="online", anonymous=self.recipient is None, parties=1, received_at=self.at, due_on=due_on,
            lookup_verifier=self.verifier,
        )  # fmt: skip

    def split(self, at: datetime | None = None) -> Fact:
        return facts.SubmissionSplit(**self._letter(at), cases=1)

    def guided(self, at: datetime | None = None) -> Fact:
        return facts.SubmissionGuided(**self._letter(at), reason_class="not-ours")

    def filed(self, at: datetime | None = None) -> Fact:
        return facts.SubmissionFiled(**self._letter(at), reason_class="no-content")

    def asked(self, respond_by: date = date(2026, 12, 10), at: datetime | None = None) -> Fact:
        return facts.SubmissionSupplementRequested(**self._letter(at), respond_by=respond_by)

    def supplied(self, due_on: date = date(2026, 12, 4), at: datetime | None = None) -> Fact:
        return facts.SubmissionSupplied(**self._letter(at), due_at=noon(due_on), due_on=due_on)

    def handed_on(self, to: str | None = "18880", due_on: date = date(2026, 12, 2), at: datetime | None = None) -> Fact:
        day: dict[str, Any] = {"due_at": noon(due_on), "due_on": due_on} if to else {}
        return facts.SubmissionTransferred(**self._letter(at), to_unit=to, reason_class="not-competent", **day)

    def linked(self, at: datetime | None = None) -> Fact:
        return facts.SubmissionLinked(**self._letter(at), with_submission=uuid7())

    def late(self, at: datetime | None = None) -> Fact:
        return facts.SubmissionDeadlineBreached(**self._letter(at), kind="screening", revision=1, due_at=self.at, due_on=date(2026, 12, 1))  # fmt: skip

    def opened(self, due_on: date = date(2026, 12, 14), at: datetime | None = None) -> Fact:
        deadline = "acceptance" if self.kind == "complaint" else "answer"
        return facts.CaseOpened(
            **self._case(at), submission=self.id, kind=self.kind, level=1, received_at=self.at, deadline=deadline, due_at=noon(due_on), due_on=due_on,
        )  # fmt: skip

    def accepted(self, due_on: date = date(2026, 12, 24), at: datetime | None = None) -> Fact:
        return facts.CaseAccepted(
            **self._case(at), kind=self.kind, level=1, contents=2, complex=False, remote=False, rule="complaint.settlement.first", rule_version=1,
            started_at=at or self.at, due_at=noon(due_on), due_on=due_on, provisional=False,
        )  # fmt: skip

    def refused(self, at: datetime | None = None) -> Fact:
        return facts.CaseRefused(**self._case(at), kind=self.kind, ground="not-affected")

    def assigned(self, officer: str = "officer-9", at: datetime | None = None) -> Fact:
        return facts.CaseAssigned(**self._bare(at), officer=officer)

    def transferred(self, to: str = "18880", at: datetime | None = None) -> Fact:
        return facts.CaseTransferred(
            **self._case(at), kind=self.kind, to_unit=to, reason_class="not-competent", due_at=noon(date(2026, 11, 26)), due_on=date(2026, 11, 26)
        )  # fmt: skip

    def taken(self, by: str = "18880", due_on: date = date(2026, 12, 3), at: datetime | None = None) -> Fact:
        return facts.CaseTransferAccepted(**{**self._case(at), "unit": by}, kind=self.kind, from_unit=self.unit, due_at=noon(due_on), due_on=due_on)  # fmt: skip

    def not_taken(self, due_on: date | None = None, at: datetime | None = None) -> Fact:
        day: dict[str, Any] = {"due_at": noon(due_on), "due_on": due_on} if due_on else {}
        return facts.CaseTransferRejected(**self._bare(at), by_unit="18880", times=1, reason_class="not-ours", **day)

    def suspended(self, at: datetime | None = None) -> Fact:
        return facts.ClockSuspended(**self._case(at), ground="awaiting-expertise", remaining_days=20)

    def resumed(self, due_on: date, at: datetime | None = None) -> Fact:
        return facts.ClockResumed(**self._case(at), due_at=noon(due_on), due_on=due_on)

    def extended(self, due_on: date, at: datetime | None = None) -> Fact:
        return facts.DeadlineExtended(**self._case(at), kind="settlement", ground="complex", old_due_on=date(2026, 12, 24), due_at=noon(due_on), due_on=due_on)  # fmt: skip

    def recounted(self, due_on: date, kind: str = "settlement") -> Fact:
        moved: Any = {"kind": kind, "reason_class": "calendar", "act": UUID(int=9), "old_due_on": date(2026, 12, 24), "due_at": noon(due_on), "due_on": due_on}  # fmt: skip
        return facts.DeadlineMoved(**self._case(None), **moved)

    def dialogue(self, at: datetime | None = None) -> list[Fact]:
        held_on = (at or self.at).date()
        return [
            facts.DialogueScheduled(**self._case(at), dialogue_at=at or self.at),
            facts.DialogueHeld(**self._bare(at), held_on=held_on, outcome="agreed"),
        ]

    def resolved(
        self, on: date = date(2026, 12, 20), outcome: str = "upheld", timing: str = "before", level: int = 1
    ) -> Fact:
        return facts.ComplaintResolved(
            **self._case(noon(on)), submission=self.id, level=level, outcome=outcome, contents=2, right=2, partly_right=0, wrong=0, undetermined=0,
            decided_on=on, settlement_due_on=date(2026, 12, 24), timing=timing, deliver_by=on + 3 * DAY,
        )  # fmt: skip

    def delivered(self, on: date = date(2026, 12, 22)) -> Fact:
        return facts.DecisionDelivered(
            **self._case(noon(on)),
            method="post",
            delivered_on=on,
            appeal_until=on + 30 * DAY,
            in_force_on=on + 30 * DAY,
        )

    def appealed(self, at: datetime | None = None) -> Fact:
        return facts.CaseAppealed(**self._case(at), to_unit="44", basis="decision", appeal_until=date(2027, 1, 21))

    def answered(self, on: date = date(2026, 11, 30), timing: str = "before", round: int = 1) -> Fact:
        return facts.AnswerSent(
            **self._case(noon(on)), submission=self.id, kind=self.kind, outcome="fixed", round=round, answered_on=on, answer_due_on=date(2026, 12, 14),
            timing=timing,
        )  # fmt: skip

    def reopened(self, due_on: date = date(2026, 12, 28), at: datetime | None = None) -> Fact:
        return facts.CaseReopened(**self._case(at), kind=self.kind, times=1, reason_class="not-solved", due_at=noon(due_on), due_on=due_on)  # fmt: skip

    def corrected(
        self,
        state: str = "verifying",
        deadline: str | None = "settlement",
        due_on: date | None = date(2026, 12, 24),
        at: datetime | None = None,
    ) -> Fact:
        due: dict[str, Any] = {
            "deadline": deadline,
            "due_on": due_on,
            "due_at": None if due_on is None else noon(due_on),
        }
        return facts.CaseCorrected(**self._case(at), kind=self.kind, state=state, reason_class="misread", source="tan-thanh", **due)  # fmt: skip

    def promised(self, on: date = date(2026, 12, 18)) -> Fact:
        return facts.CasePromised(**self._case(None), promised_on=on, source="tan-thanh")

    def wished(self) -> Fact:
        return facts.CitizenActRequested(
            **self._case(None), act="withdraw", reason_class="own-wish", source="tan-thanh"
        )

    def published(self) -> Fact:
        return facts.OutcomePublished(**self._bare(None))

    def rated(self, score: int = 4) -> Fact:
        return facts.OutcomeRated(**self._bare(None), score=score)

    def withdrawn(self, at: datetime | None = None) -> Fact:
        return facts.CaseWithdrawn(**self._case(at), kind=self.kind, reason_class="own-wish")

    def warned(self, kind: str = "answer") -> Fact:
        return facts.DeadlineWarned(**self._bare(None), kind=kind, revision=1, due_at=self.at, due_on=date(2026, 12, 14))  # fmt: skip

    def breached(self, kind: str = "answer", at: datetime | None = None) -> Fact:
        return facts.DeadlineBreached(**self._case(at), kind=kind, revision=1, due_at=self.at, due_on=date(2026, 12, 14))  # fmt: skip


@dataclass
class Notice:
    """Makes the facts of one notice."""

    about: UUID
    code: str = "DT-01"
    id: UUID = field(default_factory=uuid7)
    recipient: UUID = field(default_factory=uuid7)

    def created(self, at: datetime = MONDAY) -> Fact:
        return NoticeCreated(
            occurred_at=at, notice=self.id, code=self.code, aggregate=self.about, aggregate_sequence=1, recipient=self.recipient, unit=UNIT
        )  # fmt: skip

    def delivered(self, at: datetime = MONDAY) -> Fact:
        return NoticeDelivered(
            occurred_at=at, notice=self.id, code=self.code, aggregate=self.about, recipient=self.recipient, channel="email", attempts=1
        )  # fmt: skip

    def failed(self, at: datetime = MONDAY, reason: str = "address-permanent") -> Fact:
        return NoticeFailed(
            occurred_at=at, notice=self.id, code=self.code, aggregate=self.about, recipient=self.recipient, channel="email", attempts=2,
            reason_class=reason,
        )  # fmt: skip

    def read(self, at: datetime = MONDAY + DAY) -> Fact:
        return NoticeRead(occurred_at=at, notice=self.id, code=self.code, aggregate=self.about, recipient=self.recipient)  # fmt: skip
