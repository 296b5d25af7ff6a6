"""Deadlines: each stage of each revision is announced exactly once, oldest first, whoever sweeps."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.intake import handlers
from services.intake.domain import SNAPSHOT, Component, Dossier
from services.intake.handlers import Desk
from services.intake.tests.given import BIRTH, citizen, facts_of, filed, hanoi, names_of, officer, submit
from shared.kernel import Caller
from shared.settings import Keys
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

CLERK, HANDLER = officer("clerk"), Caller(officer("handler"))


async def sweep(desk: Desk, batch: int = 500) -> int:
    """Sweep until nothing waits; how many rounds announced something."""
    rounds = 0
    while await handlers.announce_stages(desk, batch):
        rounds += 1
    return rounds


async def announced(desk: Desk, kind: str = "deadline-breached") -> list[dict[str, Any]]:
    """What was announced, in the order it was written."""
    async with desk.works.reading() as connection:
        query = "SELECT f.envelope FROM outbox o JOIN fact f ON f.id = o.fact WHERE f.type LIKE '%' || $1 || '%' ORDER BY o.position"
        return [msgspec.json.decode(row["envelope"])["data"] for row in await connection.fetch(query, kind)]


async def multiply(desk: Desk, dossier: Dossier, times: int) -> None:
    """Copies of an accepted dossier, one second apart in their deadlines: written by SQL, since filing takes longer."""
    async with desk.works.reading() as connection:
        names = [name for name in SNAPSHOT if name not in {"id", "code", "handler"}]
        quoted = ", ".join(f'"{name}"' for name in names)
        await connection.execute(
            f"""INSERT INTO dossier (id, code, {quoted}, person, components) SELECT gen_random_uuid(), d.code || '-' || n, {quoted}, person, components
            FROM dossier d, generate_series(1, {times}) n WHERE d.id = $1""",
            dossier.id,
        )
        await connection.execute("INSERT INTO stream SELECT id, 0, '' FROM dossier WHERE id <> $1", dossier.id)
        await connection.execute(
            """INSERT INTO deadline (aggregate, kind, rule, rule_version, clock, due_at, due_on, last_due_at, breach_at, stage, stage_at)
            SELECT d.id, t.kind, rule, rule_version, clock, t.due_at, t.due_on, last_due_at, breach_at + n * interval '1 second', 'breach',
            breach_at + n * interval '1 second' FROM deadline t, (SELECT *, row_number() OVER (ORDER BY id) AS n FROM dossier) d
            WHERE t.aggregate = $1 AND d.id <> $1""",
            dossier.id,
        )


@pytest.mark.parametrize("sweepers", [1, 2])
async def test_five_hundred_overdue_dossiers_are_each_announced_once_oldest_first(
    desk: Desk, clock: StandingClock, sweepers: int
) -> None:
    dossier = await submit(desk, CLERK, filed(BIRTH))
    await multiply(desk, dossier, 499)
    clock.move(days=30)

    rounds = await asyncio.gather(*(sweep(desk, 100) for _ in range(sweepers)))
    await sweep(desk)

    breaches = await announced(desk)
    assert len({breach["dossier"] for breach in breaches}) == len(breaches) == 500
    assert all(breach["officer"] is None for breach in breaches)  # the unassigned are not passed over
    assert sum(rounds) >= 5  # a batch is a hundred
    if sweepers == 1:
        assert rounds == [5]
        assert all(first["occurred_at"] <= second["occurred_at"] for first, second in pairwise(breaches))


async def test_a_sweeper_goes_on_with_what_no_other_has_taken(desk: Desk, clock: StandingClock) -> None:
    await multiply(desk, await submit(desk, CLERK, filed(BIRTH)), 119)
    clock.move(days=30)

    async with desk.works.begin(Caller(CLERK)) as other:
        taken = "SELECT FROM deadline WHERE stage_at IS NOT NULL ORDER BY stage_at LIMIT 40 FOR UPDATE"
        await other.db.execute(taken)
        assert await sweep(desk, 40) == 2
        assert len(await announced(desk)) == 80

    await sweep(desk, 40)
    breaches = await announced(desk)
    assert len({breach["dossier"] for breach in breaches}) == len(breaches) == 120


async def test_a_sweep_asks_to_be_called_again_until_nothing_waits(desk: Desk, clock: StandingClock) -> None:
    for _ in range(3):
        await submit(desk, CLERK, filed(BIRTH))
    clock.move(days=30)

    assert [await handlers.announce_stages(desk, 2) for _ in range(3)] == [True, True, False]


async def test_after_an_outage_the_late_warning_and_the_breach_are_announced_in_one_go(
    desk: Desk, clock: StandingClock
) -> None:
    dossier = await submit(desk, CLERK)
    clock.move(days=30)

    await sweep(desk)

    assert (await names_of(desk.works, dossier.id))[2:] == ["deadline-warned", "deadline-breached"]


async def test_the_warning_comes_first_and_the_breach_at_midnight_after_the_due_day(
    desk: Desk, clock: StandingClock
) -> None:
    dossier = await submit(desk, CLERK)
    seen = {}
    for at in ("2026-11-26T06:59:59", "2026-11-26T07:00:00", "2026-11-27T23:59:59", "2026-11-28T00:00:00"):
        clock.at(f"{at}+07:00")
        await sweep(desk)
        await sweep(desk)
        seen[at] = (await names_of(desk.works, dossier.id))[2:]

    assert list(seen.values()) == [
        [],
        ["deadline-warned"],
        ["deadline-warned"],
        ["deadline-warned", "deadline-breached"],
    ]
    _, breach = (await facts_of(desk.works, dossier.id))[-1]
    assert breach["occurred_at"] == "2026-11-27T17:00:00Z"
    assert (breach["due_on"], breach["revision"], breach["kind"]) == ("2026-11-27", 1, "settlement")
    assert (await handlers.read_dossier(desk, CLERK, dossier.id)).version == 1  # a clerk at work is not disturbed


async def test_a_same_day_dossier_is_not_warned_of(desk: Desk, clock: StandingClock) -> None:
    dossier = await submit(desk, CLERK, filed(BIRTH))

    clock.move(days=2)
    await sweep(desk)

    assert (await names_of(desk.works, dossier.id))[2:] == ["deadline-breached"]


async def test_an_online_dossier_nobody_answers_is_breached_at_the_hour(
    desk: Desk, keys: Keys, clock: StandingClock
) -> None:
    dossier = await submit(desk, citizen(keys), filed(channel="online"))

    clock.at("2026-11-25T08:14:59+07:00")
    await sweep(desk)
    assert await names_of(desk.works, dossier.id) == ["dossier-submitted"]
    clock.at("2026-11-25T08:15:00+07:00")
    await sweep(desk)

    name, breach = (await facts_of(desk.works, dossier.id))[-1]
    assert (name, breach["kind"]) == ("deadline-breached", "answer")


async def test_what_was_settled_late_is_announced_still_and_once(desk: Desk, clock: StandingClock) -> None:
    dossier = await submit(desk, CLERK)

    clock.at("2026-11-30T09:00:00+07:00")
    await handlers.settle_dossier(desk, HANDLER, dossier.id, None, outcome="granted", number=None)
    await sweep(desk)
    await sweep(desk)

    told = await facts_of(desk.works, dossier.id)
    assert [name for name, _ in told][2:] == ["dossier-settled", "deadline-breached"]
    assert told[2][1]["timing"] == "over"


async def test_what_was_answered_late_is_announced_still(desk: Desk, keys: Keys, clock: StandingClock) -> None:
    dossier = await submit(desk, citizen(keys), filed(channel="online"))

    clock.at("2026-11-25T16:00:00+07:00")
    await handlers.accept_dossier(desk, Caller(CLERK), dossier.id, None)
    await sweep(desk)

    assert (await facts_of(desk.works, dossier.id))[-1][1]["kind"] == "answer"


@pytest.mark.parametrize("end", ["settle", "withdraw", "withdraw while papers are awaited"])
async def test_nothing_is_announced_of_what_ended_in_time(desk: Desk, clock: StandingClock, end: str) -> None:
    dossier = await submit(desk, CLERK)
    if end == "settle":
        await handlers.settle_dossier(desk, HANDLER, dossier.id, None, outcome="rejected", number=None)
    else:
        if "papers" in end:
            await ask(desk, dossier.id)
        await handlers.withdraw_dossier(desk, Caller(CLERK), dossier.id, None, reason_class="own-wish", reason="Thôi")

    clock.move(days=60)
    await sweep(desk)

    assert await announced(desk) == await announced(desk, "deadline-warned") == []


async def ask(desk: Desk, id: UUID) -> None:
    await handlers.request_supplement(
        desk, Caller(CLERK), id, None, components=["Căn cước"], reason="Thiếu", respond_by=None
    )


async def test_each_revision_is_warned_of_and_breached_once(desk: Desk, clock: StandingClock) -> None:
    dossier = await submit(desk, CLERK)
    clock.at("2026-11-26T08:00:00+07:00")
    await sweep(desk)  # the warning of the first date
    await ask(desk, dossier.id)

    clock.at("2026-12-10T08:00:00+07:00")
    await sweep(desk)  # while papers are awaited, nothing is near or past
    assert (await names_of(desk.works, dossier.id))[2:] == ["deadline-warned", "supplement-requested"]
    await handlers.supply_components(desk, Caller(CLERK), dossier.id, None, components=[Component("Căn cước", "copy")])
    clock.move(days=10)
    await sweep(desk)
    await sweep(desk)

    told = [(name, fact.get("revision"), fact.get("due_on")) for name, fact in await facts_of(desk.works, dossier.id)]
    assert told[2:] == [
        ("deadline-warned", 1, "2026-11-27"),
        ("supplement-requested", None, None),
        ("supplement-supplied", None, "2026-12-11"),
        ("deadline-warned", 2, "2026-12-11"),
        ("deadline-breached", 2, "2026-12-11"),
    ]


async def test_papers_asked_for_after_the_due_day_move_nothing_and_hide_nothing(
    desk: Desk, clock: StandingClock
) -> None:
    dossier = await submit(desk, CLERK)
    clock.at("2026-11-30T09:00:00+07:00")
    await ask(desk, dossier.id)
    await sweep(desk)

    assert [breach["due_on"] for breach in await announced(desk)] == ["2026-11-27"]
    row = await handlers.read_dossier(desk, CLERK, dossier.id)
    assert row.due_at == hanoi("2026-11-27 17:00")


async def test_a_dossier_somebody_works_on_is_announced_in_the_next_sweep(desk: Desk, clock: StandingClock) -> None:
    dossier = await submit(desk, CLERK)
    clock.move(days=30)

    async with desk.works.begin(Caller(CLERK)) as work:
        await work.db.execute("SELECT FROM stream WHERE id = $1 FOR UPDATE", dossier.id)
        assert await asyncio.wait_for(handlers.announce_stages(desk), 60) is False
    assert await announced(desk) == []

    await sweep(desk)
    assert len(await announced(desk)) == 1


async def test_a_clock_that_jumps_back_announces_nothing_early_and_nothing_twice(
    desk: Desk, clock: StandingClock
) -> None:
    dossier = await submit(desk, CLERK)
    clock.at("2026-11-27T23:30:00+07:00")
    await sweep(desk)
    clock.move(hours=1)
    await sweep(desk)
    clock.now -= timedelta(hours=1)
    await sweep(desk)

    assert (await names_of(desk.works, dossier.id))[2:] == ["deadline-warned", "deadline-breached"]
