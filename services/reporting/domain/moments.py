"""Moments: one row per fact, for the question "what happened to my dossier?"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.reporting.domain.fold import SETTLEMENT, TRANSFER, Told
from services.reporting.domain.words import WORDS
from shared.contracts.envelope import Fact, fact_type
from shared.contracts.intake import (
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
    ResultReturned,
    SupplementRequested,
    SupplementSupplied,
)


class Moment(NamedTuple):
    """A row of `timeline`; `word` names its sentence, `day` the date that sentence speaks of."""

    dossier: UUID
    sequence: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    word: str
    day: date | None
    trace: str | None


def moment(dossier: UUID, told: Told) -> Moment:
    """How this fact is remembered on its dossier's timeline."""
    fact = told.fact
    kind = type(fact)
    word, day = _TELL[kind](fact)
    return Moment(dossier, told.sequence, _TYPES[kind], fact.occurred_at, told.recorded_at, word, day, told.trace)


def _submitted(fact: DossierSubmitted) -> tuple[str, date | None]:
    return ("submitted" if fact.answer_due_at is not None else "submitted-at-counter"), None


def _supplied(fact: SupplementSupplied) -> tuple[str, date | None]:
    return ("supplement-supplied-moved" if fact.promised_on is not None else "supplement-supplied"), fact.promised_on


def _payment(fact: PaymentRequired) -> tuple[str, date | None]:
    return ("payment-required-by" if fact.respond_by is not None else "payment-required"), fact.respond_by


def _settled(fact: DossierSettled) -> tuple[str, date | None]:
    word = f"settled-{fact.outcome}"
    return (word if word in WORDS else "settled"), fact.settled_on


def _recounted(fact: DeadlineMoved) -> tuple[str, date | None]:
    return ("limit-moved" if fact.moved_to else "limit-counted-again"), fact.moved_to


def _deadline(event: str) -> Callable[[Any], tuple[str, date | None]]:
    def tell(fact: Any) -> tuple[str, date | None]:
        return f"{_LIMITS.get(fact.kind, 'answer')}-{event}", fact.due_on

    return tell


_LIMITS: Final = {SETTLEMENT: "deadline", TRANSFER: "transfer"}
_TELL: Final[Mapping[type[Fact], Callable[[Any], tuple[str, date | None]]]] = {
    DossierSubmitted: _submitted,
    DossierAccepted: lambda fact: ("accepted", fact.promised_on),
    DossierRefused: lambda _fact: ("refused", None),
    DossierAssigned: lambda _fact: ("assigned", None),
    SupplementRequested: lambda fact: ("supplement-requested", fact.respond_by),
    SupplementSupplied: _supplied,
    PaymentRequired: _payment,
    PaymentConfirmed: lambda fact: ("payment-confirmed", fact.promised_on),
    DossierPaused: lambda _fact: ("paused", None),
    DossierResumed: lambda fact: ("resumed", fact.promised_on),
    AppointmentMoved: lambda fact: ("appointment-moved", fact.promised_on),
    DossierStopped: lambda _fact: ("stopped", None),
    DossierCorrected: lambda fact: ("corrected" if fact.state is None else "status-corrected", None),
    DossierRated: lambda _fact: ("rated", None),
    DossierTransferred: lambda fact: ("transferred", fact.accept_due_on),
    DossierTransferAccepted: lambda fact: ("transfer-accepted", fact.promised_on),
    DossierTransferRejected: lambda _fact: ("transfer-rejected", None),
    DossierEscalated: lambda fact: ("escalated", fact.promised_on),
    DossierSettled: _settled,
    ResultReturned: lambda _fact: ("returned", None),
    DossierWithdrawn: lambda _fact: ("withdrawn", None),
    DeadlineWarned: _deadline("warned"),
    DeadlineBreached: _deadline("breached"),
    DossierSucceeded: lambda _fact: ("succeeded", None),
    DeadlineMoved: _recounted,
}
_TYPES: Final = {kind: fact_type(kind) for kind in _TELL}
