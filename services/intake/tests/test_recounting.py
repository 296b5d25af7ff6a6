"""Every open limit counted again: while clerks work, after a stop, and ten thousand of them."""

from __future__ import annotations

import math
import time
from datetime import date
from typing import Any

import pytest

from services.intake import domain, handlers
from services.intake.domain import SNAPSHOT, Dossier
from services.intake.domain.recounting import count_again
from services.intake.handlers import Desk, calendar
from services.intake.tests.given import (
    COOPERATIVE,
    filed,
    submit,
)
from services.intake.tests.law import CLERK, FIRST, HEAD, PAPER, SECOND, STORM, change, count, moves, now
from shared.store import recount
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


async def test_a_clerk_at_work_is_not_disturbed_by_the_counting(desk: Desk) -> None:
    dossier = await submit(desk, CLERK)
    await change(desk)
    assert (await handlers.assign_dossier(desk, HEAD, dossier.id, 1, officer="cb-1")).version == 2


async def test_what_was_computed_by_the_old_law_meanwhile_is_found_by_the_second_look(
    desk: Desk, clock: StandingClock
) -> None:
    elsewhere = Desk(desk.works, desk.shelf)  # another process, whose timer has not read the act yet
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


async def test_a_dossier_that_breaks_is_passed_over_and_the_others_are_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = [await submit(desk, CLERK) for _ in range(5)]
    guilty = {made[1].id, made[4].id}

    def broken(dossier: Dossier, **rest: Any) -> Any:
        if dossier.id in guilty:
            raise ZeroDivisionError
        return count_again(dossier, **rest)

    monkeypatch.setattr(calendar, "count_again", broken)
    act = await handlers.propose(desk, FIRST, "day", STORM, **PAPER)
    await handlers.confirm_act(desk, SECOND, act.id, 1)
    await count(desk, 4)

    assert [len(await moves(desk, each)) for each in made] == [1, 0, 1, 1, 0]
    _, progress = await handlers.read_act(desk, act.id)
    assert progress is not None
    assert (progress.seen, progress.moved, progress.failed) == (5, 3, 2)
    assert [f"{each}: ZeroDivisionError" in caplog.text for each in sorted(guilty)] == [True, True]

    monkeypatch.undo()
    async with desk.works.reading() as db:
        assert await recount.anew(db) == 1
    await count(desk, 4)
    assert [len(await moves(desk, each)) for each in made] == [1] * 5
    async with desk.works.reading() as db:
        assert (await recount.anew(db), await db.fetchval(recount.FAILED)) == (0, 0)


async def test_a_procedure_whose_limit_to_be_published_breaks_stops_no_counting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier = await submit(desk, CLERK)
    signed = await desk.works.pool.execute(
        "UPDATE procedure SET signed_on = '2026-11-20', published_at = NULL WHERE code = $1", dossier.procedure
    )
    monkeypatch.setattr(domain, "publicity", lambda *_: 1 / 0)

    act = await handlers.propose(desk, FIRST, "day", STORM, **PAPER)
    await handlers.confirm_act(desk, SECOND, act.id, 1)
    await count(desk)

    _, progress = await handlers.read_act(desk, act.id)
    assert progress is not None
    assert (signed, progress.moved, progress.failed) == ("UPDATE 1", 1, 1)


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
