"""The law as acts change it: days, office hours with Saturday duty, added versions of rules and what they do to running matters."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.law import (
    PROVINCE,
    ZONE,
    CalendarNotPublished,
    Clock,
    Law,
    Rule,
    Transition,
    YearStatus,
    answer,
    next_opening,
    plain,
    read_rule,
    rulebook,
    shipped,
    standing,
    start,
    write_rule,
    year_record,
)

FRIDAY = date(2026, 6, 5)
DUTY = {
    "unit": "19360", "profiles": [{
        "id": "summer", "valid_from": "2026-05-01", "valid_to": "2026-09-30", "periods": [["06:30", "11:00"], ["13:30", "17:00"]],
        "saturday": [["07:30", "11:00"]], "same_day_until": "15:00",
    }],
}  # fmt: skip


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def year_with(law: Law, year: int, **changes: Any) -> dict[str, Any]:
    return {**year_record(law.calendar, year, "Công văn 1"), **changes}


def version(**changes: Any) -> Rule:
    row = {
        "id": "one-stop.online-answer", "version": 3, "valid_from": "2026-11-01", "amounts": {"normal": "4wh"}, "legal_basis": "Nghị định 1/2027/NĐ-CP, Điều 1",
        "verified": False, "kinds": ["dossier"], "vi": "Trả lời hồ sơ trực tuyến", "en": "Answer to an online dossier",
    }  # fmt: skip
    return read_rule({**row, **changes})


def test_a_year_written_down_and_read_again_is_the_same_year() -> None:
    law = shipped()
    assert standing([year_record(law.calendar, 2026, "x")]) == law


def test_a_published_year_replaces_the_provisional_one_whole() -> None:
    tet = [{"on": "2027-02-05", "vi": "Tết Nguyên đán", "en": "Tết"}]
    law = standing([year_with(shipped(), 2027, status="published", off=tet, makeup=[])])
    assert law.calendar.status(2027) is YearStatus.PUBLISHED
    assert [off.on for off in law.calendar.days_off if off.on.year == 2027] == [date(2027, 2, 5)]
    assert law.calendar.status(2028) is YearStatus.PROVISIONAL


def test_a_year_nobody_knows_has_no_record_and_names_itself() -> None:
    with pytest.raises(CalendarNotPublished, match="2031"):
        year_record(shipped().calendar, 2031, "x")


def test_a_unit_has_its_own_hours_in_their_season_and_the_province_s_else() -> None:
    law = standing([DUTY])
    assert law.hours_of("19360", FRIDAY).profile == "summer"
    assert law.hours_of("19360", date(2026, 12, 1)).profile == PROVINCE
    assert law.hours_of("18880", FRIDAY).profile == PROVINCE


def test_what_a_unit_receives_counts_by_its_hours_of_the_local_day() -> None:
    law, first_of_the_season = standing([DUTY]), datetime(2026, 4, 30, 17, 30, tzinfo=UTC)
    assert law.office_at(first_of_the_season, "19360").hours.profile == "summer"
    assert law.office_at(first_of_the_season - timedelta(hours=1), "19360").hours.profile == PROVINCE
    assert law.office_at(first_of_the_season).hours.profile == PROVINCE


def test_what_comes_on_a_saturday_of_duty_is_received_then_and_the_saturday_is_no_working_day() -> None:
    law = standing([DUTY])
    own, others = law.hours_of("19360", FRIDAY), law.hours_of("18880", FRIDAY)
    saturday = at("2026-06-06T09:00")
    assert next_opening(law.calendar, own, saturday) == saturday
    assert next_opening(law.calendar, others, saturday) == at("2026-06-08T07:00")
    assert next_opening(law.calendar, own, at("2026-06-05T18:00")) == at("2026-06-06T07:30")
    assert next_opening(law.calendar, own, at("2026-06-06T11:00:01")) == at("2026-06-08T06:30")
    assert plain("1wd", saturday).due(law.calendar, own).due_on == date(2026, 6, 8)
    assert plain("1wd", saturday).due(law.calendar, others).due_on == date(2026, 6, 9)
    assert plain("8wh", saturday).due(law.calendar, own).due_at == at("2026-06-08T17:00")
    assert plain("same-day", saturday).due(law.calendar, own).due_at == at("2026-06-06T11:00")


def test_there_is_no_duty_on_a_saturday_that_is_a_day_off() -> None:
    law = standing([DUTY]).amended(
        year_with(shipped(), 2026, off=[{"on": "2026-06-06", "vi": "Bão", "en": "Storm"}], makeup=[])
    )
    hours = law.hours_of("19360", FRIDAY)
    assert next_opening(law.calendar, hours, at("2026-06-06T09:00")) == at("2026-06-08T06:30")


@pytest.mark.parametrize("rule", [rule for versions in rulebook().rules.values() for rule in versions], ids=lambda rule: f"{rule.id}@{rule.version}")  # fmt: skip
def test_a_rule_written_down_and_read_again_is_the_same_rule(rule: Rule) -> None:
    assert read_rule(write_rule(rule)) == rule


@pytest.mark.parametrize("rule", [rule for versions in rulebook().rules.values() for rule in versions], ids=lambda rule: f"{rule.id}@{rule.version}")  # fmt: skip
def test_a_rule_that_takes_running_cases_over_cites_why(rule: Rule) -> None:
    assert (rule.transition is Transition.RUNNING_CASES_MOVE) == bool(rule.transition_basis)


def test_a_version_added_later_rules_what_is_received_from_its_first_day_on() -> None:
    book = standing([{"rule": "one-stop.online-answer", "versions": [write_rule(version())]}]).rules
    assert book.rule("one-stop.online-answer", date(2026, 10, 31)).version == 2
    assert book.rule("one-stop.online-answer", date(2026, 11, 1)).version == 3


@pytest.mark.parametrize(
    ("transition", "on", "received", "expected"),
    [
        ("old-rule-finishes", date(2026, 11, 20), date(2026, 10, 30), 2),
        ("running-cases-move", date(2026, 11, 20), date(2026, 10, 30), 3),
        ("running-cases-move", date(2026, 10, 31), date(2026, 10, 30), 2),  # not yet
        ("old-rule-finishes", date(2026, 11, 20), date(2026, 11, 2), 3),  # pinned before the new version was known
    ],
)
def test_running_matters_finish_under_the_old_version_or_move_as_its_transition_says(
    transition: str, on: date, received: date, expected: int
) -> None:
    book = rulebook().with_version(version(transition=transition))
    pinned = book.version("one-stop.online-answer", 2)
    assert book.ruling(pinned, received, on).version == expected


def test_a_clock_that_moves_keeps_what_happened_and_takes_the_new_amount() -> None:
    old = rulebook().version("one-stop.online-answer", 2)
    clock = start(old, at("2026-10-30T08:00")).pause(at("2026-10-30T09:00"))
    moved = clock.under(version())
    assert (str(moved.limit), moved.events) == ("4wh", clock.events)


def test_a_clock_moves_to_the_amount_of_its_own_circumstances() -> None:
    old = rulebook().rule("complaint.settlement.first", FRIDAY)
    new = version(id=old.id, version=2, amounts={"normal": "20d", "complex": "35d"})
    assert str(start(old, FRIDAY, complex=True).under(new).limit) == "35d"
    assert str(start(old, FRIDAY).under(new).limit) == "20d"


def test_a_clock_under_an_added_rule_carries_the_rule_with_it() -> None:
    clock = start(version(), at("2026-11-02T08:00"))
    assert Clock.from_dict(clock.to_dict()) == clock
    assert "law" not in start(rulebook().version("one-stop.online-answer", 2), at("2026-10-30T08:00")).to_dict()


def test_as_of_asks_what_the_rule_said_on_another_day() -> None:
    question = {"rule": "complaint.acceptance", "from": "2026-07-06"}
    assert answer(question)["version"] == 2
    assert answer({**question, "as_of": "2026-06-30"})["version"] == 1
    assert answer({"rule": "complaint.acceptance", "as_of": "2026-06-30"})["due"] == "2026-07-10"


def test_a_day_taken_out_of_the_calendar_moves_what_spans_it_by_one_working_day() -> None:
    storm = shipped().calendar.with_day_off(date(2026, 6, 3), "Bão", "Storm")
    law = standing([year_record(storm, 2026, "Công điện 9")])
    hours = law.hours_of("", FRIDAY)
    before = plain("3wd", at("2026-06-01T09:00")).due(shipped().calendar, hours).due_on
    after = plain("3wd", at("2026-06-01T09:00")).due(law.calendar, hours).due_on
    assert before is not None
    assert after == before + timedelta(days=1)
