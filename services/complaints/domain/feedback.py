"""Feedback and petitions: answer with an outcome, publish, rate, reopen."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.complaints.domain import refusals
from services.complaints.domain.case import Case, Decided
from services.complaints.domain.clocks import ANSWER, begin, local_day, timing
from services.complaints.domain.moves import escalate
from services.complaints.domain.reference import Unit
from shared.contracts import complaints as facts
from shared.law import Office

REOPEN_WITHIN = timedelta(days=30)
MOST_REOPENED = 2
"""Settings of the province, no law names them: how long after an answer a case may be reopened, and how often before the
superior unit gets it."""


def answer(case: Case, *, outcome: str, at: datetime, office: Office) -> Decided:
    """Answer the citizen: what became of it, never just "closed"."""
    answer_by = case.due_on
    answered = case.goes("answer", answered_at=at, outcome=outcome, answers=case.answers + 1).ended(at, office)
    return answered, [
        facts.AnswerSent(
            occurred_at=at, case=case.id, submission=case.submission, code=case.code, kind=case.kind.value, unit=case.unit,
            recipient=case.recipient, outcome=outcome, round=answered.answers, answered_on=local_day(at), answer_due_on=answer_by,
            timing=timing(local_day(at), answer_by),
        )
    ]  # fmt: skip


def publish(case: Case, *, at: datetime) -> Decided:
    """Let anybody read the outcome, in a version without personal data."""
    published = case.goes("publish", published_at=at)
    if case.published_at is not None:
        raise refusals.AlreadyPublished
    return published, [facts.OutcomePublished(occurred_at=at, case=case.id, code=case.code, unit=case.unit)]


def rate(case: Case, *, score: int, at: datetime) -> Decided:
    """The citizen says how satisfied they are with the answer; once for each answer."""
    rated = case.goes("rate", score=score)
    return rated, [facts.OutcomeRated(occurred_at=at, case=case.id, code=case.code, unit=case.unit, score=score)]


def reopen(case: Case, *, reason_class: str, superior: Unit | None, at: datetime, office: Office) -> Decided:
    """The citizen is not content: the limit to answer runs anew; the third time the superior unit answers.

    What was published was the answer that is contested now, so the outcome is no longer public.
    """
    reopened, said = reopened_for(case, reason_class=reason_class, at=at, office=office)
    if case.answered_at is not None and at > case.answered_at + REOPEN_WITHIN:
        raise refusals.ReopenedTooLate(days=REOPEN_WITHIN.days)
    if case.reopened < MOST_REOPENED:
        return reopened, said
    if superior is None:
        raise refusals.ReopenedTooOften(most=MOST_REOPENED)
    escalated, fact = escalate(reopened, superior, reason_class="reopened-again", at=at, office=office)
    return escalated, [*said, fact]


def reopened_for(case: Case, *, reason_class: str, at: datetime, office: Office) -> Decided:
    """The limit to answer runs anew, however often and late."""
    reopened = case.goes(
        "reopen", reopened=case.reopened + 1, handler=None, outcome=None, score=None, published_at=None
    )
    reopened = reopened.with_terms(office, answer=begin(ANSWER, at, office, received_at=case.received_at))
    return reopened, [_reopened(reopened, reason_class, at)]


def _reopened(case: Case, reason_class: str, at: datetime) -> facts.CaseReopened:
    due_at, due_on = case.promise
    return facts.CaseReopened(
        occurred_at=at, case=case.id, code=case.code, kind=case.kind.value, unit=case.unit, recipient=case.recipient, times=case.reopened,
        reason_class=reason_class, due_at=due_at, due_on=due_on,
    )  # fmt: skip
