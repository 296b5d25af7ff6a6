"""A batch that fails, wholly or for some of its records, leaves nothing half done: on a real database, with batches made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import pytest

from shared.bus.arrival import Arrival
from shared.bus.sorting import GUILTY_PER_MINUTE
from shared.bus.tests.mistakes import BugError, amount_is, buggy
from shared.contracts.envelope import derived_id
from shared.kernel import Refused
from shared.store.unit_of_work import Work, Works
from shared.telemetry.setup import Telemetry
from shared.testing.probe.lines import added, fold, listener
from shared.testing.records import Fed, Log, fed

pytestmark = pytest.mark.postgres

LINE, OTHER, THIRD = (derived_id("line", n) for n in range(3))


@pytest.mark.parametrize("step", ["sorted", "applied", "effects"])
async def test_a_failure_at_any_step_before_the_commit_leaves_nothing(lines: Fed, log: Log, step: str) -> None:
    def fail(where: str) -> None:
        if where == step:
            raise ConnectionError("gone")

    lines.consumer.failpoint = fail
    records = [log.fact(added(LINE), 1), log.fact(added(LINE), 2)]
    await lines.offer(*records)
    assert (await lines.lines(), await lines.next(), lines.counts()) == ({}, 0, {})
    lines.consumer.failpoint = lambda _where: None
    await lines.give(*records)
    assert (await lines.lines(), await lines.next()) == ({LINE: (2, 2)}, 2)


async def test_a_failure_after_the_commit_doubles_nothing(lines: Fed, log: Log) -> None:
    def fail(where: str) -> None:
        if where == "committed":
            raise ConnectionError("the answer to COMMIT was lost")

    lines.consumer.failpoint = fail
    records = [log.fact(added(LINE), 1), log.fact(added(LINE), 2)]
    await lines.offer(*records)
    lines.consumer.failpoint = lambda _where: None
    await lines.offer(*records)
    assert (await lines.lines(), await lines.next()) == ({LINE: (2, 2)}, 2)


async def test_a_handler_bug_parks_its_record_and_later_ones_of_its_key_only(
    probe_works: Works, telemetry: Telemetry, log: Log
) -> None:
    lines = fed(probe_works, listener(apply=buggy(amount_is(13), BugError("13"))), telemetry.metrics)
    batch = [
        log.fact(added(key, 13 if (key, n) == (LINE, 2) else 1), n) for n in (1, 2, 3) for key in (LINE, OTHER, THIRD)
    ]
    await lines.give(*batch)
    assert await lines.lines() == {LINE: (1, 1), OTHER: (3, 3), THIRD: (3, 3)}
    assert await lines.parked() == [(2, "handler"), (3, "behind")]
    await lines.give(log.fact(added(LINE), 4), log.fact(added(OTHER), 4))
    assert await lines.parked() == [(2, "handler"), (3, "behind"), (4, "behind")]
    assert lines.counts() == {"applied": 8, "parked": 1, "held": 2, "consumed": 11}
    async with probe_works.reading() as db:
        assert await db.fetchval("SELECT detail FROM parked WHERE reason = 'handler'") == "BugError: 13"
        assert await db.fetchval("SELECT held FROM applied WHERE key = $1", LINE) == 3


async def test_a_wrong_argument_of_a_handler_is_a_bug_and_not_a_passing_trouble(
    probe_works: Works, telemetry: Telemetry, log: Log
) -> None:
    async def apply(work: Work, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            await work.db.execute("SELECT $1::int", "no number" if arrival.key == LINE else 1)

    lines = fed(probe_works, listener(apply=apply), telemetry.metrics)
    await lines.give(log.fact(added(LINE), 1), log.fact(added(OTHER), 1))
    assert (await lines.parked(), await lines.sequence(OTHER)) == ([(1, "handler")], 1)


async def test_a_healed_fact_whose_handler_fails_is_kept_again(
    probe_works: Works, telemetry: Telemetry, log: Log
) -> None:
    lines = fed(probe_works, listener(apply=buggy(amount_is(13), BugError("13"))), telemetry.metrics)
    await lines.give(log.fact(added(LINE, 13), 2), log.fact(added(LINE), 3))
    await lines.give(log.fact(added(LINE), 1))
    assert await lines.lines() == {LINE: (1, 1)}
    assert await lines.parked() == [(2, "handler"), (3, "behind")]
    assert lines.counts() == {"held": 3, "applied": 1, "parked": 1, "consumed": 5}


async def test_a_refusal_is_counted_and_its_fact_is_behind_us(
    probe_works: Works, telemetry: Telemetry, log: Log
) -> None:
    class NotNow(Refused):
        """No."""

    lines = fed(probe_works, listener(apply=buggy(amount_is(13), NotNow())), telemetry.metrics)
    await lines.give(log.fact(added(LINE), 1), log.fact(added(LINE, 13), 2), log.fact(added(LINE), 3))
    assert (await lines.lines(), await lines.parked()) == ({LINE: (2, 3)}, [])
    assert lines.counts() == {"applied": 2, "refused": 1, "consumed": 3}


TRANSIENT = [
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.AdminShutdownError("bye"),
    ConnectionResetError(),
    TimeoutError(),
]


@pytest.mark.parametrize("error", TRANSIENT, ids=lambda error: type(error).__name__)
async def test_a_passing_trouble_rolls_the_batch_back_and_parks_nothing(
    probe_works: Works, telemetry: Telemetry, log: Log, error: Exception
) -> None:
    answers = [error, None]

    async def apply(work: Work, arrivals: Sequence[Arrival]) -> None:
        await fold(work, arrivals)
        if (trouble := answers.pop(0)) is not None:
            raise trouble

    lines = fed(probe_works, listener(apply=apply), telemetry.metrics)
    records = [log.fact(added(LINE), 1), log.record(str(OTHER).encode(), b"garbage")]
    await lines.offer(*records)
    assert (await lines.lines(), await lines.parked(), await lines.next(), lines.counts()) == ({}, [], 0, {})
    assert lines.consumer.error is not None
    await lines.give(*records)
    assert (await lines.lines(), await lines.parked()) == ({LINE: (1, 1)}, [(None, "not-an-envelope")])


async def test_a_member_whose_partition_was_moved_by_another_writes_nothing(
    lines: Fed, log: Log, probe_works: Works
) -> None:
    records = [log.fact(added(LINE), 1), log.fact(added(LINE), 2)]

    def another_member(where: str) -> None:
        if where == "sorted":
            lines.consumer.place.next.clear()

    await lines._find_places(records)
    lines.consumer.failpoint = another_member
    async with probe_works.pool.acquire() as db:
        await db.execute("UPDATE offsets SET next = 2")
    await lines.consumer.batch(records)
    assert (lines.consumer.error or "").startswith("Lost")
    assert (await lines.lines(), await lines.next(), lines.counts()) == ({}, 2, {})


async def test_records_below_our_place_are_dropped_and_the_place_is_looked_up_again(lines: Fed, log: Log) -> None:
    records = [log.fact(added(LINE), n) for n in (1, 2, 3)]
    await lines.give(*records)
    await lines.consumer.batch(records[:2])
    assert (await lines.lines(), lines.counts()["consumed"]) == ({LINE: (3, 3)}, 3)
    assert not lines.consumer.place.next


async def test_records_of_a_partition_without_a_place_are_dropped(lines: Fed, log: Log) -> None:
    await lines.consumer.batch([log.fact(added(LINE), 1)])
    assert (await lines.lines(), lines.counts()) == ({}, {})


async def test_too_many_guilty_records_in_a_minute_stop_the_consumer(lines: Fed, log: Log) -> None:
    key: UUID = OTHER
    await lines.offer(*(log.record(str(key).encode(), b"garbage") for _ in range(GUILTY_PER_MINUTE + 1)))
    assert (lines.consumer.error or "").startswith("Broken")
    assert (await lines.parked(), await lines.next()) == ([], 0)


async def test_guilty_records_are_counted_once_however_often_their_batch_is_tried(
    probe_works: Works, telemetry: Telemetry, log: Log
) -> None:
    lines = fed(probe_works, listener(apply=buggy(amount_is(13), BugError("13"))), telemetry.metrics)
    garbage = [log.record(str(derived_id("g", n)).encode(), b"garbage") for n in range(60)]
    await lines.give(*garbage, log.fact(added(LINE, 13), 1))
    assert lines.counts() == {"parked": 61, "consumed": 61}


async def test_facts_stated_by_a_rolled_back_attempt_are_not_recorded(
    probe_works: Works, telemetry: Telemetry, log: Log
) -> None:
    async def apply(work: Work, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            work.record(added(derived_id("own", arrival.key)), cause=arrival.cause(work.now))
        if any(map(amount_is(13), arrivals)):
            raise BugError("13")

    lines = fed(probe_works, listener(apply=apply), telemetry.metrics)
    await lines.give(
        log.fact(added(LINE), 1), log.fact(added(OTHER, 13), 1), log.fact(added(THIRD), 1), log.fact(added(LINE), 2)
    )
    async with probe_works.reading() as db:
        own = await db.fetch("SELECT key, sequence FROM fact ORDER BY key, sequence")
    expected = sorted(
        [(str(derived_id("own", LINE)), 1), (str(derived_id("own", LINE)), 2), (str(derived_id("own", THIRD)), 1)]
    )
    assert [tuple(row) for row in own] == expected
