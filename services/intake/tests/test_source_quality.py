"""How well a source tells: silence against its habit, delays and clock, rejections, missing numbers; who may read it, and what is measured."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.intake import handlers
from services.intake.domain import Office
from services.intake.domain import source_quality as rules
from services.intake.domain.sources import Mandate, Quota
from services.intake.handlers import Desk, Watch
from services.intake.store import source_quality as store
from services.intake.tests.given import UNIT, hanoi
from services.intake.tests.talk import Talk
from services.intake.tests.vendor import (
    ADMIN,
    CODE,
    PUBLISHER,
    entry,
    every_reason,
    later,
    progressed,
    registered,
    send,
    upserted,
)
from shared.kernel import Caller, NotFound, Principal
from shared.law import office_hours, official_calendar
from shared.law.zone import local
from shared.testing.clock import StandingClock

NOW = hanoi("2026-11-23 08:30")
OFFICE = Office(official_calendar(), office_hours(NOW.date()))


def on_working_days(hour: str, *days: int) -> list[datetime]:
    return [hanoi(f"2026-11-{day:02} {hour}").astimezone(UTC) for day in days]


def test_a_delay_is_of_one_kind_and_the_quickest_says_what_the_clock_is() -> None:
    came = NOW
    said = [
        came + timedelta(minutes=3),
        came - timedelta(seconds=2),
        came - timedelta(hours=2),
        None,
        came - timedelta(days=3),
    ]

    lags = rules.lags_of([(time, came) for time in said])

    assert lags.counts == {"ahead": 1, "prompt": 1, "slow": 0, "late": 1, "stale": 1}
    assert (lags.events, lags.timed, lags.late, lags.least) == (5, 4, 2, -180)
    assert [rules.clock_of(skew) for skew in (None, 0, -30, 90, -3600)] == [None, "right", "right", "ahead", "behind"]


def test_a_source_heard_every_hour_is_silent_after_a_morning_and_one_heard_each_morning_after_two_days() -> None:
    days = (9, 10, 11, 12, 13, 16, 17, 18, 19, 20)
    hourly = [
        hour
        for day in days
        for text in ("08:00", "09:00", "10:00", "14:00", "15:00")
        for hour in on_working_days(text, day)
    ]
    each_morning = on_working_days("08:00", *days)

    assert rules.habit(hourly, OFFICE, NOW) == timedelta(hours=6)
    assert rules.habit(each_morning, OFFICE, NOW) == timedelta(hours=18)
    assert rules.habit(each_morning[:5], OFFICE, NOW) is None


def test_a_weekend_is_no_silence_and_a_configured_limit_goes_before_the_habit() -> None:
    friday = hanoi("2026-11-20 16:30")
    source, strict = entry(), entry(silence_hours=1)

    usual = rules.silence(source, friday, timedelta(hours=4), OFFICE, NOW)
    short = rules.silence(strict, friday, timedelta(hours=4), OFFICE, NOW)
    unknown = rules.silence(source, friday, None, OFFICE, NOW)

    assert (usual.state, usual.lasts) == ("regular", timedelta(hours=2))
    assert (short.state, short.limit, short.configured) == ("silent", timedelta(hours=1), True)
    assert (unknown.state, rules.silence(source, None, None, OFFICE, NOW).state) == ("learning", "never")


def test_one_never_heard_is_silent_by_its_configured_limit_alone_since_it_could_speak() -> None:
    monday = hanoi("2026-11-23 07:30")
    ready = entry(topics_at=hanoi("2026-11-20 15:30"))
    strict = entry(topics_at=ready.topics_at, silence_hours=3)

    found = [
        rules.silence(source, None, None, OFFICE, now)
        for source, now in (
            (ready, hanoi("2026-12-30 09:00")),
            (strict, monday),
            (strict, hanoi("2026-11-23 10:00")),
            (entry(silence_hours=3), hanoi("2026-12-30 09:00")),
            (replace(strict, units=(Mandate(UNIT, date(2026, 11, 23)),)), hanoi("2026-11-23 10:00")),
        )
    ]

    assert [each.state for each in found] == ["never", "never", "silent", "never", "never"]
    assert [each.lasts and each.lasts / timedelta(hours=1) for each in found] == [None, 2.0, 4.5, None, 3.0]


def test_what_was_heard_long_ago_is_silent_since_the_days_that_show_what_is_usual() -> None:
    found = rules.silence(entry(), NOW - timedelta(days=400), timedelta(hours=4), OFFICE, NOW)

    assert found.state == "silent"
    assert found.lasts is not None
    assert found.lasts < timedelta(days=rules.HABIT_DAYS)


def test_a_configured_limit_of_many_weeks_is_reached_too() -> None:
    source = entry(silence_hours=200)

    states = [rules.silence(source, NOW - timedelta(days=days), None, OFFICE, NOW).state for days in (20, 60, 400)]

    assert states == ["regular", "silent", "silent"]


@pytest.mark.postgres
async def test_every_event_is_accepted_waiting_or_rejected_in_the_report_and_each_reason_is_counted(desk: Desk, clock: StandingClock) -> None:  # fmt: skip
    await registered(desk, quota=Quota(events_per_second=1, burst=13))
    told = every_reason()
    await send(desk, *(each for each, _ in told))
    clock.move(seconds=1)
    await send(desk, told[0][0])

    found = await handlers.read_quality(desk, PUBLISHER, "tan-thanh")

    total = found.total
    assert (total.sent, total.accepted, total.waiting, total.rejected, total.duplicates) == (14, 1, 2, 11, 1)
    assert dict(found.waits_for) == {"dossier": 1, "procedure": 1}
    assert sum(found.reasons.values()) == 11
    assert found.reasons["clear-personal-data"] == 1
    assert [day.day for day in found.days][-1] == local(found.at).date()
    assert len(found.days) == 14


@pytest.mark.postgres
async def test_history_and_repeats_say_nothing_of_the_clock_and_waiting_is_no_sign_of_life(desk: Desk, clock: StandingClock) -> None:  # fmt: skip
    await registered(desk)
    now = clock()
    first = upserted({"backfill": True}, time="2026-11-01T08:00:00+07:00")
    await send(desk, first, progressed(4, data={"code": CODE[:-1] + "8"}, time=later(now, seconds=-3)))
    await send(desk, first)
    heard_at = clock()
    clock.now = heard_at + timedelta(days=8)

    await handlers.settle_waiting(desk)

    found = await handlers.read_quality(desk, ADMIN, "tan-thanh", 30)
    assert (found.lags.timed, found.lags.counts["prompt"], found.total.duplicates) == (1, 1, 1)
    assert found.skew == pytest.approx(-3)
    assert found.silence.heard_at == heard_at
    assert (found.total.rejected, found.reasons) == (1, {"waited-too-long": 1})


@pytest.mark.postgres
async def test_a_clock_ahead_is_seen_also_where_events_are_refused_for_it(desk: Desk, clock: StandingClock) -> None:
    await registered(desk)

    await send(desk, upserted(time=later(clock(), minutes=8)))

    found = await handlers.read_quality(desk, ADMIN, "tan-thanh")
    assert (found.clock, found.skew, found.lags.counts["ahead"]) == ("ahead", 480, 1)
    assert dict(found.reasons) == {"future-time": 1}


@pytest.mark.postgres
async def test_numbers_never_heard_of_are_named_by_series_and_counted(desk: Desk) -> None:
    await registered(desk)
    codes = [f"H50.44.12-261123-{number:04}" for number in (2, 3, 7)] + [
        "H50.44.12-261120-5000",
        "H50.44.12-261120-5002",
    ]
    await send(desk, *(upserted({"code": code}) for code in codes))

    found = await handlers.read_quality(desk, ADMIN, "tan-thanh")

    assert [(each.series, each.first, each.last) for each in found.missing] == [
        ("H50.44.12-261123", 1, 1), ("H50.44.12-261123", 4, 6), ("H50.44.12-261120", 5001, 5001),
    ]  # fmt: skip
    assert found.missing_number == 5


@pytest.mark.postgres
async def test_a_leap_is_another_range_of_numbers_and_a_dossier_that_waits_or_was_rejected_was_heard_of(desk: Desk) -> None:  # fmt: skip
    await registered(desk)
    series = "H50.44.12-261123"
    await send(
        desk,
        *(upserted({"code": f"{series}-{number}"}) for number in ("0001", "0004", "3000", "3002", "4000000000")),
        upserted({"code": f"{series}-0002", "procedure": "9.999999"}),
        upserted({"code": f"{series}-0003", "unit": "00001"}),
        upserted({"code": f"{series}-0005", "name": "An"}),
        progressed(4, data={"code": f"{series}-0006"}),
    )

    found = await handlers.read_quality(desk, ADMIN, "tan-thanh")

    assert [(each.first, each.last) for each in found.missing] == [(3001, 3001)]
    assert found.missing_number == 1


@pytest.mark.postgres
async def test_a_source_that_fell_silent_is_silent_however_long_ago(desk: Desk, clock: StandingClock) -> None:
    await registered(desk)
    for day in range(2, 21):
        clock.now = hanoi(f"2026-11-{day:02} 09:00")
        await send(desk, upserted({"code": f"H50.44.12-2611{day:02}-0001"}))
    measured = Measured()
    watch = Watch(desk, measured)
    clock.now += timedelta(days=70)

    found = await handlers.read_quality(desk, ADMIN, "tan-thanh")
    (glance,) = await handlers.read_glances(desk)
    await handlers.watch_sources(watch)

    assert (found.silence.state, found.silence.limit) == ("silent", timedelta(hours=18))
    assert glance.silence == found.silence
    assert measured.silence.values["tan-thanh"] > measured.silence_limit.values["tan-thanh"] == 18 * 3600


@pytest.mark.postgres
async def test_a_source_heard_once_or_twice_and_then_no_more_is_silent_after_a_week(desk: Desk, clock: StandingClock) -> None:  # fmt: skip
    await registered(desk)
    await send(desk, upserted())

    clock.move(days=3)
    soon = (await handlers.read_quality(desk, ADMIN, "tan-thanh")).silence
    clock.move(days=6)
    late = (await handlers.read_quality(desk, ADMIN, "tan-thanh")).silence

    assert (soon.state, soon.limit) == ("learning", None)
    assert (late.state, late.limit) == ("silent", rules.LONGEST_UNKNOWN)


@pytest.mark.postgres
async def test_the_report_is_for_the_source_and_for_those_who_run_the_installation(talk: Talk, desk: Desk) -> None:
    await registered(desk)
    await send(desk, upserted({"name": "An"}))
    mine = talk.token("publisher", subject="tan-thanh")

    shown = (await talk.get("/sources/tan-thanh/quality?days=2", mine, accept_language="en")).json()

    assert shown["reasons"] == [
        {"reason": "clear-personal-data", "events": 1, "detail": "The event holds personal data in clear and was not kept. Send it in contact_sealed, or not at all for a denunciation."}
    ]  # fmt: skip
    assert (shown["total"]["sent"], shown["total"]["rejected"], len(shown["days"])) == (1, 1, 2)
    assert (shown["silence"]["state"], shown["silence"]["office_hours"]) == ("learning", 0)
    for token, status in (
        (talk.token("admin"), 200),
        (talk.token("ops"), 200),
        (talk.token("publisher", subject="other"), 404),
        (talk.token("clerk"), 403),
    ):
        assert (await talk.get("/sources/tan-thanh/quality", token)).status_code == status
    with pytest.raises(NotFound):
        await handlers.read_quality(desk, Principal("other", frozenset({"publisher"})), "tan-thanh")


class Told:
    """What a gauge was set to, by source."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def set(self, amount: float, attributes: Any) -> None:
        self.values[attributes["source"]] = amount


