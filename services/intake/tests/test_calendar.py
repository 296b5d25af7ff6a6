"""The calendar desk: a day off of two people moves the lawful dates, once for each that moved, and citizens are told."""

from __future__ import annotations

from datetime import date

import pytest

from services.intake import handlers
from services.intake.domain.acts import (
    ActClosed,
    ActState,
    NothingChanges,
    SecondPersonNeeded,
)
from services.intake.handlers import Desk
from services.intake.tests.given import (
    RESIDENCE,
    citizen,
    facts_of,
    filed,
    hanoi,
    names_of,
    submit,
)
from services.intake.tests.law import CLERK, FIRST, HANDLER, HEAD, PAPER, SECOND, STORM, change, count, moves, now
from shared.contracts.envelope import derived_id
from shared.contracts.intake import CALENDAR
from shared.kernel import Stale
from shared.settings import Keys
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


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
