"""Limits, refusals and rights of letters and cases, without a store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.complaints import domain
from services.complaints.domain import ARROWS, Kind, Letter, Part, Stage, State, complaint, feedback, moves, refusals
from services.complaints.domain import submission as letters
from services.complaints.domain.complaint import Acceptance, Finding
from services.complaints.domain.reference import chain, common_superior, superior
from services.complaints.domain.states import NEEDS, PHASE, ROLES, check_kind, follow
from services.complaints.tests import cases
from services.complaints.tests.cases import COMMUNE, FAR_AWAY, NEIGHBOUR, OFFICE, ONE, PROVINCE, RECEIVED, TWO, UNITS
from services.complaints.tests.given import hanoi, officer
from shared.contracts import complaints as facts
from shared.kernel import Forbidden, Principal, Refused

# -- the table -------------------------------------------------------------------------------------------------------


def test_every_command_of_the_table_has_roles_needs_and_every_state_a_phase() -> None:
    commands = {command for arrows in ARROWS.values() for state in arrows.values() for command in state}
    assert commands == ROLES.keys() == NEEDS.keys()
    assert set(PHASE) == set(State)
    phases = {"received", "under-review", "being-resolved", "waiting-for-you", "answered", "closed", "transferred"}
    assert set(PHASE.values()) <= phases


@pytest.mark.parametrize("kind", list(ARROWS))
def test_every_state_of_a_kind_is_reached_and_leads_only_to_states_of_its_kind(kind: Kind) -> None:
    arrows = ARROWS[kind]
    targets = {target for commands in arrows.values() for target in commands.values() if target is not None}
    assert targets | {State.OPENED} == set(arrows)


@pytest.mark.parametrize(
    ("kind", "state", "command", "refusal"),
    [
        (Kind.COMPLAINT, State.OPENED, "decide", refusals.NotYetAccepted),
        (Kind.COMPLAINT, State.OPENED, "resume", refusals.NotSuspended),
        (Kind.COMPLAINT, State.OPENED, "deliver", refusals.NotYetDecided),
        (Kind.COMPLAINT, State.ACCEPTED, "accept", refusals.AlreadyAccepted),
        (Kind.COMPLAINT, State.ACCEPTED, "refuse", refusals.AlreadyAccepted),
        (Kind.COMPLAINT, State.ACCEPTED, "decide", refusals.NotYetAssigned),
        (Kind.COMPLAINT, State.VERIFYING, "transfer", refusals.AlreadyAccepted),
        (Kind.COMPLAINT, State.VERIFYING, "deliver", refusals.NotYetDecided),
        (Kind.COMPLAINT, State.SUSPENDED, "decide", refusals.CaseSuspended),
        (Kind.COMPLAINT, State.SUSPENDED, "accept-transfer", refusals.NotInTransfer),
        (Kind.COMPLAINT, State.TRANSFERRING, "accept", refusals.InTransfer),
        (Kind.COMPLAINT, State.DECIDED, "decide", refusals.AlreadyDecided),
        (Kind.COMPLAINT, State.DECIDED, "appeal", refusals.NotYetDelivered),
        (Kind.COMPLAINT, State.DELIVERED, "deliver", refusals.AlreadyDelivered),
        (Kind.COMPLAINT, State.REFUSED, "accept", refusals.CaseClosed),
        (Kind.COMPLAINT, State.WITHDRAWN, "decide", refusals.CaseClosed),
        (Kind.COMPLAINT, State.APPEALED, "appeal", refusals.CaseClosed),
        (Kind.COMPLAINT, State.VERIFYING, "answer", refusals.NotForThisKind),
        (Kind.FEEDBACK, State.OPENED, "decide", refusals.NotForThisKind),
        (Kind.FEEDBACK, State.OPENED, "answer", refusals.NotYetAssigned),
        (Kind.FEEDBACK, State.IN_PROGRESS, "rate", refusals.NotYetAnswered),
        (Kind.FEEDBACK, State.IN_PROGRESS, "accept-transfer", refusals.NotInTransfer),
        (Kind.FEEDBACK, State.ANSWERED, "answer", refusals.AlreadyAnswered),
        (Kind.FEEDBACK, State.RATED, "rate", refusals.AlreadyRated),
        (Kind.FEEDBACK, State.RATED, "withdraw", refusals.AlreadyAnswered),
        (Kind.PETITION, State.WITHDRAWN, "answer", refusals.CaseClosed),
    ],
)
def test_a_command_out_of_turn_is_refused_by_the_name_of_what_stands_against_it(
    kind: Kind, state: State, command: str, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal) as caught:
        follow(kind, state, command)
    assert type(caught.value) is refusal
    assert caught.value.facts == {"state": state.value, "command": command, "kind": kind.value}


def test_kinds_that_are_not_taken_yet_are_refused_by_name() -> None:
    with pytest.raises(refusals.DenunciationNotTakenHere):
        check_kind(Kind.DENUNCIATION)
    for kind in (Kind.INFORMATION_REQUEST, Kind.CONDUCT_REPORT):
        with pytest.raises(refusals.KindNotTakenHere):
            check_kind(kind)
    for kind in ARROWS:
        check_kind(kind)


# -- letters ---------------------------------------------------------------------------------------------------------


def asked(**changes: Any) -> Letter:
    return replace(Letter("online", COMMUNE.code, anonymous=False), **changes)


@pytest.mark.parametrize(
    ("letter", "people", "counter", "refusal"),
    [
        (asked(), 0, False, refusals.SenderMissing),
        (asked(anonymous=True), 1, False, refusals.AnonymousWithPeople),
        (asked(channel="direct"), 1, False, refusals.CounterOnly),
        (asked(channel="postal"), 1, False, refusals.CounterOnly),
        (asked(received_at=RECEIVED), 1, False, refusals.ReceivedAtCounterOnly),
        (asked(received_at=RECEIVED + timedelta(minutes=1)), 1, True, refusals.InTheFuture),
        (asked(received_at=RECEIVED - timedelta(days=367)), 1, True, refusals.TooLongAgo),
    ],
)
def test_a_letter_is_refused_field_by_field(
    letter: Letter, people: int, *, counter: bool, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal) as caught:
        domain.check_letter(letter, people=people, at=RECEIVED, counter=counter)
    assert str(caught.value.facts["field"]).startswith("/")


def test_a_letter_is_screened_within_five_working_days_of_its_receipt() -> None:
    letter = cases.letter(received_at=hanoi("2026-11-20 16:00"))
    assert (letter.due_on, letter.phase, letter.recipient) == (
        date(2026, 11, 30),
        "received",
        ONE,
    )  # 24/11 is a day off


def test_splitting_ends_the_screening_and_counts_the_cases() -> None:
    parts = [Part(Kind.COMPLAINT, "", COMMUNE.code), Part(Kind.FEEDBACK, "", NEIGHBOUR.code)]
    letter, fact = letters.split(cases.letter(), parts, at=RECEIVED, office=OFFICE)
    assert (letter.state, letter.cases, letter.due_on, letter.version, fact.cases) == (Stage.SPLIT, 2, None, 2, 2)
    assert letter.screening is not None
    assert letter.screening.ended


@pytest.mark.parametrize("again", ["split", "guide", "file"])
def test_a_letter_is_screened_once(again: str) -> None:
    letter, _ = letters.guide(cases.letter(), reason_class="court", at=RECEIVED, office=OFFICE)
    acts: dict[str, Callable[[], object]] = {
        "split": lambda: letters.split(letter, [Part(Kind.FEEDBACK, "", "1")], at=RECEIVED, office=OFFICE),
        "guide": lambda: letters.guide(letter, reason_class="court", at=RECEIVED, office=OFFICE),
        "file": lambda: letters.file_away(letter, reason_class="blank", at=RECEIVED, office=OFFICE),
    }
    with pytest.raises(refusals.AlreadyScreened):
        acts[again]()


def test_a_denunciation_in_a_letter_opens_nothing_at_all() -> None:
    parts = [Part(Kind.FEEDBACK, "", COMMUNE.code), Part(Kind.DENUNCIATION, "", COMMUNE.code)]
    with pytest.raises(refusals.DenunciationNotTakenHere):
        letters.split(cases.letter(), parts, at=RECEIVED, office=OFFICE)


def test_an_anonymous_letter_is_no_complaint_but_may_be_feedback() -> None:
    letter = cases.letter(parties=())
    with pytest.raises(refusals.AnonymousComplaint):
        letters.split(letter, [Part(Kind.COMPLAINT, "", COMMUNE.code)], at=RECEIVED, office=OFFICE)
    split, fact = letters.split(letter, [Part(Kind.FEEDBACK, "", COMMUNE.code)], at=RECEIVED, office=OFFICE)
    assert (split.state, split.recipient, fact.recipient) == (Stage.SPLIT, None, None)


# -- complaints ------------------------------------------------------------------------------------------------------


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


# -- feedback --------------------------------------------------------------------------------------------------------


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
    twice = replace(cases.answered(), reopened=2)
    case, said = feedback.reopen(twice, reason_class="other", superior=PROVINCE, at=RECEIVED, office=OFFICE)
    assert (case.unit, case.state, case.reopened) == ("44", State.OPENED, 3)
    assert [type(fact) for fact in said] == [facts.CaseReopened, facts.CaseEscalated]
    with pytest.raises(refusals.ReopenedTooOften):
        feedback.reopen(twice, reason_class="other", superior=None, at=RECEIVED, office=OFFICE)


# -- any kind --------------------------------------------------------------------------------------------------------


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


# -- rights ----------------------------------------------------------------------------------------------------------

PARTY = Principal("someone", frozenset({"citizen"}), recipient=ONE, acting="citizen")
STRANGER = Principal("other", frozenset({"citizen"}), recipient=TWO, acting="citizen")
HANDLER = officer("handler", subject="cb-01")


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        (PARTY, True),
        (STRANGER, False),
        (Principal("nobody", frozenset({"citizen"}), acting="citizen"), False),
        (HANDLER, True),
        (officer("handler", subject="cb-02"), False),
        (officer("handler", subject="cb-01", unit=NEIGHBOUR.code), False),
        (officer("head"), True),
        (officer("clerk"), True),
        (officer("inspector"), True),
        (officer("inspector", unit="44"), True),
        (officer("inspector", unit=NEIGHBOUR.code), False),
        (officer("head", unit=NEIGHBOUR.code), False),
        (officer("head", unit="44"), False),
        (officer("screener"), False),
        (officer("ops"), False),
        (officer("admin"), False),
    ],
)
def test_who_sees_a_case(who: Principal, *, sees: bool) -> None:
    assert domain.is_readable_by(cases.verifying(), who) is sees


def test_the_unit_asked_to_take_a_case_sees_it_while_it_is_asked_and_only_then() -> None:
    asked_head = officer("head", unit=NEIGHBOUR.code)
    assert domain.is_readable_by(passed_on(Kind.COMPLAINT), asked_head)
    back = moves.reject_transfer(
        passed_on(Kind.COMPLAINT), superior=None, reason_class="other", at=RECEIVED, office=OFFICE
    )
    assert not domain.is_readable_by(back[0], asked_head)


@pytest.mark.parametrize(
    ("who", "command", "role"),
    [
        (PARTY, "withdraw", "citizen"),
        (STRANGER, "withdraw", None),
        (officer("clerk"), "withdraw", "clerk"),
        (officer("clerk", "citizen"), "withdraw", "clerk"),
        (officer("clerk", unit=NEIGHBOUR.code), "withdraw", None),
        (HANDLER, "record-dialogue", "handler"),
        (HANDLER, "decide", None),
        (officer("handler", subject="cb-02"), "schedule-dialogue", None),
        (officer("head"), "decide", "head"),
        (officer("head", "handler", subject="cb-01"), "schedule-dialogue", "handler"),
        (officer("inspector", unit="44"), "decide", None),
        (officer("admin"), "decide", None),
        (PARTY, "decide", None),
    ],
)
def test_who_may_command(who: Principal, command: str, role: str | None) -> None:
    assert domain.capacity(command, cases.verifying(), who) == role


def test_only_the_unit_asked_answers_a_transfer() -> None:
    case = passed_on(Kind.FEEDBACK)
    assert domain.capacity("accept-transfer", case, officer("head")) is None
    assert domain.capacity("accept-transfer", case, officer("head", unit=NEIGHBOUR.code)) == "head"
    assert domain.capacity("accept-transfer", cases.opened(), officer("head", unit=NEIGHBOUR.code)) is None


def test_the_actions_shown_are_those_the_table_and_ones_rights_allow() -> None:
    names = {action["name"] for action in domain.snapshot(cases.verifying(), PARTY)["actions"]}
    assert names == {"withdraw", "appeal"}
    names = {action["name"] for action in domain.snapshot(cases.verifying(), HANDLER)["actions"]}
    assert names == {"schedule-dialogue", "record-dialogue"}
    assert domain.snapshot(cases.verifying(), officer("inspector", unit="44"))["actions"] == []


@pytest.mark.parametrize(
    ("who", "sees", "reads_new", "reads_split"),
    [
        (PARTY, True, True, True),
        (STRANGER, False, False, False),
        (officer("screener"), True, True, False),
        (officer("head"), True, True, False),
        (officer("screener", unit=NEIGHBOUR.code), False, False, False),
        (officer("clerk"), False, False, False),
        (officer("inspector", unit="44"), True, False, False),
        (officer("inspector"), False, False, False),
    ],
)
def test_who_sees_and_who_reads_a_letter(who: Principal, *, sees: bool, reads_new: bool, reads_split: bool) -> None:
    new = cases.letter()
    split, _ = letters.split(new, [Part(Kind.FEEDBACK, "", COMMUNE.code)], at=RECEIVED, office=OFFICE)
    assert domain.may_see_letter(new, who) is domain.may_see_letter(split, who) is sees
    assert (domain.may_read_letter(new, who), domain.may_read_letter(split, who)) == (reads_new, reads_split)


def test_in_which_role_a_letter_is_handed_in() -> None:
    def role(who: Principal, *, anonymous: bool = False) -> str:
        return domain.filing_capacity(who, COMMUNE.code, anonymous=anonymous)

    assert [role(officer(each)) for each in ("clerk", "front", "screener")] == ["clerk", "front", "screener"]
    assert role(officer("clerk"), anonymous=True) == "clerk"
    assert (role(PARTY), role(PARTY, anonymous=True)) == ("citizen", domain.ANONYMOUS)
    assert role(replace(officer("clerk", unit=NEIGHBOUR.code)), anonymous=True) == domain.ANONYMOUS
    with pytest.raises(Forbidden):
        role(officer("clerk", unit=NEIGHBOUR.code))
    with pytest.raises(refusals.IdentityUnknown):
        role(replace(PARTY, recipient=None))


def test_only_the_head_of_the_accountable_unit_opens_names() -> None:
    assert domain.may_open_people(cases.verifying(), officer("head"))
    for who in (
        HANDLER,
        PARTY,
        officer("clerk"),
        officer("head", unit=NEIGHBOUR.code),
        officer("inspector", unit="44"),
    ):
        assert not domain.may_open_people(cases.verifying(), who)
