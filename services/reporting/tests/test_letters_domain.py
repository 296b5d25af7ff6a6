from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from functools import reduce
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting import domain, pages
from services.reporting.domain import CASE_WORDS, CaseLine, LetterLine, Limits, Office
from services.reporting.tests.facts import MONDAY, UNIT, told
from services.reporting.tests.letters import DAY, Letter, Notice, noon
from shared.contracts import complaints, notifications
from shared.contracts.envelope import Fact
from shared.law import explain, office_hours, official_calendar, rulebook, start

OFFICE = Office(official_calendar(), office_hours(date(2026, 11, 23)))


def case_of(facts: Sequence[Fact]) -> CaseLine:
    line = None
    for each in told(facts):
        line = domain.fold_case(line, each)
    assert line is not None
    return line


def letter_of(facts: Sequence[Fact]) -> LetterLine:
    line = None
    for each in told(facts):
        line = domain.fold_letter(line, each)
    assert line is not None
    return line


def limits_of(facts: Sequence[Fact]) -> Limits:
    return reduce(domain.fold_limits, facts, {})


def complaint(letter: Letter) -> list[Fact]:
    """The whole way of a complaint that is right."""
    return [
        letter.opened(date(2026, 12, 3)), letter.accepted(at=noon(date(2026, 11, 25))), letter.assigned(), *letter.dialogue(noon(date(2026, 12, 10))),
        letter.resolved(), letter.delivered(),
    ]  # fmt: skip


def test_a_letter_is_open_until_somebody_has_read_it() -> None:
    letter = Letter()
    line = letter_of([letter.registered()])
    assert (line.state, line.open, line.due_on, line.channel) == ("registered", True, date(2026, 12, 1), "online")
    for end, state in ((letter.split(), "split"), (letter.guided(), "guided"), (letter.filed(), "filed")):
        after = letter_of([letter.registered(), letter.late(), end])
        assert (after.state, after.open, after.due_on, after.breached, after.read_on) == (state, False, None, True, date(2026, 11, 23))  # fmt: skip


def test_a_letter_whose_beginning_was_not_heard_of_is_a_placeholder_that_opens_to_no_secret() -> None:
    letter = Letter()
    line = letter_of([letter.split()])
    assert (line.lookup_verifier, line.channel, line.cases) == ("", "unknown", 1)


def test_a_letter_that_waits_for_its_sender_has_no_day_of_its_own_and_then_a_later_one() -> None:
    letter = Letter()
    facts = [letter.registered(), letter.asked(at=MONDAY + 2 * DAY)]
    still = letter_of(facts)
    assert (still.state, still.open, still.due_on, still.respond_by) == ("awaiting-supplement", True, None, date(2026, 12, 10))  # fmt: skip
    on = letter_of([*facts, letter.supplied()])
    assert (on.state, on.open, on.due_on, on.respond_by) == ("registered", True, date(2026, 12, 4), None)
    filed = letter_of([*facts, letter.filed()])
    assert (filed.open, filed.respond_by) == (False, None)


def test_a_letter_passed_on_is_read_by_the_other_unit_and_one_given_away_has_ended_here() -> None:
    letter = Letter()
    late = [letter.registered(), letter.late()]
    there = letter_of([*late, letter.handed_on()])
    assert (there.unit, there.state, there.open, there.due_on, there.breached) == ("18880", "registered", True, date(2026, 12, 2), False)  # fmt: skip
    away = letter_of([*late, letter.handed_on(None)])
    assert (away.unit, away.state, away.open, away.due_on, away.reason_class) == (letter.unit, "transferred", False, None, "not-competent")  # fmt: skip


def test_a_letter_that_says_what_another_says_has_ended_here() -> None:
    letter = Letter()
    line = letter_of([letter.registered(), letter.linked()])
    assert (line.state, line.open, line.due_on, line.read_on) == ("linked", False, None, date(2026, 11, 23))


