"""One line per case of a letter: complaint, feedback or petition, as its facts tell it; nothing of its content, nobody's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.reporting.domain.fold import Changes, Told, day_of
from services.reporting.domain.line import UNKNOWN
from shared.contracts import complaints as facts
from shared.contracts.envelope import Fact

COMPLAINT: Final = "complaint"
KINDS: Final = (COMPLAINT, "feedback", "petition")


class CaseLine(NamedTuple):
    """A row of `case_line`, column by column; `resolved_on`: decided, or answered and not reopened since."""

    id: UUID
    submission: UUID | None
    code: str
    kind: str
    level: int
    unit: str
    recipient: UUID | None
    state: str
    came_from: str | None
    open: bool
    received_on: date
    opened_at: datetime
    accepted_at: datetime | None
    contents: int
    about_dossier: UUID | None
    deadline: str | None
    due_on: date | None
    first_due_on: date | None
    provisional: bool
    officer: str | None
    to_unit: str | None
    warned: bool
    breached: bool
    dialogue_at: datetime | None
    resolved_on: date | None
    outcome: str | None
    timing: str | None
    delivered_on: date | None
    appeal_until: date | None
    rounds: int
    reopened: int
    published: bool
    score: int | None
    reason_class: str | None
    ended_on: date | None
    version: int
    last_at: datetime

    @property
    def phase(self) -> str:
        """The closed word for the state."""
        return CASE_PHASES[self.state]


CASE_PHASES: Final[Mapping[str, str]] = {
    "opened": "under-review", "refused": "closed", "accepted": "being-resolved", "verifying": "being-resolved", "dialogue-held": "being-resolved",
    "suspended": "being-resolved", "decided": "answered", "delivered": "answered", "appealed": "transferred", "in-progress": "being-resolved",
    "answered": "answered", "rated": "closed", "transferring": "under-review", "withdrawn": "closed",
}  # fmt: skip
"""What each state means for the citizen."""


def fold_case(line: CaseLine | None, told: Told) -> CaseLine:
    """The case after this fact; a placeholder begins where its opening was not heard of. What has ended has no day again."""
    fact: Any = told.fact
    before = line if line is not None else _begin(fact)
    after = before._replace(**CASE_FOLDS[type(fact)](before, fact), version=told.sequence, last_at=told.recorded_at)
    return after if after.open else after._replace(deadline=None, due_on=None)


def _begin(fact: Any) -> CaseLine:
    at = fact.occurred_at
    return CaseLine(
        id=fact.case, submission=getattr(fact, "submission", None), code=fact.code, kind=getattr(fact, "kind", UNKNOWN), level=1, unit=fact.unit,
        recipient=getattr(fact, "recipient", None), state="opened", came_from=None, open=True, received_on=day_of(at), opened_at=at, accepted_at=None,
        contents=0, about_dossier=None, deadline=None, due_on=None, first_due_on=None, provisional=False, officer=None, to_unit=None, warned=False,
        breached=False, dialogue_at=None, resolved_on=None, outcome=None, timing=None, delivered_on=None, appeal_until=None, rounds=0, reopened=0,
        published=False, score=None, reason_class=None, ended_on=None, version=0, last_at=at,
    )  # fmt: skip


def _opened(line: CaseLine, fact: facts.CaseOpened) -> Changes:
    return {
        "submission": fact.submission, "code": fact.code, "kind": fact.kind, "level": fact.level, "unit": fact.unit, "recipient": fact.recipient,
        "received_on": day_of(fact.received_at), "opened_at": fact.occurred_at, "about_dossier": fact.about_dossier,
        "first_due_on": line.first_due_on or fact.due_on, **_due(fact.deadline, fact.due_on),
    }  # fmt: skip


def _accepted(_line: CaseLine, fact: facts.CaseAccepted) -> Changes:
    return {
        "state": "accepted", "kind": fact.kind, "level": fact.level, "recipient": fact.recipient, "accepted_at": fact.occurred_at,
        "contents": fact.contents, "provisional": fact.provisional, **_due("settlement", fact.due_on),
    }  # fmt: skip


def _assigned(line: CaseLine, fact: facts.CaseAssigned) -> Changes:
    state = {"accepted": "verifying", "opened": "in-progress"}.get(line.state, line.state)
    return {"state": state, "officer": fact.officer}


def _transferred(line: CaseLine, fact: facts.CaseTransferred) -> Changes:
    # of a complaint the limit to accept stands still meanwhile; the limit to answer feedback runs on
    due = _due("transfer", fact.due_on) if line.kind == COMPLAINT else {}
    return {"state": "transferring", "to_unit": fact.to_unit, "reason_class": fact.reason_class, **due}


def _moved(line: CaseLine, fact: facts.CaseTransferAccepted | facts.CaseEscalated) -> Changes:
    deadline = "acceptance" if line.kind == COMPLAINT else "answer"
    return {"state": "opened", "unit": fact.unit, "to_unit": None, "officer": None, **_due(deadline, fact.due_on)}


def _not_taken(line: CaseLine, fact: facts.CaseTransferRejected) -> Changes:
    # the limit of the unit that asked goes on; facts of old do not say until when, nor does one that goes up at once
    deadline = "acceptance" if line.kind == COMPLAINT else "answer"
    due_on = fact.due_on or (None if line.kind == COMPLAINT else line.due_on)
    due = {"deadline": deadline, "due_on": due_on}
    return {"state": "opened", "to_unit": None, "officer": None, "reason_class": fact.reason_class, **due}


def _suspended(line: CaseLine, fact: facts.ClockSuspended) -> Changes:
    return {"state": "suspended", "came_from": line.state, "due_on": None, "reason_class": fact.ground}


def _resumed(line: CaseLine, fact: facts.ClockResumed) -> Changes:
    back = line.came_from or "verifying"
    return {"state": back, "came_from": None, "reason_class": None, **_due("settlement", fact.due_on)}


def _resolved(_line: CaseLine, fact: facts.ComplaintResolved) -> Changes:
    return {
        "state": "decided", "kind": COMPLAINT, "level": fact.level, "contents": fact.contents, "outcome": fact.outcome, "timing": fact.timing,
        "resolved_on": fact.decided_on, **_due("delivery", fact.deliver_by),
    }  # fmt: skip


def _delivered(_line: CaseLine, fact: facts.DecisionDelivered) -> Changes:
    return {
        **_ended("delivered", fact.delivered_on),
        "delivered_on": fact.delivered_on,
        "appeal_until": fact.appeal_until,
    }


def _answered(_line: CaseLine, fact: facts.AnswerSent) -> Changes:
    return {
        **_ended("answered", fact.answered_on), "kind": fact.kind, "outcome": fact.outcome, "timing": fact.timing, "rounds": fact.round,
        "resolved_on": fact.answered_on,
    }  # fmt: skip


def _reopened(_line: CaseLine, fact: facts.CaseReopened) -> Changes:
    return {
        "state": "opened", "open": True, "reopened": fact.times, "officer": None, "outcome": None, "timing": None, "resolved_on": None, "score": None,
        "published": False, "ended_on": None, "reason_class": fact.reason_class, **_due("answer", fact.due_on),
    }  # fmt: skip


def _corrected(line: CaseLine, fact: facts.CaseCorrected) -> Changes:
    """The system that owns it said a wrong state before: what came of that is no longer so."""
    resolved = {} if fact.state in {"decided", "answered"} else {"outcome": None, "timing": None, "resolved_on": None}
    back = {
        "state": fact.state,
        "open": True,
        "came_from": None,
        "ended_on": None,
        "delivered_on": None,
        "appeal_until": None,
        "score": None,
    }
    if fact.state == "answered":
        back |= {"open": False, "ended_on": line.resolved_on}
    if fact.state == "suspended":
        back |= {"came_from": "verifying"}
    return {**back, **resolved, "deadline": fact.deadline, "due_on": fact.due_on, "warned": False, "breached": False}


def _due(deadline: str, due_on: date) -> Changes:
    """Another limit runs now, and nothing was announced of it."""
    return {"deadline": deadline, "due_on": due_on, "warned": False, "breached": False}


def _ended(state: str, on: date) -> Changes:
    return {"state": state, "open": False, "deadline": None, "due_on": None, "to_unit": None, "ended_on": on}


CASE_FOLDS: Final[Mapping[type[Fact], Callable[[CaseLine, Any], Changes]]] = {
    facts.CaseOpened: _opened,
    facts.CaseAccepted: _accepted,
    facts.CaseRefused: lambda _l, f: {**_ended("refused", day_of(f.occurred_at)), "reason_class": f.ground},
    facts.CaseAssigned: _assigned,
    facts.CaseTransferred: _transferred,
    facts.CaseTransferAccepted: _moved,
    facts.CaseTransferRejected: _not_taken,
    facts.CaseEscalated: _moved,
    facts.ClockSuspended: _suspended,
    facts.ClockResumed: _resumed,
    facts.DeadlineExtended: lambda _l, f: {"due_on": f.due_on, "warned": False, "breached": False},
    facts.DialogueScheduled: lambda _l, f: {"dialogue_at": f.dialogue_at},
    facts.DialogueHeld: lambda _l, _f: {"state": "dialogue-held"},
    facts.ComplaintResolved: _resolved,
    facts.DecisionDelivered: _delivered,
    facts.CaseAppealed: lambda _l, f: {**_ended("appealed", day_of(f.occurred_at)), "appeal_until": f.appeal_until},
    facts.AnswerSent: _answered,
    facts.OutcomePublished: lambda _l, _f: {"published": True},
    facts.OutcomeRated: lambda _l, f: {"state": "rated", "score": f.score},
    facts.CaseReopened: _reopened,
    facts.CaseCorrected: _corrected,
    facts.CasePromised: lambda _l, _f: {},
    facts.CitizenActRequested: lambda _l, _f: {},
    facts.CaseWithdrawn: lambda _l, f: {**_ended("withdrawn", day_of(f.occurred_at)), "reason_class": f.reason_class},
    facts.DeadlineWarned: lambda line, f: {"warned": True} if f.kind == line.deadline else {},
    facts.DeadlineBreached: lambda line, f: {"breached": True} if f.kind == line.deadline else {},
    facts.DeadlineMoved: lambda line, f: _due(f.kind, f.due_on) if f.kind == line.deadline else {},
}
"""How each fact changes a case; a fact that is not here is not read."""