class Counted:
    """What a counter was raised by, by source and outcome."""

    def __init__(self) -> None:
        self.values: Counter[tuple[str, str]] = Counter()

    def add(self, amount: float, attributes: Any) -> None:
        self.values[attributes["source"], attributes["outcome"]] += int(amount)


class Measured:
    """What those on duty are told."""

    def __init__(self) -> None:
        self.silence, self.silence_limit, self.skew, self.waiting = Told(), Told(), Told(), Told()
        self.events = Counted()


@pytest.mark.postgres
async def test_those_on_duty_are_told_of_every_active_source_but_not_of_sandboxes(desk: Desk, clock: StandingClock) -> None:  # fmt: skip
    await registered(desk, silence_hours=2)
    await registered(desk, "thu", principal="thu", sandbox=True)
    await registered(desk, "moi", principal="moi")
    await send(
        desk,
        upserted(time=later(clock(), seconds=-5)),
        upserted({"unit": "00001"}),
        progressed(2, data={"code": CODE[:-1] + "9"}),
    )
    measured = Measured()
    watch = Watch(desk, measured)
    clock.now = hanoi("2026-11-23 14:30")

    assert not await handlers.watch_sources(watch)

    assert measured.waiting.values == {"tan-thanh": 1, "moi": 0}
    assert measured.silence_limit.values == {"tan-thanh": 7200}
    assert measured.silence.values["tan-thanh"] > 7200
    assert measured.skew.values["tan-thanh"] == pytest.approx(5, abs=300)
    assert measured.events.values == {("tan-thanh", "accepted"): 0, ("tan-thanh", "rejected"): 0}
    await send(desk, upserted({"unit": "00001"}))
    await handlers.watch_sources(watch)
    assert measured.events.values == {("tan-thanh", "accepted"): 0, ("tan-thanh", "rejected"): 1}


@pytest.mark.postgres
async def test_what_is_usual_is_looked_at_again_after_an_hour(desk: Desk, clock: StandingClock) -> None:
    await registered(desk)
    watch = Watch(desk, Measured())
    await handlers.watch_sources(watch)
    async with desk.works.begin(Caller(ADMIN)) as work:
        for day in range(4, 21):
            hour = hanoi(f"2026-11-{day:02} 09:00")
            await work.db.execute("INSERT INTO source_hour VALUES ('tan-thanh', $1, 1, 0, 1, 0, 0, 0, 1)", hour)
        await work.db.execute("UPDATE source SET heard_at = $1", hour)
    await handlers.watch_sources(watch)
    before = watch.habits["tan-thanh"]
    clock.now += timedelta(minutes=61)

    await handlers.watch_sources(watch)

    assert (before, watch.habits["tan-thanh"]) == (None, timedelta(hours=18))
    async with desk.works.reading() as connection:
        assert len((await store.active(connection, "tan-thanh", timedelta(days=28)))["tan-thanh"]) == 17
