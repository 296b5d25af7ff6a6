"""Acts that change the law's data: every limit that runs is counted again, once for each that moved, and nothing else is touched."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.complaints.domain import Case, Kind, Part
from services.complaints.domain.recounting import change, count_case_again
from services.complaints.handlers import commands, letters, recounting
from services.complaints.handlers.desk import Desk
from services.complaints.handlers.recounting import count_limits_again
from services.complaints.handlers.reference import copy_law
from services.complaints.tests import given
from services.complaints.tests.given import CLERK, HEAD, REMOTE_UNIT, SCREENER, UNIT, by, rows, stated
from shared.contracts.intake import CalendarChanged, OfficeHoursChanged, RuleChanged
from shared.kernel import system
from shared.law import Calendar, rulebook, shipped, write_rule, year_record
from shared.store import recount
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock
from shared.testing.waiting import wait_until

pytestmark = pytest.mark.postgres

ACT = UUID(int=1)
STORM = date(2026, 11, 26)
BEFORE: dict[str, Any] = {"occurred_at": datetime(2026, 11, 23, tzinfo=UTC), "act": ACT}


def without(*days: date, calendar: Calendar | None = None) -> CalendarChanged:
    """The year with these days off."""
    changed = calendar or shipped().calendar
    for day in days:
        changed = changed.with_day_off(day, "Nghỉ tránh bão", "Storm")
    return CalendarChanged(**BEFORE, key="year/2026", **year_record(changed, 2026, "Công điện 12"))


async def hear(desk: Desk, *facts: Any, batch: int = 500) -> int:
    """What intake says of the law, and everything that has to be counted now; how many batches."""
    async with desk.works.begin(system("test")) as work:
        await copy_law(work, facts)
    batches = 0
    while await count_limits_again(desk, batch):
        batches += 1
    return batches


async def moves(works: Works, aggregate: UUID) -> list[dict[str, Any]]:
    """The facts of limits that moved."""
    return [data for name, data in await stated(works, aggregate) if name.endswith("deadline-moved")]


async def due(works: Works, aggregate: UUID) -> dict[str, tuple[date, int]]:
    """By kind, when each limit is due and the revision of that day."""
    found = await rows(works, "SELECT kind, due_on, revision FROM deadline WHERE aggregate = $1", aggregate)
    return {row["kind"]: (row["due_on"], row["revision"]) for row in found}


async def seen(works: Works, case: Case) -> dict[str, Any]:
    """The row of a case."""
    (row,) = await rows(works, 'SELECT * FROM "case" WHERE id = $1', case.id)
    return row


async def test_what_another_command_moved_meanwhile_is_no_news_of_the_act(desk: Desk, works: Works) -> None:
    case = await given.opened(desk)
    async with works.pool.acquire() as other:
        async with other.transaction():
            await other.execute('SELECT 1 FROM "case" WHERE id = $1 FOR UPDATE', case.id)
            counting = asyncio.create_task(hear(desk, without(STORM)))
            await wait_until(lambda: _somebody_waits(works), what="the counting waits for the case")
            await other.execute("UPDATE deadline SET due_on = $2 WHERE aggregate = $1", case.id, date(2026, 12, 2))
        await counting
    assert [moved["old_due_on"] for moved in await moves(works, case.id)] == ["2026-12-02"]


async def _somebody_waits(works: Works) -> bool:
    """Whether a session of this database waits for a lock."""
    (row,) = await rows(
        works,
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    return bool(row["n"])


async def test_a_day_off_moves_the_limit_to_accept_a_complaint_and_keeps_its_version(desk: Desk, works: Works) -> None:
    case = await given.opened(desk)
    assert case.due_on == date(2026, 12, 3)

    await hear(desk, without(STORM))

    row = await seen(works, case)
    assert (row["due_on"], row["first_due_on"], row["version"]) == (date(2026, 12, 4), date(2026, 12, 3), case.version)
    assert await due(works, case.id) == {"acceptance": (date(2026, 12, 4), 2)}
    (moved,) = await moves(works, case.id)
    told = ("kind", "reason_class", "act", "old_due_on", "due_on", "moved_to", "recipient", "unit")
    assert [moved[name] for name in told] == [
        "acceptance", "calendar", str(ACT), "2026-12-03", "2026-12-04", "2026-12-04", str(case.recipient), UNIT,
    ]  # fmt: skip
    accepted = await commands.accept_case(
        desk, by(HEAD, case, seen=case.version), points=["Nội dung"], complex_grounds=(), learned_on=None, obstacle=None
    )
    assert accepted.version == case.version + 1  # nobody at work was disturbed


async def test_a_letter_that_nobody_has_read_yet_has_its_new_day_too(desk: Desk, works: Works) -> None:
    letter = await letters.register_letter(desk, CLERK, given.letter())
    assert letter.due_on == date(2026, 12, 1)

    await hear(desk, without(STORM))

    (moved,) = await moves(works, letter.id)
    assert (moved["kind"], moved["old_due_on"], moved["moved_to"]) == ("screening", "2026-12-01", "2026-12-02")
    (row,) = await rows(works, "SELECT due_on, version FROM submission WHERE id = $1", letter.id)
    assert (row["due_on"], row["version"]) == (date(2026, 12, 2), letter.version)


async def test_what_is_heard_twice_is_counted_and_announced_once(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    case = await given.opened(desk)
    await hear(desk, without(STORM))
    assert await hear(desk, without(STORM)) == 0
    clock.move(seconds=91)

    assert await hear(desk) == 1  # the second look finds nothing new
    assert len(await moves(works, case.id)) == 1


async def test_what_ended_before_and_what_does_not_span_the_day_is_not_touched(desk: Desk, works: Works) -> None:
    answered, early = await given.answered(desk), await given.opened(desk)
    late = without(date(2026, 12, 14))

    await hear(desk, late)

    assert await moves(works, answered.id) == await moves(works, early.id) == []


async def test_a_limit_in_calendar_days_moves_only_where_its_last_day_is_no_longer_worked(
    desk: Desk, works: Works
) -> None:
    case = await given.verifying(desk)
    assert case.due_on == date(2026, 12, 23)

    await hear(desk, without(STORM))
    assert await moves(works, case.id) == []
    await hear(desk, without(STORM, date(2026, 12, 23)))

    (moved,) = await moves(works, case.id)
    assert (moved["kind"], moved["due_on"]) == ("settlement", "2026-12-24")


async def test_a_suspended_limit_tells_of_no_date(desk: Desk, works: Works) -> None:
    case = await given.verifying(desk)
    await commands.suspend_case(desk, by(HEAD, case), ground="force-majeure", reason="Lũ")
    await hear(desk, without(STORM, date(2026, 12, 23)))
    assert await moves(works, case.id) == []
    assert (await seen(works, case))["due_on"] is None


async def test_the_days_of_a_transfer_are_the_offices_affair_and_nobody_is_told(desk: Desk, works: Works) -> None:
    case = await given.opened(desk, Kind.FEEDBACK)
    await commands.transfer_case(
        desk, by(HEAD, case), to_unit=given.OTHER_UNIT, reason_class="competence", reason="Không thuộc thẩm quyền"
    )

    await hear(desk, without(date(2026, 11, 25)))

    by_kind = {moved["kind"]: moved["moved_to"] for moved in await moves(works, case.id)}
    assert set(by_kind) == {"transfer", "answer"}
    assert by_kind["transfer"] is None
    assert by_kind["answer"] is not None


async def test_office_hours_of_one_unit_change_no_limit_here(desk: Desk, works: Works) -> None:
    case = await given.opened(desk)
    profile = {"valid_from": "2026-11-01", "periods": [["08:00", "12:00"]], "same_day_until": "11:00"}
    own = OfficeHoursChanged(**BEFORE, key=f"hours/{REMOTE_UNIT}", unit=REMOTE_UNIT, profiles=[profile])

    assert await hear(desk, own) == 0
    assert await moves(works, case.id) == []


async def test_a_version_of_a_rule_that_takes_running_cases_over_counts_from_its_first_day(
    desk: Desk, works: Works, clock: StandingClock
) -> None:
    case = await given.opened(desk)
    rule = rulebook().rule("complaint.acceptance", on=date(2026, 11, 23))
    row = {
        **write_rule(rule), "version": rule.version + 1, "amounts": {"normal": "10wd"}, "valid_from": "2026-12-01",
        "transition": "running-cases-move", "transition_basis": "Điều 9",
    }  # fmt: skip
    told = RuleChanged(**BEFORE, key="rule/complaint.acceptance", rule="complaint.acceptance", versions=[row])

    assert await hear(desk, told) == 0
    clock.at("2026-12-01T00:00:00+07:00")
    await hear(desk)

    (moved,) = await moves(works, case.id)
    told_of = ("reason_class", "kind", "old_due_on", "due_on")
    assert [moved[name] for name in told_of] == ["rule", "acceptance", "2026-12-03", "2026-12-08"]


async def test_a_counting_that_was_stopped_goes_on_where_it_was(desk: Desk, works: Works) -> None:
    made = [await given.opened(desk) for _ in range(3)]
    assert await hear(desk, without(STORM), batch=2) == 2
    assert [len(await moves(works, case.id)) for case in made] == [1, 1, 1]


async def test_a_case_that_breaks_is_passed_over_and_the_others_are_counted(
    desk: Desk, works: Works, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = [await given.opened(desk) for _ in range(3)]

    def broken(case: Case, *rest: Any) -> Any:
        if case.id == made[0].id:
            raise ZeroDivisionError
        return count_case_again(case, *rest)

    monkeypatch.setattr(recounting, "count_case_again", broken)
    await hear(desk, without(STORM))

    assert [len(await moves(works, case.id)) for case in made] == [0, 1, 1]
    assert await rows(works, recount.FAILED) == [{"coalesce": 1}]
    assert f"{made[0].id}: ZeroDivisionError" in caplog.text


def test_a_record_changes_from_its_first_to_its_last_day_that_is_another_one() -> None:
    law = shipped()
    record = year_record(law.calendar, 2026, "")
    two = year_record(law.calendar.with_day_off(STORM, "", "").with_day_off(date(2026, 12, 3), "", ""), 2026, "x")

    assert change(law, record, record) is None
    found = change(law, record, two)
    assert found is not None
    assert found.days == (STORM, date(2026, 12, 3))


_COPIES = """WITH made AS (SELECT gen_random_uuid() AS id, n FROM generate_series(1, $2::int) AS n),
s AS (INSERT INTO stream (id, sequence, head) SELECT m.id, s.sequence, s.head FROM made m, stream s WHERE s.id = $1),
d AS (INSERT INTO deadline SELECT (jsonb_populate_record(d, jsonb_build_object('aggregate', m.id))).* FROM made m, deadline d WHERE d.aggregate = $1)
INSERT INTO "case" SELECT (jsonb_populate_record(c, jsonb_build_object('id', m.id, 'code', c.code || '-' || m.n))).* FROM made m, "case" c WHERE c.id = $1"""


@pytest.mark.parametrize(
    "limits", [200, pytest.param(10_000, marks=[pytest.mark.full, pytest.mark.timeout(300)])], ids=["200", "10000"]
)
async def test_every_open_limit_is_counted_again_and_announced_once(desk: Desk, works: Works, limits: int) -> None:
    letter = await letters.register_letter(desk, CLERK, given.letter())
    _, (case,) = await letters.split_letter(desk, SCREENER, letter.id, None, [Part(Kind.COMPLAINT, "Phần đơn", UNIT)])
    await works.pool.execute(_COPIES, case.id, limits - 1, timeout=60)

    began = time.perf_counter()
    await hear(desk, without(STORM))
    took = time.perf_counter() - began

    print(f"{limits} open limits of cases counted again in {took:.1f} s")  # noqa: T201 - the number is what is asked for
    (told,) = await rows(
        works,
        "SELECT count(*) AS facts, count(DISTINCT aggregate) AS cases FROM fact WHERE type LIKE '%deadline-moved%'",
    )
    assert told == {"facts": limits, "cases": limits}
    assert limits < 10_000 or took < 30