def test_the_limit_to_read_a_letter_stands_still_goes_on_begins_anew_and_ends() -> None:
    letter = Letter()
    facts = [letter.registered(), letter.asked(at=MONDAY + DAY)]
    assert (limits_of(facts)["screening"].due_on, limits_of(facts)["screening"].stops) == (None, [MONDAY + DAY])
    facts.append(letter.supplied(at=MONDAY + 3 * DAY))
    on = limits_of(facts)["screening"]
    assert (on.due_on, on.stops, on.times) == (date(2026, 12, 4), [MONDAY + DAY, MONDAY + 3 * DAY], 1)
    moved = limits_of([*facts, letter.handed_on(at=MONDAY + 4 * DAY)])["screening"]
    assert (moved.unit, moved.times, moved.stops, moved.started_at, moved.ended_on) == ("18880", 2, [], MONDAY + 4 * DAY, None)  # fmt: skip
    for end in (letter.handed_on(None), letter.linked()):
        assert limits_of([*facts, end])["screening"].ended_on == date(2026, 11, 23)


def test_a_letter_that_waited_is_explained_with_its_wait() -> None:
    letter, received_on = Letter(), date(2026, 11, 23)
    asked_at, came_at = MONDAY + 2 * DAY, MONDAY + 4 * DAY
    clock = start(rulebook().rule("petition.transfer", received_on), MONDAY).pause(asked_at).resume(came_at)
    due_on = clock.due(OFFICE.calendar, OFFICE.hours).due_on
    assert due_on is not None
    limits = limits_of([letter.registered(), letter.asked(at=asked_at), letter.supplied(due_on, came_at)])
    assert domain.limit_reason(limits["screening"], received_on, OFFICE, "vi") == explain(clock, OFFICE.calendar, OFFICE.hours)  # fmt: skip


def test_a_complaint_goes_from_the_letter_to_the_delivered_decision() -> None:
    letter = Letter("complaint")
    states = [case_of(complaint(letter)[:n]) for n in range(1, 8)]
    assert [line.state for line in states] == ["opened", "accepted", "verifying", "verifying", "dialogue-held", "decided", "delivered"]  # fmt: skip
    assert [line.deadline for line in states] == ["acceptance", *["settlement"] * 4, "delivery", None]
    assert [line.open for line in states] == [True] * 6 + [False]
    end = states[-1]
    assert (end.resolved_on, end.outcome, end.timing, end.delivered_on) == (date(2026, 12, 20), "upheld", "before", date(2026, 12, 22))  # fmt: skip
    assert (end.first_due_on, end.contents, end.officer) == (date(2026, 12, 3), 2, "officer-9")


def test_feedback_is_answered_rated_and_opened_again() -> None:
    letter = Letter()
    facts = [letter.opened(), letter.assigned(), letter.answered(), letter.published(), letter.rated()]
    rated = case_of(facts)
    assert (rated.state, rated.open, rated.score, rated.published, rated.timing) == ("rated", False, 4, True, "before")
    again = case_of([*facts, letter.reopened()])
    assert (again.state, again.open, again.due_on, again.reopened) == ("opened", True, date(2026, 12, 28), 1)
    assert (again.outcome, again.timing, again.resolved_on, again.score, again.published, again.officer) == (None, None, None, None, False, None)  # fmt: skip


def test_a_decision_its_source_took_back_is_not_counted_and_the_limit_runs_on() -> None:
    letter = Letter("complaint")
    facts: list[Fact] = [letter.opened(), letter.accepted(), letter.assigned(), letter.resolved()]
    taken_back = [*facts, letter.corrected(at=noon(date(2026, 12, 21)))]
    line, limits = case_of(taken_back), limits_of(taken_back)
    assert (line.state, line.open, line.deadline, line.due_on) == ("verifying", True, "settlement", date(2026, 12, 24))
    assert (line.outcome, line.timing, line.resolved_on) == (None, None, None)
    assert (limits["settlement"].ended_on, limits["delivery"].ended_on) == (None, date(2026, 12, 21))
    again = case_of([*taken_back, letter.resolved(date(2026, 12, 23), "dismissed")])
    assert (again.state, again.outcome, again.resolved_on) == ("decided", "dismissed", date(2026, 12, 23))


def test_a_promise_and_a_wish_leave_the_case_where_it_stands() -> None:
    letter = Letter()
    before, after = case_of([letter.opened()]), case_of([letter.opened(), letter.promised(), letter.wished()])
    assert after._replace(version=before.version, last_at=before.last_at) == before


def test_a_correction_to_suspended_lets_the_limit_stand_still() -> None:
    letter = Letter("complaint")
    facts = [letter.opened(), letter.accepted(), letter.resolved(), letter.corrected("suspended", "settlement", None)]
    assert (case_of(facts).came_from, case_of(facts).due_on) == ("verifying", None)
    assert len(limits_of(facts)["settlement"].stops) == 1


