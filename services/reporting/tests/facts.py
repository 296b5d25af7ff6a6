"""Facts of invented dossiers, as intake states them, and the records they travel in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from services.reporting.domain import DossierLine, Told, fold
from shared.bus.arrival import Raw
from shared.contracts.envelope import Envelope, Fact, derived_id, encode, fact_type
from shared.contracts.intake import (
    DOSSIERS,
    AppointmentMoved,
    DeadlineBreached,
    DeadlineMoved,
    DeadlineWarned,
    DossierAccepted,
    DossierAssigned,
    DossierCorrected,
    DossierEscalated,
    DossierPaused,
    DossierRated,
    DossierRefused,
    DossierResumed,
    DossierSettled,
    DossierStopped,
    DossierSubmitted,
    DossierSucceeded,
    DossierTransferAccepted,
    DossierTransferred,
    DossierTransferRejected,
    DossierWithdrawn,
    PaymentConfirmed,
    PaymentRequired,
    ProcedureDescribed,
    ResultReturned,
    SupplementRequested,
    SupplementSupplied,
    UnitDescribed,
)
from shared.moments import uuid7

MONDAY = datetime(2026, 11, 23, 1, 15, tzinfo=UTC)
"""08:15 in Quảng Trị."""
FRIDAY = date(2026, 11, 27)
THURSDAY, SATURDAY = FRIDAY - timedelta(days=1), FRIDAY + timedelta(days=1)
UNIT, OTHER_UNIT = "19360", "18880"
CODE = "H50.12-261123-0001"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@dataclass
class Dossier:
    """Makes the facts of one dossier; each takes the values that matter to a test."""

    id: UUID = field(default_factory=uuid7)
    unit: str = UNIT
    recipient: UUID = field(default_factory=uuid7)
    at: datetime = MONDAY
    code: str = CODE
    verifier: str = "ab12"

    def _common(self, at: datetime | None) -> dict[str, Any]:
        return {"dossier": self.id, "unit": self.unit, "occurred_at": at or self.at}

    def _told(self, at: datetime | None) -> dict[str, Any]:
        return {**self._common(at), "code": self.code, "recipient": self.recipient}

    def submitted(self, *, channel: str = "direct", at: datetime | None = None, **also: Any) -> DossierSubmitted:
        when = at or self.at
        values = {
            "procedure": "1.004873", "procedure_version": 1, "subject_kind": "citizen", "submitted_at": when,
            "received_at": when if channel == "direct" else None,
            "answer_due_at": None if channel == "direct" else when + timedelta(hours=8), "lookup_verifier": self.verifier, "components": 2,
        }  # fmt: skip
        return DossierSubmitted(**self._told(at), channel=channel, **{**values, **also})

    def accepted(self, due_on: date = FRIDAY, at: datetime | None = None) -> DossierAccepted:
        due_at = datetime(due_on.year, due_on.month, due_on.day, 10, tzinfo=UTC)
        return DossierAccepted(
            **self._told(at), rule="one-stop.settlement", rule_version=3, started_at=at or self.at, due_at=due_at, due_on=due_on,
            promised_on=due_on, lawful_due_on=due_on, provisional=False,
        )  # fmt: skip

    def refused(self, at: datetime | None = None) -> DossierRefused:
        return DossierRefused(**self._told(at), reason_class="not-competent")

    def assigned(self, officer: str = "officer-7", at: datetime | None = None) -> DossierAssigned:
        return DossierAssigned(**self._common(at), officer=officer)

    def supplement_requested(self, at: datetime | None = None, remaining: float = 20.5) -> SupplementRequested:
        return SupplementRequested(
            **self._told(at), respond_by=date(2026, 12, 23), components=1, remaining_working_hours=remaining
        )

    def supplied(self, due_on: date | None = date(2026, 12, 1), at: datetime | None = None) -> SupplementSupplied:
        due_at = datetime(due_on.year, due_on.month, due_on.day, 10, tzinfo=UTC) if due_on else None
        return SupplementSupplied(
            **self._told(at), due_at=due_at, due_on=due_on, promised_on=due_on, lawful_due_on=due_on
        )

    def payment_required(
        self, at: datetime | None = None, respond_by: date | None = date(2026, 12, 23), remaining: float | None = 20.5
    ) -> PaymentRequired:
        return PaymentRequired(**self._told(at), amount=20000, respond_by=respond_by, remaining_working_hours=remaining)

    def payment_confirmed(self, due_on: date = date(2026, 12, 1), at: datetime | None = None) -> PaymentConfirmed:
        return PaymentConfirmed(**self._told(at), **_dates(due_on))

    def paused(self, at: datetime | None = None, remaining: float | None = 20.5) -> DossierPaused:
        return DossierPaused(**self._told(at), reason_class="other-agency", remaining_working_hours=remaining)

    def resumed(self, due_on: date = date(2026, 12, 1), at: datetime | None = None) -> DossierResumed:
        return DossierResumed(**self._told(at), **_dates(due_on))

    def moved(
        self, to: date = date(2026, 12, 2), lawful: date = FRIDAY, at: datetime | None = None
    ) -> AppointmentMoved:
        dates = {**_dates(to), "lawful_due_on": lawful}
        return AppointmentMoved(
            **self._told(at), reason_class="overload", old_promised_on=lawful, signer="ld-1", **dates
        )

    def stopped(self, at: datetime | None = None) -> DossierStopped:
        return DossierStopped(**self._told(at), reason_class="own-wish")

    def corrected(self, at: datetime | None = None) -> DossierCorrected:
        return DossierCorrected(**self._told(at), field="summary", reason_class="typing-error")

    def taken_back(self, state: str, due_on: date | None = FRIDAY, at: datetime | None = None) -> DossierCorrected:
        dates = {} if due_on is None else _dates(due_on)
        return DossierCorrected(**self._told(at), field="status", reason_class="typing-error", state=state, **dates)

    def rated(self, at: datetime | None = None) -> DossierRated:
        return DossierRated(**self._common(at), code=self.code, score=5)

    def transferred(self, to: str = OTHER_UNIT, at: datetime | None = None) -> DossierTransferred:
        return DossierTransferred(
            **self._told(at), to_unit=to, reason_class="not-competent", papers=2, accept_due_at=MONDAY + timedelta(days=8),
            accept_due_on=date(2026, 12, 1),
        )  # fmt: skip

    def succeeded(self, by: str = OTHER_UNIT) -> DossierSucceeded:
        return DossierSucceeded(**{**self._told(None), "unit": by}, from_unit=self.unit)

    def transfer_accepted(self, by: str = OTHER_UNIT, at: datetime | None = None) -> DossierTransferAccepted:
        told_ = {**self._told(at), "unit": by}
        return DossierTransferAccepted(**told_, from_unit=self.unit, promised_on=FRIDAY)

    def transfer_rejected(self, times: int = 1, at: datetime | None = None) -> DossierTransferRejected:
        return DossierTransferRejected(**self._told(at), by_unit=OTHER_UNIT, times=times, reason_class="not-competent")

    def escalated(self, to: str = "44", at: datetime | None = None) -> DossierEscalated:
        told_ = {**self._told(at), "unit": to}
        return DossierEscalated(**told_, from_unit=self.unit, reason_class="rejected-twice", promised_on=FRIDAY)

    def settled(self, on: date = FRIDAY, outcome: str = "granted", at: datetime | None = None) -> DossierSettled:
        return DossierSettled(**self._told(at), outcome=outcome, settled_on=on)

    def returned(self, at: datetime | None = None) -> ResultReturned:
        return ResultReturned(**self._told(at), method="counter")

    def withdrawn(self, at: datetime | None = None) -> DossierWithdrawn:
        return DossierWithdrawn(**self._told(at), reason_class="own-wish")

    def warned(self, kind: str = "settlement", at: datetime | None = None) -> DeadlineWarned:
        return DeadlineWarned(**self._common(at), code=self.code, kind=kind, revision=1, due_at=MONDAY, due_on=FRIDAY)

    def breached(self, kind: str = "settlement", at: datetime | None = None) -> DeadlineBreached:
        return DeadlineBreached(**self._told(at), kind=kind, revision=1, due_at=MONDAY, due_on=FRIDAY)

    def recounted(
        self, to: date = date(2026, 11, 30), kind: str = "settlement", at: datetime | None = None
    ) -> DeadlineMoved:
        dates = {**_dates(to), "promised_on": FRIDAY, "old_lawful_due_on": FRIDAY}
        moved_to = to if kind == "settlement" and to != FRIDAY else None
        return DeadlineMoved(
            **self._told(at),
            kind=kind,
            reason_class="calendar",
            act=UUID(int=9),
            old_due_on=FRIDAY,
            moved_to=moved_to,
            **dates,
        )

    def life(self) -> list[Fact]:
        """From the counter to the result in the citizen's hand, on the promised day."""
        return [self.submitted(), self.accepted(), self.assigned(), self.settled(), self.returned()]


