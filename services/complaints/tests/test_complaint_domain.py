"""Complaints: limits and refusals, without a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from services.complaints import domain
from services.complaints.domain import State, complaint, refusals
from services.complaints.domain.complaint import Acceptance, Finding
from services.complaints.tests import cases
from services.complaints.tests.cases import COMMUNE, FAR_AWAY, OFFICE, PROVINCE, RECEIVED
from services.complaints.tests.given import hanoi
from shared.contracts import complaints as facts
from shared.kernel import Refused


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-23 08:15", date(2026, 12, 3)),  # 7 working days, 24/11 is Vietnam Culture Day
        ("2026-06-30 08:15", date(2026, 7, 10)),  # 10 days, received under the old rule
        ("2026-02-12 09:00", date(2026, 2, 23)),  # 10 days end on a Sunday after Tết and roll
    ],
)
def test_a_complaint_is_accepted_within_the_limit_of_its_day_of_receipt(received: str, due: date) -> None:
    case = cases.opened(received_at=hanoi(received))
    assert (case.deadline, case.due_on, case.first_due_on) == ("acceptance", due, due)


@pytest.mark.parametrize(
    ("complex", "unit", "days"),
    [(False, COMMUNE, 30), (True, COMMUNE, 45), (False, FAR_AWAY, 45), (True, FAR_AWAY, 60)],
)
def test_a_complaint_is_settled_in_30_days_and_longer_where_it_is_complex_or_far_away(
    *, complex: bool, unit: domain.Unit, days: int
) -> None:
    case = cases.accepted(complex=complex, unit=unit)
    due = OFFICE.calendar.working_day_from(RECEIVED.date() + timedelta(days=days))
    assert (case.deadline, case.due_on, case.state) == ("settlement", due, State.ACCEPTED)
    assert case.term("acceptance").ended


@pytest.mark.parametrize("learned_on", [date(2026, 8, 20), date(2019, 1, 1)])
def test_a_complaint_out_of_time_is_refused_by_name_unless_an_obstacle_is_stated(learned_on: date) -> None:
    case, late = cases.opened(), Acceptance(1, complex=False, learned_on=learned_on)
    with pytest.raises(refusals.ComplaintOutOfTime):
        complaint.accept(case, acceptance=late, at=RECEIVED, office=OFFICE)
    excused = replace(late, obstacle="sickness")
    assert cases.done(complaint.accept(case, acceptance=excused, at=RECEIVED, office=OFFICE)).state is State.ACCEPTED


def test_the_last_day_of_the_limitation_still_counts() -> None:
    in_time = Acceptance(1, complex=False, learned_on=RECEIVED.date() - timedelta(days=90))
    accepted = complaint.accept(cases.opened(), acceptance=in_time, at=RECEIVED, office=OFFICE)
    assert accepted[0].state is State.ACCEPTED


def test_an_act_cannot_be_known_later_than_it_is_complained_about() -> None:
    later = Acceptance(1, complex=False, learned_on=RECEIVED.date() + timedelta(days=1))
    with pytest.raises(refusals.InTheFuture):
        complaint.accept(cases.opened(), acceptance=later, at=RECEIVED, office=OFFICE)


def test_a_refused_complaint_is_closed_and_owes_nothing_more() -> None:
    case, (fact,) = complaint.refuse(cases.opened(), ground="unsigned", at=RECEIVED, office=OFFICE)
    assert (case.state, case.phase, case.due_on, case.closed_at) == (State.REFUSED, "closed", None, RECEIVED)
    assert isinstance(fact, facts.CaseRefused)
    assert fact.ground == "unsigned"


def test_suspension_keeps_the_days_that_are_left_and_resumption_goes_on_with_them() -> None:
    case = cases.verifying()
    stopped, (said,) = complaint.suspend(case, ground="force-majeure", at=RECEIVED + timedelta(days=10), office=OFFICE)
    assert (stopped.state, stopped.due_on, stopped.remaining_days) == (State.SUSPENDED, None, 20)
    assert isinstance(said, facts.ClockSuspended)
    assert said.remaining_days == 20
    resumed = cases.done(complaint.resume(stopped, at=RECEIVED + timedelta(days=15), office=OFFICE))
    assert (resumed.state, resumed.due_on, resumed.remaining_days) == (State.VERIFYING, date(2026, 12, 28), None)


def test_a_suspension_after_the_due_date_never_moves_it() -> None:
    late = RECEIVED + timedelta(days=40)
    stopped = cases.done(complaint.suspend(cases.verifying(), ground="force-majeure", at=late, office=OFFICE))
    assert stopped.due_on == cases.verifying().due_on


def test_a_suspended_complaint_comes_back_to_where_it_stood() -> None:
    for before in (cases.accepted(), cases.verifying()):
        stopped = cases.done(complaint.suspend(before, ground="force-majeure", at=RECEIVED, office=OFFICE))
        assert cases.done(complaint.resume(stopped, at=RECEIVED, office=OFFICE)).state is before.state


def test_an_extension_gives_the_complex_limit_from_the_original_start_once_and_in_time() -> None:
    case, (said,) = complaint.extend(cases.verifying(), ground="many-people", at=RECEIVED, office=OFFICE)
    assert (case.due_on, case.complex) == (date(2027, 1, 7), True)
    assert isinstance(said, facts.DeadlineExtended)
    assert (said.old_due_on, said.due_on) == (date(2026, 12, 23), date(2027, 1, 7))
    with pytest.raises(refusals.AlreadyExtended):
        complaint.extend(case, ground="many-people", at=RECEIVED, office=OFFICE)
    with pytest.raises(refusals.TooLateToExtend):
        complaint.extend(cases.verifying(), ground="many-people", at=hanoi("2026-12-24 00:00"), office=OFFICE)


def test_an_extension_is_still_possible_on_the_last_day() -> None:
    last = hanoi("2026-12-23 23:59")
    assert cases.done(complaint.extend(cases.verifying(), ground="many-people", at=last, office=OFFICE)).complex


def test_a_dialogue_is_scheduled_five_days_before_at_the_latest() -> None:
    case, meeting = cases.verifying(), hanoi("2026-11-28 08:00")
    scheduled = complaint.schedule_dialogue(case, to_meet_at=meeting, at=RECEIVED, office=OFFICE)
    assert scheduled[0].dialogue_at == meeting
    with pytest.raises(refusals.DialogueNoticeTooShort) as caught:
        complaint.schedule_dialogue(case, to_meet_at=meeting - timedelta(days=1), at=RECEIVED, office=OFFICE)
    assert caught.value.facts["latest"] == date(2026, 11, 22)


def test_a_dialogue_is_recorded_on_or_after_the_day_it_was_scheduled_for() -> None:
    case, meeting = cases.verifying(), hanoi("2026-11-28 08:00")
    with pytest.raises(refusals.DialogueNotScheduled):
        complaint.record_dialogue(case, held_on=RECEIVED.date(), outcome="agreed", at=RECEIVED)
    case = cases.done(complaint.schedule_dialogue(case, to_meet_at=meeting, at=RECEIVED, office=OFFICE))
    with pytest.raises(refusals.InTheFuture):
        complaint.record_dialogue(case, held_on=meeting.date(), outcome="agreed", at=RECEIVED)
    with pytest.raises(refusals.DialogueNotScheduled):
        complaint.record_dialogue(case, held_on=date(2026, 11, 27), outcome="agreed", at=meeting)
    held = cases.done(complaint.record_dialogue(case, held_on=meeting.date(), outcome="complainant-absent", at=meeting))
    assert held.state is State.DIALOGUE_HELD


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ([], refusals.FindingMissing),
        (cases.findings("right"), refusals.FindingMissing),
        ([*cases.findings("right", "right"), Finding(1, "wrong")], refusals.FindingTwice),
        (cases.findings("right", "right", "right"), refusals.UnknownContent),
        (cases.findings("right", "wrong"), refusals.DialogueNotHeld),
        (cases.findings("partly-right", "right"), refusals.DialogueNotHeld),
    ],
)
def test_a_decision_without_its_findings_or_its_dialogue_is_refused_by_name(
    given: list[Finding], refusal: type[Refused]
) -> None:
    with pytest.raises(refusal):
        complaint.decide(cases.verifying(), number="15/QĐ", findings=given, at=RECEIVED, office=OFFICE)


def test_the_missing_contents_are_named() -> None:
    with pytest.raises(refusals.FindingMissing) as caught:
        complaint.decide(cases.verifying(contents=3), number="1", findings=cases.findings("right"), at=RECEIVED, office=OFFICE)  # fmt: skip
    assert caught.value.facts == {"missing": "2, 3"}


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (("right", "right"), "upheld"),
        (("wrong", "undetermined"), "dismissed"),
        (("right", "wrong"), "partly-upheld"),
        (("partly-right", "wrong"), "partly-upheld"),
    ],
)
def test_the_outcome_follows_from_the_findings(words: tuple[str, str], outcome: str) -> None:
    assert complaint.outcome_of(cases.findings(*words)) == outcome


def test_a_decision_ends_settlement_and_starts_the_three_days_of_delivery() -> None:
    case, (fact,) = complaint.decide(
        cases.verifying(), number="15/QĐ", findings=cases.findings("right", "right"), at=hanoi("2026-12-23 16:00"), office=OFFICE
    )  # fmt: skip
    assert (case.state, case.deadline, case.due_on) == (State.DECIDED, "delivery", date(2026, 12, 28))
    assert isinstance(fact, facts.ComplaintResolved)
    assert (fact.outcome, fact.contents, fact.right, fact.timing) == ("upheld", 2, 2, "on")
    assert (fact.settlement_due_on, fact.deliver_by) == (date(2026, 12, 23), date(2026, 12, 28))


@pytest.mark.parametrize(("unit", "days"), [(COMMUNE, 30), (FAR_AWAY, 45)])
def test_delivery_opens_the_window_for_a_second_complaint_and_says_when_the_decision_is_in_force(
    unit: domain.Unit, days: int
) -> None:
    case = cases.delivered(unit=unit)
    assert case.appeal_until == OFFICE.calendar.working_day_from(RECEIVED.date() + timedelta(days=days))
    assert case.in_force_on == RECEIVED.date() + timedelta(days=days)
    assert (case.deadline, case.due_on) == (None, None)


def test_a_second_complaint_in_time_goes_to_the_superior_and_out_of_time_is_refused_by_name() -> None:
    case = cases.delivered()
    last = hanoi("2026-12-23 23:59")
    appealed, (fact,) = complaint.appeal(case, superior=PROVINCE, at=last, office=OFFICE)
    assert (appealed.state, appealed.phase) == (State.APPEALED, "transferred")
    assert isinstance(fact, facts.CaseAppealed)
    assert (fact.basis, fact.to_unit) == ("decision", "44")
    with pytest.raises(refusals.AppealOutOfTime) as caught:
        complaint.appeal(case, superior=PROVINCE, at=last + timedelta(minutes=1), office=OFFICE)
    assert caught.value.facts == {"until": date(2026, 12, 23)}
    with pytest.raises(refusals.NoSuperior):
        complaint.appeal(case, superior=None, at=last, office=OFFICE)


@pytest.mark.parametrize(
    ("at", "refusal"),
    [
        (hanoi("2026-12-23 23:59"), refusals.SettlementNotOverdue),
        (hanoi("2026-12-24 00:00"), None),
        (hanoi("2027-01-22 23:59"), None),
        (hanoi("2027-01-23 00:00"), refusals.AppealOutOfTime),
    ],
)
def test_silence_may_be_complained_about_when_settlement_is_late_and_not_for_ever(
    at: datetime, refusal: type[Refused] | None
) -> None:
    case = cases.verifying()
    if refusal is not None:
        with pytest.raises(refusal):
            complaint.appeal(case, superior=PROVINCE, at=at, office=OFFICE)
        return
    appealed, (fact,) = complaint.appeal(case, superior=PROVINCE, at=at, office=OFFICE)
    assert isinstance(fact, facts.CaseAppealed)
    assert (appealed.state, fact.basis) == (State.APPEALED, "silence")
