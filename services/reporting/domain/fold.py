"""The fold: a line and the next fact of its dossier make the next line. Deterministic, no clock, no look-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from services.reporting.domain.line import ENDED, UNKNOWN, DossierLine, begun
from shared.contracts.envelope import Fact
from shared.contracts.intake import (
    DeadlineBreached,
    DeadlineWarned,
    DossierAccepted,
    DossierAssigned,
    DossierRefused,
    DossierSettled,
    DossierSubmitted,
    DossierWithdrawn,
    ResultReturned,
    SupplementRequested,
    SupplementSupplied,
)
from shared.law.zone import local

SETTLEMENT: Final = "settlement"
"""The deadline a citizen was promised; any other kind is the officers' answer to an online submission."""


class Told(NamedTuple):
    """A fact as it reached us: its place in its dossier, when it was recorded, the trace it belongs to."""

    fact: Fact
    sequence: int
    recorded_at: datetime
    trace: str | None = None


def fold(line: DossierLine | None, told: Told) -> DossierLine:
    """The line after this fact; a placeholder begins where the first fact heard is not a submission.

    After its end a dossier only takes what belongs there: the return of the result, and announcements of its deadlines.
    """
    fact = told.fact
    before = line if line is not None else _begin(fact)
    kind = type(fact)
    after = before if not before.open and kind not in _AFTER_THE_END else FOLDS[kind](before, fact)
    return after._replace(version=told.sequence, last_at=told.recorded_at)


def day_of(at: datetime) -> date:
    """The local day of an instant."""
    return local(at).date()


def timing_of(settled_on: date, promised_on: date | None) -> str:
    """Before, on or over the promised day, judged by date (law page, section 4); unknown without a promise."""
    if promised_on is None:
        return UNKNOWN
    if settled_on == promised_on:
        return "on"
    return "before" if settled_on < promised_on else "over"


def _begin(fact: Any) -> DossierLine:
    at = fact.occurred_at
    return begun(fact.dossier, code=getattr(fact, "code", ""), unit=fact.unit, day=day_of(at), at=at)


def _submitted(line: DossierLine, fact: DossierSubmitted) -> DossierLine:
    return line._replace(
        code=fact.code, unit=fact.unit, procedure=fact.procedure, procedure_version=fact.procedure_version, channel=fact.channel,
        subject_kind=fact.subject_kind, recipient=fact.recipient, components=fact.components, lookup_verifier=fact.lookup_verifier,
        received_on=day_of(fact.received_at or fact.submitted_at), submitted_at=fact.submitted_at, answer_due_at=fact.answer_due_at,
    )  # fmt: skip


def _accepted(line: DossierLine, fact: DossierAccepted) -> DossierLine:
    return line._replace(
        state="accepted", code=fact.code, recipient=fact.recipient, accepted_at=fact.occurred_at, answer_due_at=None, due_at=fact.due_at,
        due_on=fact.due_on, promised_on=fact.promised_on, lawful_due_on=fact.lawful_due_on,
        first_promised_on=line.first_promised_on or fact.promised_on, rule=fact.rule, rule_version=fact.rule_version,
        provisional=fact.provisional, paused_at=None,
    )  # fmt: skip


def _refused(line: DossierLine, fact: DossierRefused) -> DossierLine:
    return _ended(line, "refused", refused_on=day_of(fact.occurred_at), reason_class=fact.reason_class)


def _assigned(line: DossierLine, fact: DossierAssigned) -> DossierLine:
    state = "in-progress" if line.state in {"submitted", "accepted"} else line.state
    return line._replace(state=state, officer=fact.officer)


def _supplement_requested(line: DossierLine, fact: SupplementRequested) -> DossierLine:
    # a pause that begins after the due instant never moves the date: what is late stays late (decisions 17)
    late = line.due_at is not None and fact.occurred_at > line.due_at
    return line._replace(
        state="awaiting-supplement", paused_at=line.paused_at or fact.occurred_at, paused_times=line.paused_times + 1,
        remaining_working_hours=fact.remaining_working_hours, respond_by=fact.respond_by, due_at=line.due_at if late else None,
        due_on=line.due_on if late else None, answer_due_at=None,
    )  # fmt: skip


def _supplement_supplied(line: DossierLine, fact: SupplementSupplied) -> DossierLine:
    return line._replace(
        state=_resumed(line), paused_at=None, remaining_working_hours=None, respond_by=None, due_at=fact.due_at or line.due_at,
        due_on=fact.due_on or line.due_on, promised_on=fact.promised_on or line.promised_on,
        lawful_due_on=fact.lawful_due_on or line.lawful_due_on, first_promised_on=line.first_promised_on or fact.promised_on,
        answer_due_at=fact.answer_due_at,
    )  # fmt: skip


def _resumed(line: DossierLine) -> str:
    """Papers asked for before acceptance lead back to submitted; afterwards the work goes on."""
    return "submitted" if line.accepted_at is None else "in-progress"


def _settled(line: DossierLine, fact: DossierSettled) -> DossierLine:
    promised_on = fact.promised_on or line.promised_on
    return _ended(
        line, "settled", promised_on=promised_on, lawful_due_on=fact.lawful_due_on or line.lawful_due_on,
        first_promised_on=line.first_promised_on or promised_on, settled_on=fact.settled_on, outcome=fact.outcome,
        timing=timing_of(fact.settled_on, promised_on),
    )  # fmt: skip


def _returned(line: DossierLine, fact: ResultReturned) -> DossierLine:
    if line.open:  # its settlement was not heard of; there is no result without one
        day = day_of(fact.occurred_at)
        line = _ended(line, "settled", settled_on=day, timing=timing_of(day, line.promised_on))
    if line.state != "settled":
        return line
    return line._replace(state="returned", returned_at=fact.occurred_at, return_method=fact.method)


def _withdrawn(line: DossierLine, fact: DossierWithdrawn) -> DossierLine:
    return _ended(line, "withdrawn", withdrawn_on=day_of(fact.occurred_at), reason_class=fact.reason_class)


def _ended(line: DossierLine, state: str, **also: Any) -> DossierLine:
    return line._replace(
        state=state, open=state not in ENDED, due_at=None, due_on=None, answer_due_at=None, paused_at=None,
        remaining_working_hours=None, respond_by=None, **also,
    )  # fmt: skip


def _warned(line: DossierLine, fact: DeadlineWarned) -> DossierLine:
    return line._replace(warned=True) if fact.kind == SETTLEMENT else line


def _breached(line: DossierLine, fact: DeadlineBreached) -> DossierLine:
    return line._replace(breached=True) if fact.kind == SETTLEMENT else line._replace(answer_late=True)


FOLDS: Final[Mapping[type[Fact], Callable[[DossierLine, Any], DossierLine]]] = {
    DossierSubmitted: _submitted,
    DossierAccepted: _accepted,
    DossierRefused: _refused,
    DossierAssigned: _assigned,
    SupplementRequested: _supplement_requested,
    SupplementSupplied: _supplement_supplied,
    DossierSettled: _settled,
    ResultReturned: _returned,
    DossierWithdrawn: _withdrawn,
    DeadlineWarned: _warned,
    DeadlineBreached: _breached,
}
"""How each fact changes a line; a fact that is not here is not read."""

_AFTER_THE_END: Final = frozenset({DossierSubmitted, ResultReturned, DeadlineWarned, DeadlineBreached})