def test_a_suspended_complaint_has_no_day_and_goes_back_to_where_it_stood() -> None:
    letter = Letter("complaint")
    facts: list[Fact] = [letter.opened(), letter.accepted(), letter.assigned(), letter.suspended()]
    still = case_of(facts)
    assert (still.state, still.due_on, still.reason_class) == ("suspended", None, "awaiting-expertise")
    on = case_of([*facts, letter.resumed(date(2027, 1, 8))])
    assert (on.state, on.due_on, on.came_from) == ("verifying", date(2027, 1, 8), None)


def test_a_transfer_moves_the_case_only_when_it_is_taken() -> None:
    letter = Letter("complaint")
    asked = case_of([letter.opened(), letter.transferred()])
    assert (asked.unit, asked.to_unit, asked.deadline, asked.due_on) == (letter.unit, "18880", "transfer", date(2026, 11, 26))  # fmt: skip
    taken = case_of([letter.opened(), letter.transferred(), letter.taken()])
    assert (taken.unit, taken.to_unit, taken.state, taken.due_on) == ("18880", None, "opened", date(2026, 12, 3))
    back = case_of([letter.opened(), letter.transferred(), letter.not_taken()])
    assert (back.unit, back.to_unit, back.state, back.deadline, back.due_on) == (letter.unit, None, "opened", "acceptance", None)  # fmt: skip
    dated = case_of([letter.opened(), letter.transferred(), letter.not_taken(date(2026, 12, 8))])
    assert (dated.deadline, dated.due_on) == ("acceptance", date(2026, 12, 8))
    feedback = Letter()
    running = case_of([feedback.opened(), feedback.transferred()])
    assert (running.deadline, running.due_on) == ("answer", date(2026, 12, 14))
    for not_taken in (feedback.not_taken(), feedback.not_taken(date(2026, 12, 14))):
        kept = case_of([feedback.opened(), feedback.transferred(), not_taken])
        assert (kept.unit, kept.deadline, kept.due_on) == (feedback.unit, "answer", date(2026, 12, 14))


def test_an_announcement_of_a_limit_that_no_longer_counts_marks_nothing() -> None:
    letter = Letter("complaint")
    facts: list[Fact] = [letter.opened(), letter.accepted()]
    assert case_of([*facts, letter.breached("settlement")]).breached
    assert not case_of([*facts, letter.breached("acceptance")]).breached
    assert not case_of([*facts, letter.breached("settlement"), letter.extended(date(2027, 1, 8))]).breached


def test_a_limit_counted_again_has_its_new_day_and_nothing_was_announced_of_it() -> None:
    letter = Letter()
    facts = [letter.opened(), letter.accepted(), letter.breached("settlement")]
    day = date(2026, 12, 28)

    moved = case_of([*facts, letter.recounted(day)])
    other = case_of([*facts, letter.recounted(day, "transfer")])

    assert (moved.due_on, moved.breached) == (day, False)
    assert (other.due_on, other.breached) == (case_of(facts).due_on, True)
    limit = limits_of([*facts, letter.recounted(day)])["settlement"]
    assert (limit.due_on, limit.breached_at) == (day, None)


@pytest.mark.parametrize("end", ["refused", "appealed", "withdrawn"])
def test_every_end_closes_the_case_and_its_limits(end: str) -> None:
    letter = Letter("complaint")
    facts = [letter.opened(), letter.accepted(), getattr(letter, end)()]
    line, limits = case_of(facts), limits_of(facts)
    assert (line.state, line.open, line.due_on, line.ended_on) == (end, False, None, date(2026, 11, 23))
    assert all(limit.ended_on is not None for limit in limits.values())


def test_a_case_whose_beginning_was_not_heard_of_takes_what_comes() -> None:
    letter = Letter()
    line = case_of([letter.assigned(), letter.answered()])
    assert (line.kind, line.state, line.resolved_on) == ("feedback", "answered", date(2026, 11, 30))


def test_the_limits_of_a_complaint_follow_one_another() -> None:
    limits = limits_of(complaint(Letter("complaint")))
    assert list(limits) == ["acceptance", "settlement", "delivery"]
    assert [limit.ended_on for limit in limits.values()] == [date(2026, 11, 25), date(2026, 12, 20), date(2026, 12, 22)]
    assert {limit.times for limit in limits.values()} == {1}


