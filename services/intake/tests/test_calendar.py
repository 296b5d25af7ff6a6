"""The calendar desk: two people, every open limit counted again, once for each that moved, and citizens told."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from services.intake import handlers
from services.intake.domain import SNAPSHOT, Dossier
from services.intake.domain.acts import (
    ActClosed,
    ActState,
    BadRule,
    NothingChanges,
    RuleUncited,
    SecondPersonNeeded,
    VersionKnown,
    YearAlreadyPublished,
)
from services.intake.handlers import Desk
from services.intake.tests.given import (
    COOPERATIVE,
    OTHER_UNIT,
    RESIDENCE,
    UNIT,
    citizen,
    facts_of,
    filed,
    hanoi,
    names_of,
    officer,
    submit,
)
from shared.contracts.envelope import derived_id
from shared.contracts.intake import CALENDAR
from shared.kernel import Caller, Stale
from shared.law import CalendarNotPublished, YearStatus
from shared.settings import Keys
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

CLERK, HANDLER, HEAD = officer("clerk"), Caller(officer("handler")), Caller(officer("head"))
FIRST, SECOND = Caller(officer("admin", subject="ad-1")), Caller(officer("admin", subject="ad-2"))
STORM = {"on": "2026-11-26", "worked": False, "vi": "Nghỉ tránh bão", "en": "Closed for a storm"}
PAPER = {"number": "Công điện 12/CĐ-UBND", "basis": "Luật Phòng, chống thiên tai"}


async def change(desk: Desk, content: Mapping[str, Any] = STORM, kind: str = "day") -> None:
    """An act of two people, in force, and every limit counted again."""
    act = await handlers.propose(desk, FIRST, kind, content, **PAPER)
    await handlers.confirm_act(desk, SECOND, act.id, 1)
    await count(desk)


async def count(desk: Desk, batch: int = 500) -> int:
    """Count until nothing waits; how many batches."""
    batches = 0
    while await handlers.count_limits_again(desk, batch):
        batches += 1
    return batches


async def now(desk: Desk, dossier: Dossier) -> Dossier:
    return await handlers.read_dossier(desk, CLERK, dossier.id)


async def moves(desk: Desk, dossier: Dossier) -> list[dict[str, Any]]:
    return [fact for name, fact in await facts_of(desk.works, dossier.id) if name == "deadline-moved"]


async def test_a_day_off_confirmed_by_a_second_person_moves_the_lawful_date_and_keeps_the_promise(desk: Desk) -> None:
    before = await submit(desk, CLERK)
    assert before.due_on == date(2026, 11, 27)

    await change(desk)

    after = await now(desk, before)
    assert (after.due_on, after.lawful_due_on) == (date(2026, 11, 30), date(2026, 11, 30))
    assert (after.promised_on, after.first_promised_on, after.version) == (date(2026, 11, 27), date(2026, 11, 27), 1)
    (moved,) = await moves(desk, before)
    told = ("old_due_on", "due_on", "promised_on", "lawful_due_on", "reason_class", "kind", "moved_to")
    assert [moved[name] for name in told] == [
        "2026-11-27", "2026-11-30", "2026-11-27", "2026-11-30", "calendar", "settlement", "2026-11-30",
    ]  # fmt: skip
    async with desk.works.reading() as connection:
        row = await connection.fetchrow(
            "SELECT due_on, revision, stage_at FROM deadline WHERE aggregate = $1", before.id
        )
    assert (row["due_on"], row["revision"]) == (date(2026, 11, 30), 2)
    assert row["stage_at"] == hanoi("2026-11-27 07:00")


async def test_what_is_filed_afterwards_counts_by_the_new_calendar_at_once_and_explains_it(desk: Desk) -> None:
    await change(desk)

    dossier = await submit(desk, CLERK)

    assert dossier.due_on == dossier.promised_on == date(2026, 11, 30)
    assert any("Nghỉ tránh bão" in step for step in handlers.explanation(desk, dossier, "vi"))


async def test_a_proposal_alone_changes_nothing_and_the_same_person_cannot_confirm_it(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)
    act = await handlers.propose(desk, FIRST, "day", STORM, **PAPER)

    with pytest.raises(SecondPersonNeeded):
        await handlers.confirm_act(desk, FIRST, act.id, 1)

    assert await count(desk) == 0
    assert (await now(desk, dossier)).due_on == date(2026, 11, 27)
    withdrawn = await handlers.withdraw_act(desk, FIRST, act.id, 1)
    assert withdrawn.state is ActState.WITHDRAWN
    with pytest.raises(Stale):
        await handlers.confirm_act(desk, SECOND, act.id, 1)
    with pytest.raises(ActClosed):
        await handlers.confirm_act(desk, SECOND, act.id, 2)


async def test_a_make_up_saturday_brings_the_lawful_date_forward_and_the_slip_s_day_stays(desk: Desk) -> None:
    before = await submit(desk, CLERK, filed(RESIDENCE))
    assert before.due_on == date(2026, 12, 3)

    await change(desk, {"on": "2026-11-28", "worked": True, "instead_of": "2027-01-04"})

    after = await now(desk, before)
    assert (after.lawful_due_on, after.due_on, after.promised_on) == (
        date(2026, 12, 2),
        date(2026, 12, 3),
        date(2026, 12, 3),
    )
    (moved,) = await moves(desk, before)
    assert (moved["moved_to"], moved["old_lawful_due_on"], moved["lawful_due_on"]) == (
        None,
        "2026-12-03",
        "2026-12-02",
    )
    assert handlers.explanation(desk, after, "vi")[-1].startswith("Giấy hẹn ghi ngày trả kết quả 03/12/2026")
    paused = await handlers.pause_dossier(
        desk, HANDLER, (await handlers.assign_dossier(desk, HEAD, after.id, 1, officer="cb-1")).id, 2, reason_class="court", reason="x"
    )  # fmt: skip
    resumed = await handlers.resume_dossier(desk, HANDLER, paused.id, 3)
    assert resumed.promised_on == resumed.lawful_due_on == date(2026, 12, 2)  # a new date is promised as the law has it


async def test_a_day_promised_by_an_apology_stays_when_the_lawful_one_moves(desk: Desk) -> None:
    before = await submit(desk, CLERK)
    moved = await handlers.move_appointment(
        desk, HEAD, before.id, 1, new_due_on=date(2026, 12, 1), reason_class="overload", reason="x", signer="cb-1"
    )

    await change(desk)

    after = await now(desk, moved)
    assert (after.due_on, after.promised_on, after.lawful_due_on, after.moved_by) == (
        date(2026, 12, 1), date(2026, 12, 1), date(2026, 11, 30), 1,
    )  # fmt: skip


async def test_a_limit_that_does_not_span_the_day_is_not_touched(desk: Desk) -> None:
    due_before, over = await submit(desk, CLERK), await submit(desk, CLERK)
    await handlers.settle_dossier(desk, HANDLER, over.id, 1, outcome="granted", number=None)

    await change(desk, {**STORM, "on": "2026-11-30"})

    assert await moves(desk, due_before) == await moves(desk, over) == []


async def test_an_online_dossier_s_limit_to_answer_moves_too_and_tells_nobody(desk: Desk, keys: Keys) -> None:
    waiting = await submit(desk, citizen(keys), filed(channel="online", components=[]))
    assert waiting.answer_due_at == hanoi("2026-11-25 08:15")

    await change(desk, {**STORM, "on": "2026-11-25"})

    after = await now(desk, waiting)
    assert after.answer_due_at == hanoi("2026-11-26 08:15")
    assert {(move["kind"], move["moved_to"]) for move in await moves(desk, waiting)} == {("answer", None)}


async def test_a_limit_that_stands_still_keeps_its_hours_and_tells_of_no_date(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)
    await handlers.assign_dossier(desk, HEAD, dossier.id, 1, officer="cb-1")
    paused = await handlers.pause_dossier(desk, HANDLER, dossier.id, 2, reason_class="court", reason="x")

    await change(desk)

    after = await now(desk, paused)
    assert (after.due_at, after.remaining_working_hours) == (None, paused.remaining_working_hours)
    assert await moves(desk, dossier) == []


async def test_a_breach_announced_before_a_storm_was_decreed_is_judged_anew(desk: Desk, clock: StandingClock) -> None:
    dossier = await submit(desk, CLERK)
    clock.at("2026-11-28T08:00:00+07:00")
    while await handlers.announce_stages(desk):
        pass
    await change(desk)
    clock.at("2026-12-01T08:00:00+07:00")
    while await handlers.announce_stages(desk):
        pass

    names = await names_of(desk.works, dossier.id)
    assert names[-3:] == ["deadline-moved", "deadline-warned", "deadline-breached"]
    assert names.count("deadline-breached") == 2  # one of each revision


async def test_settled_on_the_day_the_storm_gave_more_it_is_in_time(desk: Desk, clock: StandingClock) -> None:
    dossier = await submit(desk, CLERK)
    await change(desk)
    clock.at("2026-11-30T09:00:00+07:00")

    await handlers.settle_dossier(desk, HANDLER, dossier.id, 1, outcome="granted", number=None)

    _, settled = (await facts_of(desk.works, dossier.id))[-1]
    assert (settled["timing"], settled["promised_on"]) == ("on", "2026-11-27")


async def test_a_clerk_at_work_is_not_disturbed_by_the_counting(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)
    await change(desk)
    assert (await handlers.assign_dossier(desk, HEAD, dossier.id, 1, officer="cb-1")).version == 2


async def test_what_was_computed_by_the_old_law_meanwhile_is_found_by_the_second_look(
    desk: Desk, clock: StandingClock
) -> None:
    elsewhere = Desk(desk.works, desk.shelf, desk.together)  # another process, whose timer has not read the act yet
    await change(desk)
    late = await submit(elsewhere, CLERK)
    assert late.due_on == date(2026, 11, 27)

    clock.move(seconds=91)
    assert await count(desk) == 1

    assert (await now(desk, late)).lawful_due_on == date(2026, 11, 30)
    await handlers.refresh(elsewhere)
    assert (await submit(elsewhere, CLERK)).due_on == date(2026, 11, 30)


async def test_a_counting_that_was_stopped_goes_on_where_it_was_and_moves_each_limit_once(desk: Desk) -> None:
    made = [await submit(desk, CLERK) for _ in range(5)]
    act = await handlers.propose(desk, FIRST, "day", STORM, **PAPER)
    await handlers.confirm_act(desk, SECOND, act.id, 1)

    assert await handlers.count_limits_again(desk, 2)
    _, half = await handlers.read_act(desk, act.id)
    assert half is not None
    assert (half.seen, half.moved, half.finished) == (2, 2, False)
    assert await count(desk, 2) == 2

    assert [len(await moves(desk, each)) for each in made] == [1] * 5
    _, whole = await handlers.read_act(desk, act.id)
    assert whole is not None
    assert (whole.seen, whole.moved) == (5, 5)


async def test_a_provisional_year_is_published_once_and_what_runs_into_it_is_counted_again(
    desk: Desk, clock: StandingClock
) -> None:
    clock.at("2026-12-28T08:00:00+07:00")
    dossier = await submit(desk, CLERK, filed(RESIDENCE))
    assert dossier.provisional
    due_on = dossier.due_on
    content = {
        "off": [{"on": day, "vi": "Tết Dương lịch", "en": "New Year"} for day in ("2027-01-01", "2027-01-04")],
        "makeup": [],
    }

    year = await handlers.publish_year(desk, FIRST, 2027, 1, content, **PAPER)
    await count(desk)

    assert (year.version, year.record["status"]) == (2, "published")
    after = await now(desk, dossier)
    assert (due_on, after.due_on, after.provisional) == (date(2027, 1, 7), date(2027, 1, 8), False)
    with pytest.raises(YearAlreadyPublished):
        await handlers.publish_year(desk, FIRST, 2027, 2, content, **PAPER)
    with pytest.raises(Stale):
        await handlers.publish_year(desk, FIRST, 2027, 1, content, **PAPER)


async def test_a_year_nobody_knew_can_be_published_and_is_refused_by_its_number_until_then(
    desk: Desk, clock: StandingClock
) -> None:
    clock.at("2029-01-02T08:00:00+07:00")
    with pytest.raises(CalendarNotPublished, match="2029"):
        await submit(desk, CLERK)
    with pytest.raises(CalendarNotPublished, match="2029"):
        await handlers.read_year(desk, 2029)
    with pytest.raises(CalendarNotPublished, match="2029"):
        await handlers.propose(desk, FIRST, "day", {**STORM, "on": "2029-03-01"}, **PAPER)

    await handlers.publish_year(
        desk, FIRST, 2029, None, {"off": [{"on": "2029-01-01", "vi": "Tết", "en": "NY"}], "makeup": []}, **PAPER
    )

    assert desk.standing.law.calendar.status(2029) is YearStatus.PUBLISHED
    assert (await submit(desk, CLERK)).due_on == date(2029, 1, 5)


async def test_a_dossier_whose_new_date_lies_in_an_unknown_year_stays_and_is_counted(
    desk: Desk, clock: StandingClock
) -> None:
    clock.at("2028-12-27T08:00:00+07:00")
    dossier = await submit(desk, CLERK, filed(received_at=hanoi("2028-12-26 08:00"), late_entry_reason="mất điện"))
    assert dossier.due_on == date(2028, 12, 29)
    act = await handlers.propose(desk, FIRST, "day", {**STORM, "on": "2028-12-28"}, **PAPER)
    await handlers.confirm_act(desk, SECOND, act.id, 1)

    await count(desk)

    _, progress = await handlers.read_act(desk, act.id)
    assert progress is not None
    assert (progress.seen, progress.unknown, progress.moved) == (1, 1, 0)
    assert (await now(desk, dossier)).due_on == date(2028, 12, 29)


async def test_a_change_that_changes_nothing_is_refused(desk: Desk) -> None:
    await change(desk)
    with pytest.raises(NothingChanges):
        await handlers.propose(desk, FIRST, "day", STORM, **PAPER)
    with pytest.raises(NothingChanges):
        await handlers.propose(desk, FIRST, "day", {"on": "2026-11-27", "worked": True}, **PAPER)


async def test_a_day_off_taken_back_is_an_ordinary_working_day_again(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)
    await change(desk)
    await change(desk, {"on": "2026-11-26", "worked": True})
    after = await now(desk, dossier)
    assert (after.due_on, after.lawful_due_on) == (date(2026, 11, 27), date(2026, 11, 27))


SUMMER = {
    "unit": UNIT, "profile": {
        "id": "x", "valid_from": "2026-11-01", "valid_to": "2027-03-31", "periods": [["08:00", "12:00"], ["13:00", "16:00"]],
        "saturday": [["08:00", "11:00"]], "same_day_until": "15:00",
    },
}  # fmt: skip


async def test_office_hours_count_for_their_unit_alone_and_what_comes_on_a_saturday_of_duty_is_received(
    desk: Desk, clock: StandingClock
) -> None:
    here, there = (
        await submit(desk, CLERK),
        await submit(desk, officer("clerk", unit=OTHER_UNIT), filed(unit=OTHER_UNIT)),
    )

    await change(desk, SUMMER, "hours")

    assert (await now(desk, here)).due_at == hanoi("2026-11-27 16:00")
    assert await moves(desk, there) == []
    (moved,) = await moves(desk, here)
    assert (moved["reason_class"], moved["moved_to"]) == ("office-hours", None)
    clock.at("2026-11-28T09:00:00+07:00")
    assert (await submit(desk, CLERK)).due_on == date(2026, 12, 2)
    assert (await submit(desk, officer("clerk", unit=OTHER_UNIT), filed(unit=OTHER_UNIT))).due_on == date(2026, 12, 3)


async def test_every_change_is_published_whole_and_its_proposal_kept_in_the_history(desk: Desk) -> None:
    await change(desk)

    ((name, fact),) = await facts_of(desk.works, derived_id(CALENDAR, "year/2026"))

    assert (name, fact["status"], fact["key"]) == ("calendar-changed", "published", "year/2026")
    assert {"on": "2026-11-26", "vi": "Nghỉ tránh bão", "en": "Closed for a storm"} in fact["off"]
    async with desk.works.reading() as connection:
        kept = await connection.fetchrow("SELECT topic, actor FROM fact WHERE type LIKE '%law-act-proposed%'")
        published = await connection.fetchval(
            "SELECT count(*) FROM outbox o JOIN fact f ON f.id = o.fact WHERE f.topic = $1", CALENDAR
        )
    assert (kept["topic"], published) == (None, 1)


RULE = {
    "id": "one-stop.online-answer", "version": 3, "valid_from": "2026-11-23", "amounts": {"normal": "4wh"}, "legal_basis": "Nghị định 400/2026/NĐ-CP, Điều 3",
    "verified": True, "kinds": ["dossier"], "vi": "Trả lời hồ sơ trực tuyến", "en": "Answer to an online dossier",
}  # fmt: skip
MOVES = {"transition": "running-cases-move", "transition_basis": "Nghị định 400/2026/NĐ-CP, Điều 9"}


async def take_in(desk: Desk, row: Mapping[str, Any], by: str = "ad-1", and_: str = "ad-2") -> bool:
    async with desk.works.begin(FIRST) as work:
        taken = await handlers.take_in_rule(work, row, proposed_by=by, confirmed_by=and_)
    await handlers.refresh_law(desk)
    return taken


@pytest.mark.parametrize(
    ("row", "due"),
    [
        ({**RULE, **MOVES, "valid_from": "2026-11-24"}, "2026-11-23 14:15"),
        ({**RULE, "valid_from": "2026-11-24"}, "2026-11-25 08:15"),
    ],
    ids=["running cases move", "the old rule finishes"],
)
async def test_a_new_version_of_a_rule_takes_running_limits_over_on_its_first_day_where_it_says_so(
    desk: Desk, keys: Keys, clock: StandingClock, row: Mapping[str, Any], due: str
) -> None:
    running = await submit(desk, citizen(keys), filed(channel="online", components=[]))
    assert await take_in(desk, row)
    assert await count(desk) == 0  # not before its first day

    clock.at("2026-11-24T07:00:00+07:00")
    await count(desk)

    after = await now(desk, running)
    assert after.answer_due_at == hanoi(due)
    version = after.answer.clock.rule.version if after.answer and after.answer.clock.rule else None
    assert version == (3 if "transition" in row else 2)
    fresh = await submit(desk, citizen(keys), filed(channel="online", components=[]))
    assert fresh.answer is not None
    assert fresh.answer.clock.rule is not None
    assert fresh.answer.clock.rule.version == 3
    assert (
        await handlers.accept_dossier(desk, Caller(CLERK), fresh.id, 1)
    ).answer is not None  # read back from its row


async def test_a_rule_needs_two_people_a_citation_and_a_version_of_its_own(desk: Desk) -> None:
    with pytest.raises(SecondPersonNeeded):
        await take_in(desk, RULE, "ad-1", "ad-1")
    with pytest.raises(RuleUncited):
        await take_in(desk, {**RULE, "legal_basis": " "})
    with pytest.raises(RuleUncited):
        await take_in(desk, {**RULE, "transition": "running-cases-move"})
    with pytest.raises(BadRule, match="unexpected"):
        await take_in(desk, {**RULE, "colour": "red"})
    with pytest.raises(VersionKnown):
        await take_in(desk, {**RULE, "version": 2})
    assert await take_in(desk, RULE)
    assert not await take_in(desk, RULE)
    assert desk.standing.law.rules.version("one-stop.online-answer", 3).verified


async def multiply(desk: Desk, dossier: Dossier, times: int) -> None:
    """Copies of an accepted dossier, written by SQL, since filing takes longer."""
    names = ", ".join(f'"{name}"' for name in SNAPSHOT if name not in {"id", "code", "handler"})
    async with desk.works.reading() as connection:
        await connection.execute(
            f"""INSERT INTO dossier (id, code, {names}, person, components, corrections) SELECT gen_random_uuid(), d.code || '-' || n, {names}, person, components,
            corrections FROM dossier d, generate_series(1, {times}) n WHERE d.id = $1""",
            dossier.id,
        )
        await connection.execute("INSERT INTO stream SELECT id, 0, '' FROM dossier WHERE id <> $1", dossier.id)
        await connection.execute(
            """INSERT INTO deadline (aggregate, kind, rule, rule_version, clock, due_at, due_on, last_due_at, warn_at, breach_at, stage, stage_at)
            SELECT d.id, t.kind, rule, rule_version, clock, t.due_at, t.due_on, last_due_at, warn_at, breach_at, stage, stage_at
            FROM deadline t, dossier d WHERE t.aggregate = $1 AND d.id <> $1""",
            dossier.id,
        )


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [(1_000, math.inf), pytest.param(10_000, 30.0, marks=pytest.mark.full)],
    ids=["1000", "10000"],
)
async def test_every_open_limit_is_counted_again_within_half_a_minute(desk: Desk, limits: int, seconds: float) -> None:
    dossier = await submit(desk, CLERK, filed(COOPERATIVE))
    await multiply(desk, dossier, limits - 1)
    content = {"on": str(dossier.due_on), "worked": False, "vi": "Nghỉ", "en": "Closed"}
    act = await handlers.propose(desk, FIRST, "day", content, **PAPER)
    await handlers.confirm_act(desk, SECOND, act.id, 1)

    began = time.perf_counter()
    await count(desk)
    took = time.perf_counter() - began

    print(f"{limits} open limits counted again in {took:.1f} s, {limits / took:.0f} a second")  # noqa: T201 - the number is what is asked for
    async with desk.works.reading() as connection:
        query = "SELECT count(*), count(DISTINCT aggregate) FROM fact WHERE type LIKE '%deadline-moved%'"
        assert tuple(await connection.fetchrow(query)) == (limits, limits)
    assert took < seconds
