"""One line per letter: where it stands until its cases take over, and the verifier of its receipt's secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.reporting.domain.fold import Changes, Told, day_of
from services.reporting.domain.line import UNKNOWN
from shared.contracts.complaints import (
    SubmissionDeadlineBreached,
    SubmissionDeadlineMoved,
    SubmissionDeadlineWarned,
    SubmissionFiled,
    SubmissionGuided,
    SubmissionLinked,
    SubmissionRegistered,
    SubmissionSplit,
    SubmissionSupplementRequested,
    SubmissionSupplied,
    SubmissionTransferred,
)
from shared.contracts.envelope import Fact


class LetterLine(NamedTuple):
    """A row of `letter_line`, column by column; `respond_by`: until when its sender supplies what is missing."""

    id: UUID
    code: str
    unit: str
    channel: str
    recipient: UUID | None
    anonymous: bool
    parties: int
    lookup_verifier: str
    state: str
    open: bool
    received_on: date
    received_at: datetime
    due_on: date | None
    cases: int
    reason_class: str | None
    breached: bool
    read_on: date | None
    version: int
    last_at: datetime
    respond_by: date | None


LETTER_PHASES: Final[Mapping[str, str]] = {
    "registered": "received",
    "awaiting-supplement": "waiting-for-you",
    "split": "under-review",
    "guided": "closed",
    "filed": "closed",
    "linked": "closed",
    "transferred": "transferred",
}
"""What each state means for the sender."""


def fold_letter(line: LetterLine | None, told: Told) -> LetterLine:
    """The letter after this fact; a placeholder begins where its registration was not heard of."""
    fact: Any = told.fact
    before = line if line is not None else _begin(fact)
    return before._replace(**LETTER_FOLDS[type(fact)](fact), version=told.sequence, last_at=told.recorded_at)


def _begin(fact: Any) -> LetterLine:
    at = fact.occurred_at
    return LetterLine(
        id=fact.submission, code=fact.code, unit=fact.unit, channel=UNKNOWN, recipient=getattr(fact, "recipient", None), anonymous=False, parties=0,
        lookup_verifier="", state="registered", open=True, received_on=day_of(at), received_at=at, due_on=None, cases=0, reason_class=None,
        breached=False, read_on=None, version=0, last_at=at, respond_by=None,
    )  # fmt: skip


def _registered(fact: SubmissionRegistered) -> Changes:
    names = ("code", "unit", "channel", "recipient", "anonymous", "parties", "lookup_verifier", "received_at", "due_on")
    return {name: getattr(fact, name) for name in names} | {"received_on": day_of(fact.received_at)}


def _read(state: str, fact: Any) -> Changes:
    return {"state": state, "open": False, "due_on": None, "respond_by": None, "read_on": day_of(fact.occurred_at)}


def _supplied(fact: SubmissionSupplied) -> Changes:
    return {"state": "registered", "respond_by": None, "due_on": fact.due_on}


def _transferred(fact: SubmissionTransferred) -> Changes:
    """With another unit it is read anew; with a body outside it has ended here."""
    if fact.to_unit is None:
        return _read("transferred", fact) | {"reason_class": fact.reason_class}
    return {"unit": fact.to_unit, "due_on": fact.due_on, "breached": False}


LETTER_FOLDS: Final[Mapping[type[Fact], Callable[[Any], Changes]]] = {
    SubmissionRegistered: _registered,
    SubmissionSplit: lambda fact: _read("split", fact) | {"cases": fact.cases},
    SubmissionGuided: lambda fact: _read("guided", fact) | {"reason_class": fact.reason_class},
    SubmissionFiled: lambda fact: _read("filed", fact) | {"reason_class": fact.reason_class},
    SubmissionLinked: lambda fact: _read("linked", fact),
    SubmissionSupplementRequested: lambda fact: {
        "state": "awaiting-supplement",
        "due_on": None,
        "respond_by": fact.respond_by,
    },
    SubmissionSupplied: _supplied,
    SubmissionTransferred: _transferred,
    SubmissionDeadlineWarned: lambda _fact: {},
    SubmissionDeadlineBreached: lambda _fact: {"breached": True},
    SubmissionDeadlineMoved: lambda fact: {"due_on": fact.due_on, "breached": False},
}
"""How each fact changes a letter; a fact that is not here is not read."""
