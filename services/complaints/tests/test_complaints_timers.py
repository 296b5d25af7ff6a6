"""What the clock says with nobody asking: each stage of each limit is announced exactly once."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from services.complaints.domain import Kind, Part
from services.complaints.handlers import commands, letters
from services.complaints.handlers.announcing import announce_stages
from services.complaints.handlers.desk import Desk
from services.complaints.tests import given
from services.complaints.tests.given import CLERK, HANDLER, HEAD, by, rows, stated
from services.complaints.timers import timers
from shared.contracts.envelope import derived_id
from shared.kernel import Caller
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

ANNOUNCED = "SELECT type, count(*) AS n FROM fact WHERE type LIKE '%deadline-%' GROUP BY 1 ORDER BY 1"


async def swept(desk: Desk) -> None:
    """Sweep until nothing that has come is left; a stage that was announced lets the next one come."""
    while await rows(desk.works, "SELECT 1 FROM deadline WHERE stage_at <= $1 LIMIT 1", desk.works.clock()):
        await announce_stages(desk)


async def announced(works: Works) -> dict[str, int]:
    return {
        row["type"].removeprefix("vn.gandan.").removesuffix(".v1"): row["n"] for row in await rows(works, ANNOUNCED)
    }


async def test_a_case_is_warned_of_and_its_breach_stated_exactly_once_each(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    case = await given.opened(desk, Kind.FEEDBACK)
    await commands.assign_case(desk, by(HEAD, case), officer="cb-01")
    await swept(desk)
    assert await announced(works) == {}
    clock.at("2026-12-07T07:00:00+07:00")
    await swept(desk)
    clock.at("2026-12-08T23:59:59+07:00")
    await swept(desk)
    assert await announced(works) == {"deadline-warned": 1}
    clock.at("2026-12-09T00:00:00+07:00")
    for _ in range(3):
        await swept(desk)
    assert await announced(works) == {"deadline-warned": 1, "deadline-breached": 1}
    (_, warned), (_, breached) = (await stated(works, case.id))[-2:]
    assert (warned["officer"], warned["kind"]) == ("cb-01", "answer")
    assert {name: breached[name] for name in ("case", "code", "unit", "kind", "revision", "due_on", "officer")} == {
        "case": str(case.id), "code": case.code, "unit": case.unit, "kind": "answer", "revision": 1, "due_on": "2026-12-08", "officer": "cb-01",
    }  # fmt: skip
    assert breached["recipient"] == str(case.recipient)
    (fact,) = await rows(works, "SELECT id FROM fact WHERE type = 'vn.gandan.deadline-breached.v1'")
    assert fact["id"] == derived_id("deadline", case.id, "answer", "breach", "2026-12-08", 1)


async def test_a_letter_nobody_screens_is_announced_under_its_own_name(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    letter = await letters.register_letter(desk, CLERK, given.letter())
    clock.at("2026-12-02T00:00:00+07:00")
    await swept(desk)
    assert [kind for kind, _ in await stated(works, letter.id)] == [
        "submission-registered",
        "submission-deadline-warned",
        "submission-deadline-breached",
    ]


async def test_what_was_done_in_time_is_never_announced_and_what_was_done_late_still_is(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    await given.answered(desk)
    late = await given.opened(desk, Kind.FEEDBACK)
    clock.at("2026-12-09T09:00:00+07:00")
    await commands.assign_case(desk, by(HEAD, late), officer="cb-01")
    await commands.answer_case(desk, by(HANDLER, late), outcome="explained", text="…")
    await swept(desk)
    assert (await announced(works))["deadline-breached"] == 1
    assert [kind for kind, _ in await stated(works, late.id)][-1] == "deadline-breached"


async def test_a_suspended_complaint_is_not_announced_and_after_its_resumption_it_is_again(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    case = await given.verifying(desk)
    clock.move(days=10)
    await commands.suspend_case(desk, by(HEAD, case), ground="force-majeure", reason="Bão")
    clock.at("2027-01-04T09:00:00+07:00")
    await swept(desk)
    assert await announced(works) == {}
    await commands.resume_case(desk, by(HEAD, case), reason="Hết bão")
    clock.at("2027-01-26T09:00:00+07:00")
    await swept(desk)
    assert await announced(works) == {"deadline-warned": 1, "deadline-breached": 1}
    assert (await stated(works, case.id))[-1][1]["revision"] == 2


async def test_an_extension_moves_the_breach(desk: Desk, works: Works, clock: StandingClock) -> None:
    case = await given.verifying(desk)
    await commands.extend_case(desk, by(HEAD, case), ground="several-places", reason="Ba xã")
    clock.at("2026-12-24T09:00:00+07:00")
    await swept(desk)
    assert "deadline-breached" not in await announced(works)
    clock.at("2027-01-08T09:00:00+07:00")
    await swept(desk)
    assert (await announced(works))["deadline-breached"] == 1


async def test_a_reopened_case_can_be_late_again(desk: Desk, works: Works, clock: StandingClock, keys: Keys) -> None:
    me = Caller(given.citizen(keys))
    late = await given.opened(desk, Kind.FEEDBACK)
    clock.at("2026-12-09T09:00:00+07:00")
    await swept(desk)
    await commands.assign_case(desk, by(HEAD, late), officer="cb-01")
    await commands.answer_case(desk, by(HANDLER, late), outcome="explained", text="…")
    await commands.reopen_case(desk, by(me, late), reason_class="not-answered", reason="…")
    clock.at("2027-01-04T09:00:00+07:00")
    await swept(desk)
    assert await announced(works) == {"deadline-warned": 2, "deadline-breached": 2}
    breaches = [data["revision"] for kind, data in await stated(works, late.id) if kind == "deadline-breached"]
    assert breaches == [1, 2]


async def test_a_transfer_nobody_answers_is_announced_to_the_unit_that_is_accountable(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    case = await given.opened(desk)
    await commands.transfer_case(desk, by(HEAD, case), to_unit=given.OTHER_UNIT, reason_class="not-competent", reason="…")  # fmt: skip
    clock.at("2026-12-14T09:00:00+07:00")
    await swept(desk)
    breached = [data for kind, data in await stated(works, case.id) if kind == "deadline-breached"]
    assert [(data["kind"], data["unit"], data["due_on"]) for data in breached] == [
        ("transfer", given.UNIT, "2026-12-01")
    ]


async def test_120_late_cases_are_announced_once_each_by_two_sweepers_in_small_batches(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    for _ in range(12):
        parts = [Part(Kind.FEEDBACK, "…", given.UNIT) for _ in range(10)]
        letter = await letters.register_letter(desk, CLERK, given.letter())
        await letters.split_letter(desk, given.SCREENER, letter.id, None, parts)
    clock.at("2027-01-04T09:00:00+07:00")

    async def sweeper() -> None:
        while await rows(works, "SELECT 1 FROM deadline WHERE stage_at IS NOT NULL LIMIT 1"):
            await announce_stages(desk, 25)

    await asyncio.gather(sweeper(), sweeper())
    assert await announced(works) == {"deadline-warned": 120, "deadline-breached": 120}


async def test_the_timer_sweeps_and_says_whether_more_waits(desk: Desk, clock: StandingClock) -> None:
    timer, *_ = timers(desk, sweep_seconds=0.5)
    assert (timer.name, timer.seconds) == ("complaints.deadlines", 0.5)
    await given.opened(desk, Kind.FEEDBACK)
    clock.at("2027-01-04T09:00:00+07:00")
    assert await timer.once() is False
    timer.tick = partial(announce_stages, desk, 1)
    assert await timer.once() is True
    assert timer.error is None
