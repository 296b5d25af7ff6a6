"""Deadline rows: when a revision rises, which stage comes next, and that each is announced once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from shared.contracts.envelope import derived_id
from shared.kernel import system
from shared.store import deadlines
from shared.store.deadlines import Schedule, Stage
from shared.store.unit_of_work import Works
from shared.testing.clock import MONDAY_MORNING, StandingClock
from shared.testing.probe.lines import added

pytestmark = pytest.mark.postgres

LINE = derived_id("line", 0)
DUE = MONDAY_MORNING + timedelta(days=4, hours=8)
LATER = DUE + timedelta(days=7)


def running(due: datetime = DUE, aggregate: UUID = LINE, **changes: Any) -> Schedule:
    """A deadline that is warned of a day before and breached at the next midnight."""
    made = Schedule(
        aggregate,
        "settle",
        "one-stop",
        3,
        {"facts": []},
        due,
        due.date(),
        due - timedelta(days=1),
        due + timedelta(hours=9),
    )
    return replace(made, **changes)


PAUSED = running(due_at=None, due_on=None, warn_at=None, breach_at=None)
CLOSED_IN_TIME = running(closed_at=DUE - timedelta(hours=1))
CLOSED_LATE = running(closed_at=DUE + timedelta(days=2))


async def state(works: Works, *schedules: Schedule) -> None:
    """A handler that states these, each in a transaction of its own."""
    for schedule in schedules:
        async with works.begin(system("handler")) as work:
            work.record(added(schedule.aggregate))
            work.deadline(schedule)


async def sweep(works: Works, limit: int = 100) -> Sequence[Stage]:
    """One tick of a sweeper: the stages it announced."""
    async with works.begin(system("sweeper")) as work:
        stages = await deadlines.take(work, limit)
        for stage in stages:
            work.record(added(stage.aggregate), id=stage.id)
        await deadlines.advance(work, stages)
    return stages


async def row(works: Works) -> dict[str, Any]:
    async with works.reading() as db:
        return dict(await db.fetchrow("SELECT * FROM deadline"))


async def next_stage(works: Works) -> tuple[int, str, str | None]:
    """Revision, last stage announced, stage that comes next."""
    found = await row(works)
    return found["revision"], found["announced"], found["stage"]


async def test_a_new_deadline_is_warned_of_first(probe_works: Works) -> None:
    await state(probe_works, running())
    found = await row(probe_works)
    assert (found["revision"], found["announced"], found["stage"], found["stage_at"]) == (
        1,
        "none",
        "warn",
        DUE - timedelta(days=1),
    )
    assert (found["due_at"], found["due_on"], found["rule"], found["rule_version"]) == (DUE, DUE.date(), "one-stop", 3)
    assert found["clock"] == {"facts": []}


async def test_a_deadline_without_a_warning_goes_straight_to_its_breach(probe_works: Works) -> None:
    await state(probe_works, running(warn_at=None))
    assert await next_stage(probe_works) == (1, "none", "breach")


WARNED = "after the warning"
BREACHED = "after the breach"
MATRIX: list[tuple[str, str, list[Schedule], tuple[int, str, str | None]]] = [
    ("stated again", "", [running()], (1, "none", "warn")),
    ("stated again", WARNED, [running()], (1, "warn", "breach")),
    ("stated again", BREACHED, [running()], (1, "breach", None)),
    ("rule changed, date did not", WARNED, [running(rule_version=4)], (1, "warn", "breach")),
    ("moved", "", [running(LATER)], (2, "none", "warn")),
    ("moved", WARNED, [running(LATER)], (2, "none", "warn")),
    ("moved", BREACHED, [running(LATER)], (2, "none", "warn")),
    ("moved twice", "", [running(LATER), running(LATER + timedelta(days=1))], (3, "none", "warn")),
    ("moved and moved back", WARNED, [running(LATER), running()], (3, "none", "warn")),
    ("paused", "", [PAUSED], (1, "none", None)),
    ("paused", WARNED, [PAUSED], (1, "warn", None)),
    ("resumed with the same date", "", [PAUSED, running()], (1, "none", "warn")),
    ("resumed with the same date", WARNED, [PAUSED, running()], (1, "warn", "breach")),
    ("resumed with the same date", BREACHED, [PAUSED, running()], (1, "breach", None)),
    ("resumed with a later date", WARNED, [PAUSED, running(LATER)], (2, "none", "warn")),
    ("paused twice, the same date in the end", WARNED, [PAUSED, PAUSED, running()], (1, "warn", "breach")),
    ("closed in time", "", [CLOSED_IN_TIME], (1, "none", None)),
    ("closed in time", WARNED, [CLOSED_IN_TIME], (1, "warn", None)),
    ("closed late before the sweeper came", WARNED, [CLOSED_LATE], (1, "warn", "breach")),
    ("closed late", BREACHED, [CLOSED_LATE], (1, "breach", None)),
    ("closed in time, reopened", WARNED, [CLOSED_IN_TIME, running()], (1, "warn", "breach")),
    ("closed in time, reopened and moved", WARNED, [CLOSED_IN_TIME, running(LATER)], (2, "none", "warn")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "when", "schedules", "expected"), MATRIX, ids=[f"{what} {when}".strip() for what, when, *_ in MATRIX]
)
async def test_a_revision_rises_only_with_the_date_and_nothing_is_announced_again(
    probe_works: Works,
    clock: StandingClock,
    what: str,
    when: str,
    schedules: list[Schedule],
    expected: tuple[int, str, str | None],
) -> None:
    assert what
    await state(probe_works, running())
    if when:
        clock.now = DUE + timedelta(days=3) if when == BREACHED else DUE - timedelta(hours=3)
        while await sweep(probe_works):
            pass
    await state(probe_works, *schedules)
    assert await next_stage(probe_works) == expected


async def test_the_last_word_of_a_transaction_counts(probe_works: Works) -> None:
    async with probe_works.begin(system("handler")) as work:
        work.record(added(LINE))
        work.deadline(running())
        work.deadline(running(LATER))
    assert await row(probe_works) | {"due_at": LATER, "revision": 1} == await row(probe_works)


async def test_each_kind_of_an_aggregate_has_a_row_of_its_own(probe_works: Works, clock: StandingClock) -> None:
    async with probe_works.begin(system("handler")) as work:
        work.record(added(LINE))
        work.deadline(running())
        work.deadline(running(kind="answer"))
    clock.now = DUE
    assert sorted(stage.kind for stage in await sweep(probe_works)) == ["answer", "settle"]
    assert await sweep(probe_works) == []


async def test_warning_and_breach_come_once_each_at_their_time(probe_works: Works, clock: StandingClock) -> None:
    await state(probe_works, running())
    assert await sweep(probe_works) == []
    clock.now = DUE - timedelta(days=1)
    (warning,) = await sweep(probe_works)
    assert (warning.stage, warning.revision, warning.due_at, warning.due_on) == ("warn", 1, DUE, DUE.date())
    assert await sweep(probe_works) == []
    clock.now = DUE + timedelta(hours=9) - timedelta(microseconds=1)
    assert await sweep(probe_works) == []
    clock.now = DUE + timedelta(hours=9)
    (breach,) = await sweep(probe_works)
    assert (breach.stage, breach.stage_at) == ("breach", DUE + timedelta(hours=9))
    clock.move(days=365)
    assert await sweep(probe_works) == []


async def test_a_moved_deadline_is_announced_again_under_another_id(probe_works: Works, clock: StandingClock) -> None:
    await state(probe_works, running(warn_at=None))
    clock.now = LATER + timedelta(days=2)
    (first,) = await sweep(probe_works)
    await state(probe_works, running(LATER, warn_at=None))
    (second,) = await sweep(probe_works)
    assert (first.revision, second.revision) == (1, 2)
    assert first.id != second.id


async def test_a_clock_that_jumps_back_announces_nothing_twice(probe_works: Works, clock: StandingClock) -> None:
    await state(probe_works, running(warn_at=None))
    clock.now = DUE + timedelta(hours=9)
    assert len(await sweep(probe_works)) == 1
    clock.move(hours=-1)
    assert await sweep(probe_works) == []
    clock.move(hours=2)
    assert await sweep(probe_works) == []


async def many(works: Works, number: int) -> None:
    """Deadlines of as many lines, each due a minute after the one before; stated in one transaction."""
    async with works.begin(system("handler")) as work:
        for n in range(number):
            line = derived_id("many", n)
            work.record(added(line))
            work.deadline(running(DUE + timedelta(minutes=n), line, warn_at=None))


async def announced(works: Works) -> Counter[str]:
    async with works.reading() as db:
        rows = await db.fetch("SELECT envelope FROM fact WHERE sequence > 1 ORDER BY sequence")
    return Counter(msgspec.json.decode(row["envelope"])["subject"] for row in rows)


async def test_five_hundred_breaches_in_batches_of_a_hundred_come_once_each_oldest_first(
    probe_works: Works, clock: StandingClock
) -> None:
    await many(probe_works, 500)
    clock.now = DUE + timedelta(days=2)
    stages: list[Stage] = []
    sizes = []
    while batch := await sweep(probe_works, 100):
        stages += batch
        sizes.append(len(batch))
    assert sizes == [100] * 5
    assert [stage.aggregate for stage in stages] == [derived_id("many", n) for n in range(500)]
    assert await announced(probe_works) == dict.fromkeys((str(derived_id("many", n)) for n in range(500)), 1)


async def test_two_sweepers_at_once_announce_each_stage_once(probe_works: Works, clock: StandingClock) -> None:
    await many(probe_works, 300)
    clock.now = DUE + timedelta(days=2)

    async def sweeper() -> int:
        total = 0
        async with probe_works.reading() as db:
            while await db.fetchval(deadlines.OLDEST) is not None:
                total += len(await sweep(probe_works, 20))
        return total

    assert sum(await asyncio.gather(sweeper(), sweeper())) == 300
    assert await announced(probe_works) == dict.fromkeys((str(derived_id("many", n)) for n in range(300)), 1)


async def test_a_sweep_passes_over_what_a_handler_is_working_on(probe_works: Works, clock: StandingClock) -> None:
    await many(probe_works, 2)
    clock.now = DUE + timedelta(days=2)
    async with probe_works.begin(system("handler")) as work:
        work.record(added(derived_id("many", 0)))
        await work.flush()
        assert [stage.aggregate for stage in await sweep(probe_works)] == [derived_id("many", 1)]
    assert [stage.aggregate for stage in await sweep(probe_works)] == [derived_id("many", 0)]


async def test_a_sweeper_killed_before_its_commit_has_announced_nothing(
    probe_works: Works, clock: StandingClock
) -> None:
    await many(probe_works, 3)
    clock.now = DUE + timedelta(days=2)

    async def dies() -> None:
        async with probe_works.begin(system("sweeper")) as work:
            stages = await deadlines.take(work, 10)
            await deadlines.advance(work, stages)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await dies()
    assert len(await sweep(probe_works)) == 3


def test_the_ids_of_announcements_are_frozen() -> None:
    stage = Stage(UUID(int=1), "settle", "breach", 2, DUE, DUE, date(2026, 11, 27))
    assert str(stage.id) == "e7f9b83e-4db6-5139-ae18-b74a796677e0"
    assert (
        len(
            {replace(stage, stage="warn").id, replace(stage, revision=3).id, replace(stage, kind="answer").id, stage.id}
        )
        == 4
    )
    assert replace(stage, stage_at=LATER).id == stage.id
