"""What a clock remembers, refuses and answers."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from shared.law import (
    ZONE,
    AlreadyPaused,
    BadTime,
    CalendarNotPublished,
    Clock,
    ClockCompleted,
    Due,
    NotPausable,
    NotPaused,
    OfficeHours,
    TooManyExtensions,
    UnknownLimit,
    YearStatus,
    add_office_time,
    breach_at,
    next_opening,
    office_hours,
    office_time_between,
    official_calendar,
    parse_limit,
    plain,
    rulebook,
    stages,
    start,
    with_pauses,
)

CALENDAR = official_calendar()
HOURS = office_hours(date(2026, 1, 1))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+07:00")


def settle(limit: str = "7wd", since: str = "2026-06-01T09:00") -> Clock:
    return start(rulebook().rule("one-stop.settlement", at(since).date()), at(since), limit=limit)


def due(clock: Clock) -> Due:
    return clock.due(CALENDAR, HOURS)


def test_the_fixed_zone_is_vietnams_through_all_years_of_the_calendar() -> None:
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    days = (datetime(2021, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(8 * 366))
    assert {day.astimezone(zone).utcoffset() for day in days} == {ZONE.utcoffset(None)}


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    abroad = at("2026-06-01T09:00").astimezone(timezone(timedelta(hours=-5)))
    assert due(plain("3wd", abroad)) == due(plain("3wd", at("2026-06-01T09:00")))


def test_an_instant_without_a_zone_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="zone"):
        plain("3wd", datetime(2026, 6, 1, 9))  # noqa: DTZ001 - that it has none is the point


def test_closing_time_is_still_within_office_hours_and_a_second_later_is_not() -> None:
    assert next_opening(CALENDAR, HOURS, at("2026-06-01T17:00")) == at("2026-06-01T17:00")
    assert next_opening(CALENDAR, HOURS, at("2026-06-01T17:00:01")) == at("2026-06-02T07:00")
    assert next_opening(CALENDAR, HOURS, at("2026-06-01T12:00")) == at("2026-06-01T13:30")


def test_hours_used_up_at_closing_time_are_due_at_closing_time() -> None:
    assert add_office_time(CALENDAR, HOURS, at("2026-06-01T07:00"), timedelta(hours=8)) == at("2026-06-01T17:00")
    assert add_office_time(CALENDAR, HOURS, at("2026-06-01T07:00"), timedelta(hours=4.5)) == at("2026-06-01T11:30")


def test_office_time_is_never_less_than_nothing() -> None:
    assert not office_time_between(CALENDAR, HOURS, at("2026-06-03T09:00"), at("2026-06-01T09:00"))


def test_another_profile_of_office_hours_is_only_another_value() -> None:
    winter = OfficeHours(
        ((at("2026-01-01T07:30").time(), at("2026-01-01T11:30").time()),), at("2026-01-01T10:00").time()
    )
    answered = plain("5wh", at("2026-06-01T08:00")).due(CALENDAR, winter)
    assert answered.due_at == at("2026-06-02T09:00")


def test_no_office_hours_are_known_before_the_calendar_begins() -> None:
    with pytest.raises(CalendarNotPublished):
        office_hours(date(2020, 12, 31))


def test_a_clock_survives_json_with_rule_version_and_all_that_happened() -> None:
    clock = start(rulebook().rule("denunciation.settlement", date(2026, 3, 2)), date(2026, 3, 2))
    clock = clock.extend(at=at("2026-03-20T09:00")).suspend(date(2026, 4, 1)).resume(date(2026, 4, 8)).extend(10)
    clock = clock.complete(at("2026-05-20T10:00"))
    kept = json.loads(json.dumps(clock.to_dict()))
    assert Clock.from_dict(kept) == clock
    assert (kept["rule"], kept["version"], kept["limit"]) == ("denunciation.settlement", 1, "30d")


def test_a_clock_pinned_to_an_old_version_keeps_it_after_the_law_changed() -> None:
    kept = start(rulebook().rule("complaint.acceptance", date(2026, 6, 30)), date(2026, 6, 30)).to_dict()
    assert due(Clock.from_dict(kept)).due_on == date(2026, 7, 10)


def test_while_paused_there_is_no_due_date_but_the_office_time_left() -> None:
    answered = due(settle().pause(at("2026-06-03T10:00")))
    assert (answered.due_at, answered.due_on, answered.remaining_working_hours) == (None, None, 45.0)
    assert stages(answered) == (None, None)
    assert breach_at(answered) is None


def test_while_suspended_a_limit_in_days_says_days_used_and_left() -> None:
    clock = start(rulebook().rule("complaint.settlement.first", date(2026, 7, 15)), date(2026, 7, 15))
    answered = due(clock.suspend(date(2026, 8, 4)))
    assert (answered.due_on, answered.used_days, answered.remaining_days) == (None, 20, 10)
    assert answered.remaining_working_hours is None


def test_a_pause_that_begins_after_the_due_instant_never_moves_the_date() -> None:
    clock = settle()
    late = due(clock.pause(at("2026-06-10T17:00")))
    assert late.due_at == due(clock).due_at == at("2026-06-10T17:00")
    assert stages(late)[1] == at("2026-06-11T00:00")
    assert due(clock.pause(at("2026-06-10T16:59")).resume(at("2026-06-15T08:00"))).due_at == at("2026-06-15T08:01")


def test_a_suspension_on_the_last_day_leaves_the_day_of_resumption() -> None:
    clock = plain("30d", date(2026, 7, 10)).suspend(date(2026, 8, 10)).resume(date(2026, 8, 20))
    assert due(clock).due_on == date(2026, 8, 20)


def test_a_pause_over_before_the_clock_began_changes_nothing() -> None:
    saturday = plain("3wd", at("2026-03-07T09:00"), mode="restart")
    early = saturday.pause(at("2026-03-07T10:00")).resume(at("2026-03-08T10:00"))
    assert due(early).due_at == due(saturday).due_at


def test_a_clock_can_be_counted_anew_by_an_act_even_after_its_end() -> None:
    clock = settle("3wd").pause(at("2026-06-02T10:00")).restart(at("2026-06-15T09:00"))
    assert due(clock).due_at == at("2026-06-18T17:00")
    assert due(settle("3wd").restart(at("2026-07-01T09:00"))).due_at == at("2026-07-06T17:00")


def test_in_restart_mode_every_resumption_counts_the_whole_limit_anew() -> None:
    clock = plain("3wd", at("2026-06-01T09:00"), mode="restart")
    for day in (2, 8):
        clock = clock.pause(at(f"2026-06-{day:02}T10:00")).resume(at(f"2026-06-{day + 2:02}T10:00"))
    assert due(clock).due_at == at("2026-06-15T17:00")
    assert due(clock).remaining_working_hours == 24.0


def test_a_settled_matter_announces_nothing_and_an_open_pause_ends_with_it() -> None:
    answered = due(settle().pause(at("2026-06-03T10:00")).complete(at("2026-06-05T10:00")))
    assert answered.completed
    assert answered.due_at == at("2026-06-12T17:00")
    assert stages(answered) == (None, None)


def test_impossible_commands_are_refused_by_name() -> None:
    paused = settle().pause(at("2026-06-03T10:00"))
    with pytest.raises(AlreadyPaused):
        paused.suspend(at("2026-06-04T10:00"))
    with pytest.raises(NotPaused):
        settle().resume(at("2026-06-04T10:00"))
    with pytest.raises(BadTime):
        paused.resume(at("2026-06-03T09:59"))
    with pytest.raises(BadTime):
        settle().pause(at("2026-05-31T23:59"))
    with pytest.raises(ClockCompleted):
        settle().complete(at("2026-06-04T10:00")).pause(at("2026-06-05T10:00"))
    with pytest.raises(BadTime):
        with_pauses(settle(), [(at("2026-06-04T10:00"), at("2026-06-03T10:00"))])


def test_a_limit_counted_back_from_an_event_can_only_be_completed() -> None:
    posting = start(rulebook().rule("reception.posting", date(2026, 5, 7)), date(2026, 5, 7))
    with pytest.raises(NotPausable):
        posting.pause(date(2026, 5, 8))
    assert due(posting.complete(at("2026-04-20T09:00"))).due_at == at("2026-04-28T17:00")


def test_a_backward_limit_warns_on_the_working_day_before_its_latest_day() -> None:
    posting = due(start(rulebook().rule("reception.posting", date(2026, 5, 7)), date(2026, 5, 7)))
    assert stages(posting) == (at("2026-04-24T07:00"), at("2026-04-29T00:00"))


def test_hours_and_the_same_day_cannot_be_counted_back() -> None:
    for limit in ("8wh", "same-day"):
        with pytest.raises(UnknownLimit):
            due(plain(limit, date(2026, 5, 7), backward=True))


def test_an_extension_may_be_shorter_than_its_step_and_never_longer() -> None:
    clock = start(rulebook().rule("denunciation.settlement", date(2026, 3, 2)), date(2026, 3, 2))
    assert due(clock.extend(10)).due_on == date(2026, 4, 13)
    for days in (0, -1, 31):
        with pytest.raises(TooManyExtensions):
            clock.extend(days)
    with pytest.raises(TooManyExtensions):
        settle().extend()


def test_an_extension_in_calendar_days_follows_a_limit_in_working_days() -> None:
    rule = rulebook().rule("information.online-complex", date(2026, 4, 24))
    clock = start(rule, at("2026-04-24T09:00"))
    assert due(clock).due_at == at("2026-05-20T17:00")
    assert due(clock.extend()).due_at == at("2026-06-04T17:00")
    assert due(clock.extend()).original_due_on == date(2026, 5, 20)


def test_the_warning_opens_the_working_day_before_and_short_limits_have_none() -> None:
    assert due(settle("7wd")).warn_at == at("2026-06-09T07:00")
    assert due(settle("3wd")).warn_on == date(2026, 6, 3)
    assert [due(settle(limit)).warn_at for limit in ("2wd", "same-day", "8wh")] == [None, None, None]
    assert due(settle("30d")).warn_on == date(2026, 6, 30)


def test_a_rule_may_be_announced_several_times_before_its_end() -> None:
    rule = rulebook().rule("petition.sanction-alert", date(2026, 7, 1))
    answered = due(start(rule, date(2026, 7, 1)))
    assert answered.alerts_on == (date(2026, 7, 31), date(2026, 8, 10))
    assert (answered.warn_at, answered.due_on) == (None, date(2026, 8, 17))


def test_legal_force_does_not_wait_for_a_working_day() -> None:
    rule = rulebook().rule("complaint.in-force", date(2026, 7, 10))
    assert due(start(rule, date(2026, 7, 10))).due_on == date(2026, 8, 9)
    assert due(start(rule, date(2026, 7, 10), remote=True)).due_on == date(2026, 8, 24)


def test_a_result_that_rests_on_a_provisional_year_says_so() -> None:
    assert due(plain("10wd", at("2026-12-29T09:00"))).provisional
    assert not due(plain("1wd", at("2026-12-29T09:00"))).provisional
    published = CALENDAR.with_year(2027, YearStatus.PUBLISHED)
    assert not plain("10wd", at("2026-12-29T09:00")).due(published, HOURS).provisional


def test_a_calendar_is_never_changed_only_made_anew() -> None:
    storm = CALENDAR.with_day_off(date(2026, 6, 3), "bão", "storm")
    assert (CALENDAR.is_working_day(date(2026, 6, 3)), storm.is_working_day(date(2026, 6, 3))) == (True, False)
    assert storm.without(date(2026, 6, 3)) == CALENDAR
    assert settle().due(storm, HOURS).due_on == date(2026, 6, 11)
    makeup = CALENDAR.with_makeup_day(date(2026, 6, 6))
    assert settle().due(makeup, HOURS).due_on == date(2026, 6, 9)


def test_a_calendar_says_of_each_year_how_sure_it_is() -> None:
    said = [CALENDAR.status(year) for year in (2020, 2021, 2026, 2027, 2028, 2029)]
    published, provisional, unknown = YearStatus.PUBLISHED, YearStatus.PROVISIONAL, YearStatus.UNKNOWN
    assert said == [unknown, published, published, provisional, provisional, unknown]


def test_counting_back_beyond_the_first_year_is_refused() -> None:
    with pytest.raises(CalendarNotPublished) as refused:
        due(plain("5wd", date(2021, 1, 5), backward=True))
    assert refused.value.year == 2020


@pytest.mark.parametrize("text", ["", "7", "wd", "0wd", "-1d", "7 wd", "1.5wh", "99999d", "٧wd", "7WD", "sameday"])
def test_what_is_not_a_limit_is_refused(text: str) -> None:
    with pytest.raises(UnknownLimit):
        parse_limit(text)


@pytest.mark.parametrize("text", ["7wd", "30d", "8wh", "same-day"])
def test_a_limit_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_limit(text)) == text