def test_a_second_decision_is_delivered_under_its_own_rule() -> None:
    letter = Letter("complaint")
    first, second = letter.resolved(), letter.resolved(level=2)
    rules = [limits_of([letter.opened(), letter.accepted(), each])["delivery"].rule for each in (first, second)]
    assert rules == ["complaint.decision-delivery", "complaint.decision-delivery.second"]


def test_a_limit_that_begins_anew_counts_how_often() -> None:
    letter = Letter()
    limits = limits_of([letter.opened(), letter.breached(), letter.answered(), letter.reopened(at=noon(date(2026, 12, 10)))])  # fmt: skip
    answer = limits["answer"]
    assert (answer.times, answer.breached_at, answer.ended_on, answer.due_on) == (2, None, None, date(2026, 12, 28))


def test_the_unit_that_is_asked_owes_the_answer_to_a_transfer() -> None:
    letter = Letter("complaint")
    asked = limits_of([letter.opened(), letter.assigned(), letter.transferred(at=MONDAY + DAY)])
    assert (asked["transfer"].unit, asked["transfer"].officer) == ("18880", None)
    assert (asked["acceptance"].unit, asked["acceptance"].stops, asked["acceptance"].due_on) == (letter.unit, [MONDAY + DAY], None)  # fmt: skip
    taken = domain.fold_limits(asked, letter.taken(at=MONDAY + 2 * DAY))
    assert (taken["acceptance"].unit, taken["acceptance"].times, taken["acceptance"].stops) == ("18880", 2, [])
    assert taken["transfer"].ended_on == date(2026, 11, 25)
    back = domain.fold_limits(asked, letter.not_taken(date(2026, 12, 4), MONDAY + 2 * DAY))
    assert (back["acceptance"].unit, back["acceptance"].due_on, len(back["acceptance"].stops)) == (letter.unit, date(2026, 12, 4), 2)  # fmt: skip


def test_a_limit_is_explained_by_its_rule_and_the_day_the_letter_came() -> None:
    letter, received_on = Letter(), date(2026, 11, 23)
    clock = start(rulebook().rule("feedback.answer", received_on), MONDAY)
    due = clock.due(OFFICE.calendar, OFFICE.hours)
    assert due.due_on is not None
    limits = limits_of([letter.opened(due.due_on)])
    assert domain.limit_reason(limits["answer"], received_on, OFFICE, "vi") == explain(clock, OFFICE.calendar, OFFICE.hours)  # fmt: skip
    wrong = limits["answer"]._replace(due_on=due.due_on + 40 * DAY)
    assert domain.limit_reason(wrong, received_on, OFFICE, "vi") == ()


def test_a_suspension_and_an_extension_are_explained_too() -> None:
    letter, rule = Letter("complaint"), rulebook().rule("complaint.settlement.first", date(2026, 11, 23))
    stopped, gone_on = MONDAY + 5 * DAY, MONDAY + 9 * DAY
    clock = start(rule, MONDAY).suspend(stopped).resume(gone_on)
    due_on = clock.due(OFFICE.calendar, OFFICE.hours).due_on
    assert due_on is not None
    accepted = letter.accepted()
    assert isinstance(accepted, complaints.CaseAccepted)
    facts: list[Fact] = [letter.opened(), accepted, letter.suspended(stopped), letter.resumed(due_on, gone_on)]
    settlement = limits_of(facts)["settlement"]._replace(rule_version=rule.version)
    assert domain.limit_reason(settlement, date(2026, 11, 23), OFFICE, "en") == explain(clock, OFFICE.calendar, OFFICE.hours, "en")  # fmt: skip
    longer = start(rule, MONDAY, complex=True)
    due_on = longer.due(OFFICE.calendar, OFFICE.hours).due_on
    assert due_on is not None
    extended = limits_of([letter.opened(), accepted, letter.extended(due_on)])["settlement"]._replace(rule_version=rule.version)  # fmt: skip
    assert domain.limit_reason(extended, date(2026, 11, 23), OFFICE, "vi") == explain(longer, OFFICE.calendar, OFFICE.hours)  # fmt: skip


def test_every_fact_of_letters_has_a_fold_a_word_and_its_limits() -> None:
    known = set(domain.CASE_FOLDS) | set(domain.LETTER_FOLDS)
    assert known == set(complaints.CASE_FACTS) | set(complaints.SUBMISSION_FACTS)
    words = {word for word in CASE_WORDS if not word.startswith(("complaint-resolved-", "submission-transferred-"))}
    assert len(words) == len({kind.__name__ for kind in known})


