"""Feedback, and what can happen to a case of any kind, without a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from services.complaints import domain
from services.complaints.domain import Kind, State, feedback, moves, refusals
from services.complaints.domain.reference import chain, common_superior, superior
from services.complaints.tests import cases
from services.complaints.tests.cases import COMMUNE, FAR_AWAY, NEIGHBOUR, OFFICE, PROVINCE, RECEIVED, UNITS
from services.complaints.tests.given import hanoi
from shared.contracts import complaints as facts


@pytest.mark.parametrize("kind", [Kind.FEEDBACK, Kind.PETITION])
def test_feedback_is_answered_within_ten_working_days_of_its_receipt(kind: Kind) -> None:
    case = cases.opened(kind)
    assert (case.deadline, case.due_on, case.phase) == ("answer", date(2026, 12, 8), "under-review")


@pytest.mark.parametrize(
    ("at", "timing"), [("2026-12-07 16:00", "before"), ("2026-12-08 23:00", "on"), ("2026-12-09 00:01", "over")]
)
def test_an_answer_says_whether_it_was_in_time_by_date_alone(at: str, timing: str) -> None:
    case = cases.done(moves.assign(cases.opened(Kind.FEEDBACK), officer="cb-01", at=RECEIVED))
    _, (fact,) = feedback.answer(case, outcome="explained", at=hanoi(at), office=OFFICE)
    assert isinstance(fact, facts.AnswerSent)
    assert (fact.timing, fact.round, fact.answer_due_on) == (timing, 1, date(2026, 12, 8))


def test_publication_and_rating_do_not_stand_in_each_others_way() -> None:
    rated = cases.done(feedback.rate(cases.answered(), score=2, at=RECEIVED))
    published = cases.done(feedback.publish(rated, at=RECEIVED))
    assert (published.state, published.score, published.published_at) == (State.RATED, 2, RECEIVED)
    with pytest.raises(refusals.AlreadyPublished):
        feedback.publish(published, at=RECEIVED)


def test_reopening_starts_the_limit_anew_and_takes_the_contested_answer_back() -> None:
    before = cases.done(feedback.publish(cases.answered(), at=RECEIVED))
    case, (fact,) = feedback.reopen(before, reason_class="not-fixed", superior=PROVINCE, at=hanoi("2026-12-01 09:00"), office=OFFICE)  # fmt: skip
    assert (case.state, case.deadline, case.due_on) == (State.OPENED, "answer", date(2026, 12, 15))
    assert (case.handler, case.outcome, case.published_at, case.score) == (None, None, None, None)
    assert isinstance(fact, facts.CaseReopened)
    assert fact.times == 1


def test_reopening_is_possible_for_30_days() -> None:
    for days, refused in ((30, False), (31, True)):
        at = RECEIVED + timedelta(days=days)
        if refused:
            with pytest.raises(refusals.ReopenedTooLate):
                feedback.reopen(cases.answered(), reason_class="other", superior=None, at=at, office=OFFICE)
        else:
            feedback.reopen(cases.answered(), reason_class="other", superior=None, at=at, office=OFFICE)


def test_the_third_reopening_goes_to_the_superior_and_the_province_refuses_it() -> None:
    twice = cases.answered().having(reopened=2)
    case, said = feedback.reopen(twice, reason_class="other", superior=PROVINCE, at=RECEIVED, office=OFFICE)
    assert (case.unit, case.state, case.reopened) == ("44", State.OPENED, 3)
    assert [type(fact) for fact in said] == [facts.CaseReopened, facts.CaseEscalated]
    with pytest.raises(refusals.ReopenedTooOften):
        feedback.reopen(twice, reason_class="other", superior=None, at=RECEIVED, office=OFFICE)


def passed_on(kind: Kind, at: datetime = RECEIVED) -> domain.Case:
    return cases.done(
        moves.transfer(cases.opened(kind), to=NEIGHBOUR, reason_class="not-competent", at=at, office=OFFICE)
    )


def test_while_a_complaint_is_passed_on_the_sender_is_accountable_and_the_citizen_sees_a_running_limit() -> None:
    case = passed_on(Kind.COMPLAINT)
    assert (case.unit, case.to_unit, case.state) == (COMMUNE.code, NEIGHBOUR.code, State.TRANSFERRING)
    assert (case.deadline, case.due_on) == ("transfer", date(2026, 12, 1))
    assert case.term("acceptance").clock.paused


def test_while_feedback_is_passed_on_its_limit_runs_on() -> None:
    before, case = cases.opened(Kind.FEEDBACK), passed_on(Kind.FEEDBACK)
    assert (case.deadline, case.due_on) == ("answer", before.due_on)


def test_the_unit_that_takes_a_complaint_has_the_whole_limit_to_accept_it() -> None:
    at = hanoi("2026-11-30 09:00")
    case = cases.done(moves.accept_transfer(passed_on(Kind.COMPLAINT), receiver=NEIGHBOUR, at=at, office=OFFICE))
    assert (case.unit, case.to_unit, case.state, case.handler) == (NEIGHBOUR.code, None, State.OPENED, None)
    assert (case.deadline, case.due_on) == ("acceptance", date(2026, 12, 9))
    assert case.term("transfer").ended


def test_the_unit_that_takes_feedback_keeps_the_citizens_date() -> None:
    case = cases.done(moves.accept_transfer(passed_on(Kind.FEEDBACK), receiver=NEIGHBOUR, at=RECEIVED, office=OFFICE))
    assert case.due_on == cases.opened(Kind.FEEDBACK).due_on


def test_a_rejected_transfer_goes_back_and_the_second_goes_to_the_common_superior() -> None:
    at = RECEIVED + timedelta(days=1)
    case, said = moves.reject_transfer(
        passed_on(Kind.COMPLAINT), superior=PROVINCE, reason_class="not-competent", at=at, office=OFFICE
    )
    assert (case.unit, case.state, case.deadline) == (COMMUNE.code, State.OPENED, "acceptance")
    assert [type(fact) for fact in said] == [facts.CaseTransferRejected]
    again = cases.done(moves.transfer(case, to=FAR_AWAY, reason_class="not-competent", at=at, office=OFFICE))
    up, said = moves.reject_transfer(again, superior=PROVINCE, reason_class="not-competent", at=at, office=OFFICE)
    assert (up.unit, up.state, up.deadline) == ("44", State.OPENED, "acceptance")
    assert [type(fact) for fact in said] == [facts.CaseTransferRejected, facts.CaseEscalated]


def test_a_case_is_not_passed_on_to_where_it_is() -> None:
    with pytest.raises(refusals.SameUnit):
        moves.transfer(cases.opened(), to=COMMUNE, reason_class="other", at=RECEIVED, office=OFFICE)


def test_withdrawing_ends_every_limit() -> None:
    for case in (cases.opened(), cases.verifying(), passed_on(Kind.COMPLAINT), cases.opened(Kind.FEEDBACK)):
        gone = cases.done(moves.withdraw(case, reason_class="own-wish", at=RECEIVED, office=OFFICE))
        assert (gone.state, gone.due_on, gone.to_unit) == (State.WITHDRAWN, None, None)
        assert all(term.ended for term in gone.terms.values())


def test_superiors_are_found_and_a_circle_of_units_ends() -> None:
    assert superior(UNITS, COMMUNE.code) == PROVINCE
    assert superior(UNITS, "44") is None
    assert superior(UNITS, "unknown") is None
    assert common_superior(UNITS, COMMUNE.code, NEIGHBOUR.code) == PROVINCE
    assert common_superior(UNITS, COMMUNE.code, "44") == PROVINCE
    assert common_superior(UNITS, COMMUNE.code, "unknown") is None
    circle = {"a": replace(COMMUNE, code="a", parent="b"), "b": replace(COMMUNE, code="b", parent="a")}
    assert [unit.code for unit in chain(circle, "a")] == ["a", "b"]