def _dates(due_on: date) -> dict[str, Any]:
    due_at = datetime(due_on.year, due_on.month, due_on.day, 10, tzinfo=UTC)
    return {"due_at": due_at, "due_on": due_on, "promised_on": due_on, "lawful_due_on": due_on}


def told(facts: Sequence[Fact], first: int = 1) -> list[Told]:
    """Facts of one dossier in order, each recorded a minute after the one before."""
    return [Told(fact, first + n, MONDAY + timedelta(minutes=first + n), TRACE) for n, fact in enumerate(facts)]


def folded(facts: Sequence[Fact]) -> DossierLine:
    """The line a dossier comes to."""
    line: DossierLine | None = None
    for each in told(facts):
        line = fold(line, each)
    assert line is not None
    return line


def unit(code: str = UNIT, name: str = "Phường Quảng Trị") -> UnitDescribed:
    return UnitDescribed(
        occurred_at=MONDAY,
        unit=code,
        name=name,
        level="commune",
        kind="ward",
        agency="H50.12",
        valid_from=date(2025, 7, 1),
    )


def procedure(code: str = "1.004873") -> ProcedureDescribed:
    return ProcedureDescribed(
        occurred_at=MONDAY, procedure=code, name="Cấp Giấy xác nhận tình trạng hôn nhân", sector="ho-tich", level="commune", limit="3wd",
        procedure_version=1, online=True, legal_basis="NĐ 123/2015/NĐ-CP", verified=False, components=["Tờ khai"],
    )  # fmt: skip


def raw(fact: Fact, sequence: int, *, offset: int, topic: str = DOSSIERS, partition: int = 0) -> Raw:
    """The record a fact travels in."""
    kind = fact_type(type(fact))
    envelope = Envelope(
        specversion="1.0", id=derived_id("test", fact.subject, sequence), source="/gandan/intake", type=kind, subject=fact.subject,
        time=MONDAY + timedelta(minutes=sequence), sequence=sequence, data=msgspec.Raw(encode(fact)),
    )  # fmt: skip
    headers = (("ce_type", kind.encode()), ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode()))
    return Raw(topic, partition, offset, fact.subject.encode(), encode(envelope), headers, 1_795_000_000_000)