def test_sentences_name_the_day_and_the_finding() -> None:
    letter = Letter("complaint")
    moment = domain.case_moment(letter.case, told([letter.resolved(outcome="partly-upheld")])[0])
    assert moment.word == "complaint-resolved-partly-upheld"
    assert domain.case_sentence(moment.word, "23/12/2026", "vi") == "Đã quyết định: khiếu nại đúng một phần; quyết định được gửi chậm nhất ngày 23/12/2026."  # fmt: skip
    for word, (vi, en) in CASE_WORDS.items():
        assert ("{day}" in vi) == ("{day}" in en), word


def test_a_notice_is_read_once_whichever_comes_first() -> None:
    notice = Notice(Letter().case)
    first, second = told([notice.created(), notice.read()]), told([notice.read(), notice.created()])
    one, other = (domain.fold_notice(domain.fold_notice(None, way[0]), way[1]) for way in (first, second))
    assert (one.created_at, one.read_at, one.unit) == (other.created_at, other.read_at, other.unit)
    again = domain.fold_notice(one, told([notice.read(MONDAY + 9 * DAY)], 3)[0])
    assert again.read_at == MONDAY + DAY


def test_what_became_of_a_notice_on_its_way_out_stands_beside_it_whatever_came_first() -> None:
    notice = Notice(Letter().case)
    facts = [notice.created(), notice.delivered(MONDAY + DAY), notice.read()]
    ways = ((0, 1, 2), (1, 0, 2), (2, 1, 0))
    lines = [reduce(domain.fold_notice, told([facts[n] for n in way]), None) for way in ways]
    for line in lines:
        assert line is not None
        assert (line.channel, line.delivered_at, line.created_at, line.read_at, line.unit) == ("email", MONDAY + DAY, MONDAY, MONDAY + DAY, UNIT)  # fmt: skip
        assert (line.failed_at, line.failure) == (None, None)
    failed = reduce(domain.fold_notice, told([notice.created(), notice.failed()]), None)
    assert failed is not None
    assert (failed.channel, failed.delivered_at, failed.failed_at, failed.failure) == ("email", None, MONDAY, "address-permanent")  # fmt: skip


def test_every_fact_of_notices_is_folded() -> None:
    assert set(domain.NOTICE_FACTS) == set(notifications.NOTICE_FACTS)


def test_every_state_of_a_letter_or_case_has_its_words_on_pages() -> None:
    words = tomllib.loads((Path(pages.__file__).parent / "texts.toml").read_text("utf-8"))["case-states"]
    for state in (*domain.LETTER_PHASES, *domain.CASE_PHASES):
        assert set(words[state]) == {"vi", "en"}


def test_where_a_letter_went_is_told_in_its_own_words() -> None:
    letter = Letter()
    inside, outside = (domain.case_moment(letter.id, told([letter.handed_on(to)])[0]) for to in ("18880", None))
    assert (inside.word, inside.day) == ("submission-transferred", date(2026, 12, 2))
    assert (outside.word, outside.day) == ("submission-transferred-outside", None)
    asked = domain.case_moment(letter.id, told([letter.asked()])[0])
    assert "chậm nhất ngày 10/12/2026" in domain.case_sentence(asked.word, "10/12/2026", "vi")
    assert asked.day == date(2026, 12, 10)


ACTS = ("opened", "assigned", "transferred", "taken", "not_taken", "answered", "reopened", "rated", "published", "warned", "breached", "withdrawn", "corrected", "promised", "wished")  # fmt: skip


@given(st.lists(st.sampled_from(ACTS), min_size=1, max_size=12), st.sampled_from(["feedback", "complaint"]))
def test_whatever_order_facts_come_in_the_line_and_its_limits_agree(acts: list[str], kind: str) -> None:
    letter = Letter(kind)
    facts = [getattr(letter, act)() for act in acts]
    line, limits = case_of(facts), limits_of(facts)
    assert line.version == len(facts)
    assert line.open or line.due_on is None
    assert all(limit.due_on is None or limit.first_due_on is not None for limit in limits.values())
    assert all(a <= b for limit in limits.values() for a, b in pairwise(limit.stops))
