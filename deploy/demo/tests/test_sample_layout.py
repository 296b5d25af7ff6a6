"""The sample laid out, before anybody plays it: how much of what, when, and that it is nobody's."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from deploy.demo import sample
from deploy.demo.acts import DOSSIERS, FILED, TOGETHER, Act, moments
from deploy.demo.days import Days, parsed
from deploy.demo.dossiers import seed
from deploy.demo.filling import SHOWN
from deploy.demo.people import person, read
from deploy.demo.tests.conftest import EVENING
from deploy.demo.tests.counted import COLUMNS, DAY, UNITS, WHOLE
from services.intake.data import units
from shared.law import ZONE, official_calendar, rulebook, start
from shared.law.hours import office_hours

MOMENTS = {
    "a Thursday evening": EVENING,
    "a Thursday at ten": datetime.fromisoformat("2026-11-26T10:00:00+07:00"),
    "a Monday before the offices are busy": datetime.fromisoformat("2026-11-23T08:30:00+07:00"),
    "a Sunday": datetime.fromisoformat("2026-10-18T12:00:00+07:00"),
    "the second day after Tết": datetime.fromisoformat("2026-02-24T16:00:00+07:00"),
    "a day of March": datetime.fromisoformat("2026-03-24T23:59:00+07:00"),
}
anytime = pytest.mark.parametrize("until", MOMENTS.values(), ids=MOMENTS.keys())


def laid(until: datetime = EVENING) -> tuple[Days, list[Act]]:
    days = Days.ending(until, official_calendar())
    return days, sample.with_weeks_before(days)


def by_matter(acts: Sequence[Act]) -> Mapping[str, list[Act]]:
    found: dict[str, list[Act]] = defaultdict(list)
    for act in acts:
        found[act.matter].append(act)
    return found


def dossiers(acts: Sequence[Act]) -> Mapping[str, list[Act]]:
    return by_matter([act for act in acts if act.door == DOSSIERS])


def filed(course: Sequence[Act]) -> Mapping[str, object]:
    assert course[0].command == FILED
    assert course[0].body is not None
    return course[0].body


def test_the_day_has_sixty_dossiers_over_twelve_procedures_and_fifteen_letters() -> None:
    acts = sample.the_day(Days.ending(EVENING, official_calendar()))
    courses = dossiers(acts)
    letters = read("letters.toml")["letter"]
    assert len(courses) == 60
    assert len({filed(course)["procedure"] for course in courses.values()}) == 12
    assert {filed(course)["unit"] for course in courses.values()} == {"19360"}
    assert len(letters) == len({letter["stage"] for letter in letters}) == 15
    assert sum(act.command == FILED for act in acts) == 75


def test_what_is_rare_happens_once() -> None:
    commands = Counter(act.command for act in sample.the_day(Days.ending(EVENING, official_calendar())))
    once = ("withdraw", "supply", "deliver", "publish", "guide", "file", "reopen", "transfer", "suspend", "rate")
    assert {name: commands[name] for name in once} == dict.fromkeys(once, 1)
    assert commands["decide"] == 2
    assert commands["refuse"] == 2, "a dossier and a complaint"


def test_the_weeks_before_go_over_several_units_that_offer_what_they_are_asked_for() -> None:
    _, acts = laid()
    known = {unit.code: unit for unit in units()}
    asked = {(str(filed(course)["unit"]), str(filed(course)["procedure"])) for course in dossiers(acts).values()}
    assert {unit for unit, _ in asked} == UNITS.keys()
    assert all(known[unit].level in seed(procedure).levels for unit, procedure in asked)
    assert min(act.at for act in acts) < EVENING - timedelta(days=60)


def test_it_is_the_same_each_time() -> None:
    assert laid() == laid()


@anytime
def test_nothing_happens_after_now_or_before_what_it_follows_from(until: datetime) -> None:
    _, acts = laid(until)
    assert acts == sorted(acts, key=lambda act: act.at)
    assert acts[-1].at <= until
    for course in by_matter(acts).values():
        instants = [act.at for act in course]
        assert instants == sorted(set(instants)), course[0].matter


def test_officers_work_in_office_hours() -> None:
    _, acts = laid()
    calendar, hours = official_calendar(), office_hours(EVENING.date())
    at_work = [act for act in acts if act.who.role not in {"citizen", "nobody"}]
    assert len(at_work) > 500
    for act in at_work:
        clock = act.at.astimezone(ZONE).time()
        assert calendar.is_working_day(act.at.date())
        assert any(opens <= clock <= closes for opens, closes in hours.periods), (
            f"{act.command} of {act.matter} {clock}"
        )


@pytest.mark.parametrize(
    ("until", "day"),
    [
        ("2026-11-26T17:30:00+07:00", "2026-11-26"), ("2026-11-26T09:00:00+07:00", "2026-11-26"), ("2026-11-26T08:59:00+07:00", "2026-11-25"),
        ("2026-11-22T12:00:00+07:00", "2026-11-20"), ("2026-11-23T01:00:00+07:00", "2026-11-20"),
    ],
)  # fmt: skip
def test_the_day_is_today_once_it_is_well_under_way_and_else_the_last_one_worked(until: str, day: str) -> None:
    assert Days.ending(datetime.fromisoformat(until), official_calendar()).day.isoformat() == day


def test_a_day_under_way_is_told_in_the_hours_it_has_had() -> None:
    days = Days.ending(datetime.fromisoformat("2026-11-26T12:01:00+07:00"), official_calendar())
    assert days.at("0 07:00").isoformat() == "2026-11-26T07:00:00+07:00"
    assert days.at("0 12:00").isoformat() == "2026-11-26T09:30:00+07:00"
    assert days.at("0 17:00").isoformat() == "2026-11-26T12:00:00+07:00"
    assert days.at("-1 12:00").isoformat() == "2026-11-25T12:00:00+07:00"


def test_a_moment_is_written_as_a_day_and_an_hour() -> None:
    assert parsed("-3 08:15")[0] == -3
    with pytest.raises(ValueError, match="not a moment"):
        parsed("8:15")


def test_nobody_in_it_is_real() -> None:
    _, acts = laid()
    told = json.dumps([act.body for act in acts], ensure_ascii=False)
    numbers = re.findall(r'"identity_no": "(\d+)"', told)
    phones = re.findall(r'"phone": "(\d+)"', told)
    emails = re.findall(r'"email": "([^"]+)"', told)
    assert len(numbers) == len(phones) > 250
    assert all(re.fullmatch(r"099\d{9}", number) for number in numbers), "099 is no province"
    assert all(re.fullmatch(r"010\d{7}", phone) for phone in phones), "010 was never given out"
    assert emails
    assert all(email.endswith(".example") for email in emails)
    assert len({person(n).identity_no for n in range(3100)}) == 3100


@anytime
def test_lots_are_short_of_one_day_and_about_different_matters(until: datetime) -> None:
    _, acts = laid(until)
    lots = list(moments(acts))
    assert [act for lot in lots for act in lot] == acts
    assert len(lots) < len(acts) / 2
    for lot in lots:
        assert lot[-1].at - lot[0].at < TOGETHER
        assert lot[0].at.date() == lot[-1].at.date()
        assert len({act.about for act in lot}) == len(lot)


def judged(course: Sequence[Act], days: Days) -> tuple[str, ...]:
    """What Form 06 of the sample day says of a dossier; nothing where it never entered."""
    first, commands = filed(course), {act.command: act for act in course}
    direct = first["channel"] == "direct"
    if not direct and "accept" not in commands:
        return ()
    channel = "other" if direct else "online"
    begun = course[0] if direct else commands["accept"]
    clock = start(
        rulebook().rule("one-stop.settlement", on=course[0].at.date()),
        begun.at,
        limit=seed(str(first["procedure"])).limit,
    )
    if "request-supplement" in commands:
        clock = clock.pause(commands["request-supplement"].at)
    if "supply" in commands:
        clock = clock.resume(commands["supply"].at)
    due_on = clock.due(official_calendar(), office_hours(days.day)).due_on
    done = commands.get("settle") or commands.get("withdraw")
    if done is None:
        assert due_on != days.day, f"{course[0].matter}: late or not, as the hour of starting has it"
        late = due_on is not None and due_on < days.day
        return (channel, "overdue" if late else "within", *(["paused"] if due_on is None else []))
    assert due_on is not None
    on = done.at.date()
    return (channel, "before" if on < due_on else "on" if on == due_on else "over")


def form(acts: Sequence[Act], days: Days) -> Mapping[tuple[str, str], Counter[str]]:
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for course in dossiers(acts).values():
        first = filed(course)
        found[str(first["unit"]), seed(str(first["procedure"])).field_name].update(judged(course, days))
    return found


def columns(counts: Counter[str]) -> tuple[int, ...]:
    return tuple(counts[name] for name in COLUMNS)


@anytime
def test_whenever_it_is_played_its_figures_are_those_counted_by_hand(until: datetime) -> None:
    days, acts = laid(until)
    found = form(acts, days)
    assert {field: columns(counts) for (unit, field), counts in found.items() if unit == "19360"} == WHOLE
    by_unit: dict[str, Counter[str]] = defaultdict(Counter)
    for (unit, _), counts in found.items():
        by_unit[unit].update(counts)
    assert {unit: columns(counts) for unit, counts in by_unit.items()} == UNITS
    alone = form(sample.the_day(days), days)
    assert {field: columns(counts) for (_, field), counts in alone.items()} == DAY


def test_the_dossier_that_is_shown_stood_still_and_went_on() -> None:
    _, acts = laid()
    commands = [act.command for act in acts if act.matter == SHOWN]
    assert commands == [FILED, "accept", "assign", "request-supplement", "supply"]
