"""P1-P10 of the clock, each against many invented starts, limits, pauses and calendars."""

import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.law import (
    ZONE,
    CalendarNotPublished,
    Clock,
    TooManyExtensions,
    YearStatus,
    breach_at,
    explain,
    next_opening,
    office_hours,
    official_calendar,
    plain,
    rulebook,
    stages,
    start,
    with_pauses,
)

CALENDAR = official_calendar()
HOURS = office_hours(date(2026, 1, 1))
WORKED = json.loads((Path(__file__).parent / "deadline_cases.json").read_text("utf-8"))
DAYS_OFF = frozenset(map(date.fromisoformat, WORKED["weekday_holidays"]))
MAKEUP = frozenset(map(date.fromisoformat, WORKED["makeup_days"]))

some = settings(max_examples=80, deadline=None, database=None, derandomize=True)
few = settings(max_examples=30, deadline=None, database=None, derandomize=True)

instants = st.datetimes(datetime(2021, 1, 4), datetime(2026, 5, 1)).map(  # noqa: DTZ001 - the zone is added here
    lambda at: at.replace(microsecond=0, tzinfo=ZONE)
)
in_working_days = st.integers(1, 45).map(lambda n: f"{n}wd")
in_days = st.integers(1, 90).map(lambda n: f"{n}d")
in_hours = st.integers(1, 60).map(lambda n: f"{n}wh")
limits = st.one_of(in_working_days, in_days, in_hours, st.just("same-day"))
modes = st.sampled_from(["pause", "restart"])
minutes = st.integers(0, 60 * 24 * 20).map(lambda n: timedelta(minutes=n))


