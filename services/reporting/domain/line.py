"""One line per dossier: everything a register, a list, a timeline or Form 06 asks about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

UNKNOWN: Final = "unknown"
"""Stands where the beginning of a dossier has not been heard of."""

PHASES: Final[Mapping[str, str]] = {
    "submitted": "received",
    "accepted": "being-resolved",
    "in-progress": "being-resolved",
    "paused": "being-resolved",
    "awaiting-supplement": "waiting-for-you",
    "awaiting-payment": "waiting-for-you",
    "settled": "answered",
    "returned": "closed",
    "refused": "closed",
    "withdrawn": "closed",
    "stopped": "closed",
}
"""Every state has a phase, a closed word for those who do not know our states."""


class DossierLine(NamedTuple):
    """A row of `dossier_line`, column by column; a tuple, so that a batch is written without copying fields.

    `stops`: when the settlement clock stopped and went on, by turns. `promises`: the promised day after acceptance and
    after each time the clock went on; so both tell how the dossier stood on any day, and why its date is what it is.
    `withdrawn_on`: the day it was taken back, or stopped on request. `source`: the system that owns it; None: it is ours.
    """

    id: UUID
    code: str
    unit: str
    procedure: str
    procedure_version: int
    channel: str
    subject_kind: str
    recipient: UUID | None
    components: int
    lookup_verifier: str
    state: str
    open: bool
    received_on: date
    submitted_at: datetime
    accepted_at: datetime | None
    answer_due_at: datetime | None
    due_at: datetime | None
    due_on: date | None
    promised_on: date | None
    lawful_due_on: date | None
    first_promised_on: date | None
    rule: str | None
    rule_version: int | None
    provisional: bool
    paused_at: datetime | None
    paused_times: int
    remaining_working_hours: float | None
    respond_by: date | None
    warned: bool
    breached: bool
    answer_late: bool
    officer: str | None
    refused_on: date | None
    withdrawn_on: date | None
    reason_class: str | None
    settled_on: date | None
    outcome: str | None
    timing: str | None
    returned_at: datetime | None
    return_method: str | None
    version: int
    last_at: datetime
    received_at: datetime | None
    started_at: datetime | None
    stops: list[datetime]
    promises: list[date]
    source: str | None

    @property
    def phase(self) -> str:
        """The closed word for the state."""
        return PHASES[self.state]


def begun(dossier: UUID, *, code: str, unit: str, day: date, at: datetime) -> DossierLine:
    """A placeholder: some fact of this dossier came, its beginning did not."""
    return DossierLine(
        id=dossier, code=code, unit=unit, procedure=UNKNOWN, procedure_version=0, channel=UNKNOWN, subject_kind=UNKNOWN, recipient=None,
        components=0, lookup_verifier="", state="submitted", open=True, received_on=day, submitted_at=at, accepted_at=None, answer_due_at=None,
        due_at=None, due_on=None, promised_on=None, lawful_due_on=None, first_promised_on=None, rule=None, rule_version=None, provisional=False,
        paused_at=None, paused_times=0, remaining_working_hours=None, respond_by=None, warned=False, breached=False, answer_late=False,
        officer=None, refused_on=None, withdrawn_on=None, reason_class=None, settled_on=None, outcome=None, timing=None, returned_at=None,
        return_method=None, version=0, last_at=at, received_at=None, started_at=None, stops=[], promises=[], source=None,
    )  # fmt: skip
