"""Letters and cases that another system owns, followed here: each state its source came through becomes the command that leads there. Pure.

The law's limits run here beside what the source promised. Intake has judged what is said; nothing is refused again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.complaints.domain import complaint, feedback, moves, screening
from services.complaints.domain.case import Case, Decided, open_case
from services.complaints.domain.clocks import ACCEPTANCE, ANSWER, DELIVERY, SETTLEMENT, Term
from services.complaints.domain.complaint import Acceptance, Finding
from services.complaints.domain.reference import Unit
from services.complaints.domain.states import Kind, State, follow
from services.complaints.domain.submission import Letter, Part, Submission, register
from shared.contracts import complaints as facts
from shared.contracts.envelope import Fact
from shared.contracts.intake import LetterFollowed
from shared.law import Office

DENUNCIATION = Kind.DENUNCIATION.value
ELSEWHERE = "other"
"""Why a denunciation is passed on: the body whose system keeps it has it, and nothing more is said of it."""

_FINDINGS = {"upheld": complaint.RIGHT, "partly-upheld": complaint.PARTLY_RIGHT, "dismissed": complaint.WRONG}
Screened = tuple[Submission, Fact]


def begin(told: LetterFollowed, *, verifier: str, at: datetime, office: Office) -> Screened:
    """A letter heard of for the first time; `at`: now. Its receipt number is its code there."""
    asked = Letter(told.channel, told.unit, told.anonymous, told.received_at)
    parties = [] if told.recipient is None else [told.recipient]
    submission, fact = register(
        asked,
        id=told.letter,
        receipt_no=told.code,
        parties=parties,
        verifier=verifier,
        at=told.received_at,
        office=office,
    )
    backfilled_at = at if told.backfill else None
    owned = submission.having(source=told.source, tells_citizens=told.tells_citizens, backfilled_at=backfilled_at)
    return owned, fact


def read(submission: Submission, state: str, told: LetterFollowed, office: Office) -> Screened:
    """The letter was read there. Of a denunciation only that the body that keeps it has it: no case is opened, no date is counted."""
    at = _at(told, submission.screening)
    if told.kind == DENUNCIATION or state == "transferred":
        reason = ELSEWHERE if told.kind == DENUNCIATION else told.reason_class or ELSEWHERE
        return screening.transfer(submission, to=None, reason_class=reason, at=at, office=office)
    if state == "filed":
        return screening.file_away(submission, reason_class=told.reason_class or "other", at=at, office=office)
    if state == "guided":
        return screening.guide(submission, reason_class=told.reason_class or "other", at=at, office=office)
    return screening.split(submission, [_part(told)], at=at, office=office)


def open_owned(submission: Submission, told: LetterFollowed, unit: Unit, *, id: UUID, office: Office) -> Decided:
    """The case of such a letter, with the law's first limit and the source's promise."""
    case, fact = open_case(submission, _part(told), unit, id=id, number=1, at=told.occurred_at, office=office)
    owned = case.having(
        source=submission.source, tells_citizens=submission.tells_citizens, backfilled_at=submission.backfilled_at,
        promised_on=told.promised_on,
    )  # fmt: skip
    return owned, [replace(fact, promised_on=told.promised_on)]


def _part(told: LetterFollowed) -> Part:
    return Part(Kind(told.kind), told.subject_class or "", told.unit)


def _at(told: LetterFollowed, *terms: Term | None) -> datetime:
    """When it happened there; nothing before what happened last here."""
    return max([told.occurred_at, *(term.last_at for term in terms if term is not None)])


def advance(case: Case, state: str, told: LetterFollowed, office: Office) -> Decided:
    """The case came to this state there."""
    return _STEPS[state](case, told, _at(told, *case.terms.values()), office)


def _assigned(case: Case, told: LetterFollowed, at: datetime, office: Office) -> Decided:
    """Given to an officer there; a suspended complaint goes on."""
    stated: list[Fact] = []
    if case.state is State.SUSPENDED:
        case, stated = complaint.resume(case, at=at, office=office)
    if case.state is State.VERIFYING:
        return case, stated
    assigned, said = moves.assign(case, officer=told.source, at=at)
    return assigned, [*stated, *said]


def _resolved(case: Case, told: LetterFollowed, at: datetime, office: Office) -> Decided:
    """Decided there: what it says of each content is not told, so the letter counts as one."""
    finding = Finding(1, _FINDINGS[told.outcome or ""])
    return complaint.decided_as(case, number=None, findings=[finding], at=at, office=office)


_Step = Callable[[Case, LetterFollowed, datetime, Office], Decided]
_STEPS: Mapping[str, _Step] = {
    "accepted": lambda c, t, at, o: complaint.accept(c, acceptance=Acceptance(1, t.complex), at=at, office=o),
    "refused": lambda c, t, at, o: complaint.refuse(c, ground=t.reason_class or "", at=at, office=o),
    "assigned": _assigned,
    "suspended": lambda c, t, at, o: complaint.suspend(c, ground=t.reason_class or "", at=at, office=o),
    "resolved": _resolved,
    "delivered": lambda c, _t, at, o: complaint.deliver(c, method="unknown", at=at, office=o),
    "answered": lambda c, t, at, o: feedback.answer(c, outcome=t.outcome or "", at=at, office=o),
    "reopened": lambda c, t, at, o: feedback.reopened_for(c, reason_class=t.reason_class or "other", at=at, office=o),
    "withdrawn": lambda c, t, at, o: moves.withdraw(c, reason_class=t.reason_class or "other", at=at, office=o),
}


def promise(case: Case, told: LetterFollowed) -> Decided | None:
    """Another day was promised there; None where it is the same."""
    if told.promised_on is None or told.promised_on == case.promised_on:
        return None
    promised = case.having(promised_on=told.promised_on, version=case.version + 1)
    return promised, [
        facts.CasePromised(
            occurred_at=_at(told, *case.terms.values()), case=case.id, code=case.code, unit=case.unit, recipient=case.recipient,
            promised_on=told.promised_on, due_on=case.due_on,
        )
    ]  # fmt: skip


# -- corrections -----------------------------------------------------------------------------------------------------

_STANDS: Mapping[str, State] = {
    "opened": State.OPENED, "reopened": State.OPENED, "accepted": State.ACCEPTED, "suspended": State.SUSPENDED, "resolved": State.DECIDED,
    "delivered": State.DELIVERED, "answered": State.ANSWERED, "refused": State.REFUSED, "withdrawn": State.WITHDRAWN,
}  # fmt: skip
_ASSIGNED = {Kind.COMPLAINT: State.VERIFYING}
_RUNS: Mapping[State, str] = {
    State.ACCEPTED: SETTLEMENT, State.VERIFYING: SETTLEMENT, State.SUSPENDED: SETTLEMENT, State.DECIDED: DELIVERY, State.IN_PROGRESS: ANSWER,
}  # fmt: skip
"""The limit that runs where a case stands."""


def take_back(case: Case, told: LetterFollowed, office: Office) -> Decided:
    """The state before was wrong: the case stands where it stood, its limit runs as if never ended, and the fact says so."""
    to = _ASSIGNED.get(case.kind, State.IN_PROGRESS) if told.state == "assigned" else _STANDS[told.state]
    at = _at(told, *case.terms.values())
    back = case.having(version=case.version + 1, state=to, **_undone(case, to))
    back = back.with_terms(office, **_terms(case, to, at, office))
    return back, [
        facts.CaseCorrected(
            occurred_at=at, case=case.id, code=case.code, kind=case.kind.value, unit=case.unit, recipient=case.recipient, state=to.value,
            reason_class=told.reason_class or "other", deadline=back.deadline, due_at=back.due_at, due_on=back.due_on,
        )
    ]  # fmt: skip


def _undone(case: Case, to: State) -> dict[str, Any]:
    """What is no longer so where the case stands again."""
    undone: dict[str, Any] = {
        "delivered_at": None, "appeal_until": None, "in_force_on": None, "closed_at": None, "score": None, "ground": None,
        "came_from": State.VERIFYING if to is State.SUSPENDED else None,
    }  # fmt: skip
    if to not in {State.DECIDED, State.ANSWERED}:
        answers = case.answers - 1 if case.state in {State.ANSWERED, State.RATED} else case.answers
        undone |= {"decided_at": None, "decision_no": None, "outcome": None, "answered_at": None, "answers": answers}
    if to is State.OPENED:
        undone |= {"accepted_at": None, "contents": 0, "complex": False, "handler": None}
    return undone


def _terms(case: Case, to: State, at: datetime, office: Office) -> dict[str, Term]:
    """The limit of that state runs again; every other that runs has ended."""
    first = ANSWER if case.kind is not Kind.COMPLAINT else ACCEPTANCE
    runs = first if to is State.OPENED else _RUNS.get(to)
    terms = {name: term.end(at, office) for name, term in case.terms.items() if name != runs}
    if runs is not None and runs in case.terms:
        terms[runs] = _running(case.terms[runs].reopen(office), to, at, office)
    return terms


def _running(term: Term, to: State, at: datetime, office: Office) -> Term:
    if to is State.SUSPENDED:
        return term if term.clock.paused else term.suspend(at, office)
    return term.resume(at, office) if term.clock.paused else term


# -- what the citizen wants ------------------------------------------------------------------------------------------


def request(case: Case, command: str, *, reason_class: str | None, at: datetime) -> Decided:
    """The citizen wants something of a case that stands elsewhere: nothing moves here until its system answers with a state."""
    follow(case.kind, case.state, command, case.came_from)
    return case.having(version=case.version + 1), [
        facts.CitizenActRequested(
            occurred_at=at, case=case.id, code=case.code, unit=case.unit, recipient=case.recipient, act=command, reason_class=reason_class,
        )
    ]  # fmt: skip