@st.composite
def pauses(draw: st.DrawFn, after: datetime) -> list[tuple[datetime, datetime]]:
    """Up to three disjoint pauses that begin a day or more after this instant."""
    marks = sorted(draw(st.lists(minutes, min_size=0, max_size=6, unique=True)))
    whole = [after + timedelta(days=1) + mark for mark in marks[: len(marks) // 2 * 2]]
    return list(zip(whole[::2], whole[1::2], strict=True))


def due_at(clock: Clock, calendar: Any = CALENDAR) -> datetime:
    due = clock.due(calendar, HOURS).due_at
    assert due is not None
    return due


def is_worked(day: date) -> bool:
    """The oracle: read from the worked cases, not from our calendar."""
    return day in MAKEUP or (day.weekday() < 5 and day not in DAYS_OFF)


def counted_by_hand(at: datetime, n: int) -> datetime:
    """The n-th working day after the day of receipt, walking day by day."""
    day = at.date()
    open_today = is_worked(day) and at <= at.replace(hour=17, minute=0, second=0)
    while not (open_today or is_worked(day)) or (day == at.date() and not open_today):
        day += timedelta(days=1)
    while n:
        day += timedelta(days=1)
        n -= is_worked(day)
    return datetime(day.year, day.month, day.day, 17, tzinfo=ZONE)


def walked_by_minute(at: datetime, hours: int) -> datetime:
    """Office hours used up minute by minute."""
    left = hours * 60
    while left:
        clock = (at.hour, at.minute)
        is_open = (7, 0) <= clock < (11, 30) or (13, 30) <= clock < (17, 0)
        left -= is_worked(at.date()) and is_open
        at += timedelta(minutes=1)
    return at


@some
@given(instants, st.integers(1, 45))
def test_working_days_come_out_as_counted_day_by_day(at: datetime, n: int) -> None:
    assert due_at(plain(f"{n}wd", at)) == counted_by_hand(at, n)


@few
@given(instants, st.integers(1, 20))
def test_working_hours_come_out_as_walked_minute_by_minute(at: datetime, hours: int) -> None:
    at = at.replace(second=0)
    assert due_at(plain(f"{hours}wh", at)) == walked_by_minute(at, hours)


@some
@given(st.data(), instants, limits, modes, st.integers(0, 60 * 24 * 10))
def test_p1_a_later_start_is_never_due_earlier(
    data: st.DataObject, at: datetime, limit: str, mode: str, n: int
) -> None:
    later = at + timedelta(minutes=n)
    stretches = data.draw(pauses(later))
    early, late = (with_pauses(plain(limit, when, mode=mode), stretches) for when in (at, later))
    assert due_at(early) <= due_at(late)


@some
@given(st.data(), instants, limits, modes)
def test_p2_what_is_due_is_due_on_a_working_day(data: st.DataObject, at: datetime, limit: str, mode: str) -> None:
    clock = with_pauses(plain(limit, at, mode=mode), data.draw(pauses(at)))
    assert is_worked(due_at(clock).date())


@some
@given(st.data(), instants, limits, modes, st.integers(0, 60))
def test_p3_a_new_day_off_never_makes_due_earlier_nor_its_removal_later(
    data: st.DataObject, at: datetime, limit: str, mode: str, n: int
) -> None:
    clock = with_pauses(plain(limit, at, mode=mode), data.draw(pauses(at)))
    day = at.date() + timedelta(days=n)
    worked = CALENDAR.without(day) if day.weekday() < 5 else CALENDAR.with_makeup_day(day)
    assert due_at(clock, worked) <= due_at(clock, CALENDAR) <= due_at(clock, CALENDAR.with_day_off(day, "bão", "storm"))


@some
@given(instants, st.one_of(in_working_days, in_days), st.integers(1, 60))
def test_p3_for_backward_limits_a_new_day_off_never_makes_the_latest_day_later(
    at: datetime, limit: str, n: int
) -> None:
    assume(at.year > 2021)
    clock = plain(limit, at, backward=True)
    changed = CALENDAR.with_day_off(at.date() - timedelta(days=n), "bão", "storm")
    assert due_at(clock, changed) <= due_at(clock, CALENDAR)


@some
@given(st.data(), instants, limits)
def test_p4_a_pause_of_no_length_changes_nothing(data: st.DataObject, at: datetime, limit: str) -> None:
    clock = plain(limit, at)
    when = at + data.draw(minutes)
    assert due_at(clock.pause(when).resume(when)) == due_at(clock)


@some
@given(st.data(), instants, limits)
def test_p4_a_pause_in_two_parts_is_one_pause(data: st.DataObject, at: datetime, limit: str) -> None:
    began, between, ended = (at + mark for mark in sorted(data.draw(st.lists(minutes, min_size=3, max_size=3))))
    clock = plain(limit, at)
    parts = clock.pause(began).resume(between).pause(between).resume(ended)
    assert due_at(parts) == due_at(clock.pause(began).resume(ended))


@some
@given(st.data(), instants, limits)
def test_p4_the_order_in_which_pauses_are_told_does_not_matter(data: st.DataObject, at: datetime, limit: str) -> None:
    stretches = data.draw(pauses(at))
    shuffled = data.draw(st.permutations(stretches))
    assert due_at(with_pauses(plain(limit, at), shuffled)) == due_at(with_pauses(plain(limit, at), stretches))


@some
@given(st.data(), instants, limits)
def test_p4_overlapping_pauses_count_once(data: st.DataObject, at: datetime, limit: str) -> None:
    a, b, c, d = (at + mark for mark in sorted(data.draw(st.lists(minutes, min_size=4, max_size=4))))
    clock = plain(limit, at)
    assert due_at(with_pauses(clock, [(b, d), (a, c)])) == due_at(with_pauses(clock, [(a, d)]))


@some
@given(instants, st.lists(st.integers(1, 9), min_size=4, max_size=4))
def test_p4_suspensions_of_calendar_days_add_up(at: datetime, steps: list[int]) -> None:
    marks = [at.date()]
    for step in steps:
        marks.append(marks[-1] + timedelta(days=step))
    stretches = [(marks[1], marks[2]), (marks[3], marks[4])]
    still = sum((ended - began for began, ended in stretches), timedelta(0))
    expected = CALENDAR.working_day_from(at.date() + timedelta(days=45) + still)
    assert due_at(with_pauses(plain("45d", at), stretches)).date() == expected


@few
@given(instants, st.integers(0, 2))
def test_p5_extensions_count_from_the_original_start_and_end_at_the_legal_maximum(at: datetime, n: int) -> None:
    clock = start(rulebook().rule("denunciation.settlement", at.date()), at)
    for _ in range(n):
        clock = clock.extend()
    assert due_at(clock) == due_at(plain(f"{30 * (n + 1)}d", at))
    with pytest.raises(TooManyExtensions):
        clock.extend().extend().extend()


@few
@given(st.data(), instants, limits, modes)
def test_p6_the_same_facts_and_calendar_give_the_same_bytes(
    data: st.DataObject, at: datetime, limit: str, mode: str
) -> None:
    clock = with_pauses(plain(limit, at, mode=mode), data.draw(pauses(at)))
    again = Clock.from_dict(json.loads(json.dumps(clock.to_dict())))
    shuffled = replace(CALENDAR, days_off=CALENDAR.days_off[::-1], makeup_days=CALENDAR.makeup_days[::-1])
    assert again == clock
    for lang in ("vi", "en"):
        assert explain(again, shuffled, HOURS, lang) == explain(clock, CALENDAR, HOURS, lang)
    assert again.due(shuffled, HOURS) == clock.due(CALENDAR, HOURS)


@few
@given(st.data(), instants, st.integers(1, 30))
def test_the_days_an_explanation_numbers_are_the_days_of_the_limit(data: st.DataObject, at: datetime, n: int) -> None:
    for clock in (plain(f"{n}wd", at), with_pauses(plain(f"{n}wd", at, mode="restart"), data.draw(pauses(at)))):
        steps = explain(clock, CALENDAR, HOURS, "en")
        numbers = [int(number) for step in steps for number in re.findall(r"^Working days? (?:\d+ to )?(\d+):", step)]
        assert numbers[-1] == max(numbers) == n
        assert numbers.count(n) == 1 + sum(step.startswith("Counted anew") for step in steps)


@few
@given(st.data(), instants, in_working_days)
def test_the_hours_an_explanation_lists_are_the_hours_that_were_left(
    data: st.DataObject, at: datetime, limit: str
) -> None:
    clock = with_pauses(plain(limit, at), data.draw(pauses(at)))
    left = clock.due(CALENDAR, HOURS).remaining_working_hours
    steps = explain(clock, CALENDAR, HOURS, "en")
    resumed = [place for place, step in enumerate(steps) if step.startswith("Resumed at")]
    assert (left is not None) == bool(resumed)
    if left is not None:
        listed = re.findall(r"(\d+) (h|min|s)\b", " ".join(steps[resumed[-1] + 1 :]))
        seconds = sum(int(amount) * {"h": 3600, "min": 60, "s": 1}[unit] for amount, unit in listed)
        assert timedelta(hours=left) == timedelta(seconds=seconds)


@some
@given(instants, st.integers(1, 45))
def test_p7_counting_from_start_to_due_gives_the_limit_back(at: datetime, n: int) -> None:
    began, due = next_opening(CALENDAR, HOURS, at).date(), due_at(plain(f"{n}wd", at)).date()
    assert CALENDAR.count_working_days(began, due) == n


@pytest.mark.parametrize("makeup", sorted(MAKEUP))
def test_p8_a_swapped_saturday_is_worked_and_its_weekday_is_not(makeup: date) -> None:
    (swap,) = (known for known in CALENDAR.makeup_days if known.on == makeup)
    assert swap.instead_of is not None
    assert makeup.weekday() == 5
    assert CALENDAR.is_working_day(makeup)
    assert not CALENDAR.is_working_day(swap.instead_of)
    before = datetime.combine(makeup - timedelta(days=1), HOURS.opening, ZONE)
    assert due_at(plain("1wd", before)).date() == makeup


@some
@given(st.sampled_from([2019, 2020, 2029, 2031]), limits)
def test_p9_an_unknown_year_is_refused_by_its_name(year: int, limit: str) -> None:
    at = datetime(year, 6, 1, 9, tzinfo=ZONE)
    with pytest.raises(CalendarNotPublished) as refused:
        plain(limit, at).due(CALENDAR, HOURS)
    assert refused.value.year == year


@pytest.mark.parametrize("limit", ["20wd", "30d", "160wh"])
def test_p9_a_limit_that_runs_into_an_unknown_year_is_refused(limit: str) -> None:
    with pytest.raises(CalendarNotPublished) as refused:
        plain(limit, date(2028, 12, 20)).due(CALENDAR, HOURS)
    assert refused.value.year == 2029


@pytest.mark.parametrize("limit", ["20wd", "30d", "160wh"])
def test_p9_an_unknown_year_between_known_ones_is_not_jumped_over(limit: str) -> None:
    holed = CALENDAR.with_year(2023, YearStatus.UNKNOWN)
    with pytest.raises(CalendarNotPublished) as refused:
        plain(limit, date(2022, 12, 20)).due(holed, HOURS)
    assert refused.value.year == 2023


@some
@given(instants, st.one_of(in_working_days, in_days, st.just("same-day")))
def test_p10_a_day_limit_is_broken_at_the_midnight_after_its_day(at: datetime, limit: str) -> None:
    due = plain(limit, at).due(CALENDAR, HOURS)
    assert due.due_on is not None
    assert breach_at(due) == datetime.combine(due.due_on + timedelta(days=1), datetime.min.time(), ZONE)
    assert str(breach_at(due)).endswith("00:00:00+07:00")


@some
@given(instants, in_hours)
def test_p10_a_limit_in_working_hours_is_broken_at_the_instant(at: datetime, limit: str) -> None:
    due = plain(limit, at).due(CALENDAR, HOURS)
    assert breach_at(due) == due.due_at


@few
@given(st.lists(instants, min_size=2, max_size=6), st.integers(1, 30))
def test_a_warning_comes_before_the_breach_and_after_the_start(times: list[datetime], n: int) -> None:
    rule = rulebook().rule("one-stop.settlement", date(2024, 1, 1))
    for earlier, later in pairwise(sorted(times)):
        due = start(rule, earlier, limit=f"{n}wd").due(CALENDAR, HOURS)
        warn, breach = stages(due)
        assert (warn is None) == (n < 3)
        assert breach is not None
        assert warn is None or due.starts_at < warn < breach
        assert breach <= (stages(start(rule, later, limit=f"{n}wd").due(CALENDAR, HOURS))[1] or breach)
