"""Consumers on a real broker: places, rebalances, zombies, other logs, outages of the database, a dead fetcher."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import GroupAuthorizationFailedError

from shared.bus import topics
from shared.bus.arrival import Arrival, Raw
from shared.bus.consumer import Consumer, Listener
from shared.bus.door import Door, Entry, Rests
from shared.bus.watchdog import Pulse, watch
from shared.contracts.envelope import derived_id
from shared.contracts.intake import DOSSIERS, UNITS
from shared.store.unit_of_work import Work, Works
from shared.telemetry.metrics import Metrics
from shared.telemetry.setup import Telemetry
from shared.testing.kafka import consuming, reading, send
from shared.testing.probe.lines import added, fold, listener, unit_listener
from shared.testing.records import envelope_of
from shared.testing.stack import TestStack
from shared.testing.waiting import settles_at, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.kafka]

LINES = [derived_id("consumed", n) for n in range(30)]


@pytest.fixture
def metrics(telemetry: Telemetry) -> Metrics:
    return telemetry.metrics


async def publish(stack: TestStack, prefix: str, first: int, last: int) -> None:
    """Facts `first` to `last` of every line; the amount of each is its sequence."""
    await send(
        stack.bootstrap,
        [
            (prefix + DOSSIERS, str(line).encode(), envelope_of(added(line, n), n), ())
            for n in range(first, last + 1)
            for line in LINES
        ],
    )


def totals(last: int) -> dict[UUID, tuple[int, int]]:
    return dict.fromkeys(LINES, (last * (last + 1) // 2, last))


async def lines(works: Works) -> dict[UUID, tuple[int, int]]:
    async with works.reading() as db:
        return {row["id"]: (row["total"], row["last_sequence"]) for row in await db.fetch("SELECT * FROM probe_line")}


async def applied(works: Works, last: int) -> None:
    async def all_there() -> bool:
        return await lines(works) == totals(last)

    await wait_until(all_there, what=f"all lines stand at {last}")


async def places(works: Works) -> dict[tuple[str, int], int]:
    async with works.reading() as db:
        return {(row["topic"], row["partition"]): row["next"] for row in await db.fetch("SELECT * FROM offsets")}


async def test_a_new_consumer_reads_from_the_beginning_and_its_place_is_in_the_database(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    await publish(stack, own, 1, 3)
    async with consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own) as consumer:
        await applied(probe_works, 3)
        await wait_until(lambda: consumer.lag() == (0, 0.0))
    assert sum((await places(probe_works)).values()) == 90
    await publish(stack, own, 4, 4)
    async with consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own) as consumer:
        await applied(probe_works, 4)
        await settles_at(30, lambda: consumer.consumed["consumed"], "consumed")
        assert consumer.consumed == {"applied": 30, "consumed": 30}


async def test_three_members_that_come_and_go_apply_every_fact_once(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    async with AsyncExitStack() as leaving:

        async def join() -> Consumer:
            return await leaving.enter_async_context(
                consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own)
            )

        members = [await join()]
        writing = asyncio.create_task(publish(stack, own, 1, 20))
        members += await asyncio.gather(join(), join())
        await writing
        await wait_until(lambda: all(member.place.next for member in members), what="each member has partitions")
        assert sum(len(member.place.next) for member in members) == 12
        writing = asyncio.create_task(publish(stack, own, 21, 30))
        await members[1].subscriber.stop()
        await writing
        await applied(probe_works, 30)
        async with probe_works.reading() as db:
            assert await db.fetchval("SELECT count(*) FROM parked") == 0
        await settles_at(900, lambda: sum(member.consumed["applied"] for member in members), "applied")


async def test_a_zombie_whose_offsets_were_moved_finds_its_place_again(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    async with consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own) as consumer:
        await publish(stack, own, 1, 2)
        await applied(probe_works, 2)
        async with probe_works.pool.acquire() as db:
            await db.execute("UPDATE offsets SET next = 0")
        await publish(stack, own, 3, 3)
        await applied(probe_works, 3)
        await wait_until(lambda: consumer.consumed["duplicate"] > 0)
        await settles_at(90, lambda: consumer.consumed["applied"], "applied")


@pytest.mark.parametrize("change", ["cluster = 'another-one'", "next = next + 1000"])
async def test_another_log_than_before_is_read_from_its_beginning(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str, change: str
) -> None:
    await publish(stack, own, 1, 2)
    async with consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own):
        await applied(probe_works, 2)
    async with probe_works.pool.acquire() as db:
        await db.execute(f"UPDATE offsets SET {change}")
    await publish(stack, own, 3, 3)
    async with consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own) as consumer:
        await applied(probe_works, 3)
        await wait_until(lambda: consumer.consumed["consumed"] == 90)
        assert consumer.consumed == {"applied": 30, "duplicate": 60, "consumed": 90}
    async with probe_works.reading() as db:
        assert await db.fetchval("SELECT count(DISTINCT cluster) FROM offsets") == 1
        assert await db.fetchval("SELECT max(cluster) FROM offsets") == await topics.cluster_id(stack.bootstrap)


async def test_database_sessions_killed_in_mid_transaction_cost_nothing_but_time(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    kills = [True, True]

    async def apply(work: Work, arrivals: Sequence[Arrival]) -> None:
        await fold(work, arrivals)
        if kills:
            kills.pop()
            session = await work.db.fetchval("SELECT pg_backend_pid()")
            async with probe_works.reading() as other:
                await other.execute("SELECT pg_terminate_backend($1, 5000)", session)

    async with consuming(stack.bootstrap, probe_works, listener(apply=apply), metrics, prefix=own) as consumer:
        await publish(stack, own, 1, 4)
        await applied(probe_works, 4)
        assert not kills
        assert await places(probe_works)
        await wait_until(lambda: consumer.error is None)
        async with probe_works.reading() as db:
            assert await db.fetchval("SELECT count(*) FROM parked") == 0


async def test_poison_on_the_wire_parks_its_key_and_the_rest_flows(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    key, topic = str(LINES[0]).encode(), own + DOSSIERS
    await send(
        stack.bootstrap,
        [
            (topic, key, b"\x00\xff", [("ce_type", b"\xff\xfe")]),
            (topic, key, None, []),
            (topic, None, b"no key", []),
            *((topic, str(line).encode(), envelope_of(added(line, 1), 1), [("bad", b"\xff\x00")]) for line in LINES),
        ],
    )
    async with consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own) as consumer:
        await wait_until(lambda: consumer.consumed["consumed"] == 33)
        assert consumer.consumed == {"applied": 29, "parked": 3, "held": 1, "consumed": 33}
    assert await lines(probe_works) == dict.fromkeys(LINES[1:], (1, 1))


async def test_a_compacted_topic_is_read_below_a_prefix_with_its_tombstones(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    seen: list[bytes | None] = []

    async def apply(_work: Work, arrivals: Sequence[Arrival]) -> None:
        seen.extend(arrival.raw.value for arrival in arrivals if arrival.tombstone)

    await send(stack.bootstrap, [(own + UNITS, b"19360", None, [])])
    async with consuming(stack.bootstrap, probe_works, unit_listener(apply), metrics, prefix=own):
        await wait_until(lambda: seen == [None])


async def test_a_subscriber_that_no_longer_fetches_is_restarted(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    async with consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own) as consumer:
        await publish(stack, own, 1, 1)
        await applied(probe_works, 1)
        dead = consumer.subscriber.consumer
        dead._fetcher._fetch_task.cancel()
        watching = asyncio.create_task(watch(consumer, stale=1.5, every=0.1))
        await wait_until(lambda: consumer.subscriber.consumer not in {dead, None}, what="another client")
        await publish(stack, own, 2, 2)
        await applied(probe_works, 2)
        watching.cancel()


async def test_a_subscriber_whose_heartbeat_died_is_restarted_though_it_still_fetches_from_empty_partitions(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    async with consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own) as consumer:
        await publish(stack, own, 1, 1)
        await applied(probe_works, 1)
        dead = consumer.subscriber.consumer
        _stop_the_heart(dead)
        watching = asyncio.create_task(watch(consumer, stale=2, every=0.1))
        await wait_until(lambda: consumer.subscriber.consumer not in {dead, None}, what="another client")
        await publish(stack, own, 2, 2)
        await applied(probe_works, 2)
        assert not consumer.dead
        watching.cancel()


async def test_a_door_whose_coordination_ended_before_it_had_any_topic_is_restarted_and_finds_the_next_one(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    taken: list[bytes | None] = []

    async def take(_work: Work, records: Sequence[Raw], _patient: Collection[str]) -> Rests:
        taken.extend(record.value for record in records)
        return Rests()

    door = Door.of(Entry("probe.door", r"strange\.[a-z]+", take), probe_works, stack.bootstrap, metrics, own)
    async with reading(door):
        await wait_until(lambda: door.polled_at > 0, what="a poll")
        dead = door.subscriber.consumer
        _end_the_coordination(dead)
        await topics.sync(stack.bootstrap, prefix=own, topics=[topics.Topic("strange.new", 1)])
        await send(stack.bootstrap, [(f"{own}strange.new", b"k", b"v", ())])
        watching = asyncio.create_task(watch(door, stale=2, every=0.1))
        await wait_until(lambda: taken == [b"v"], seconds=60, what="the record of the new topic")
        watching.cancel()


def test_a_reader_without_partitions_is_well_while_its_polls_are_answered(stack_free: Consumer) -> None:
    long_ago, now = time.monotonic() - 3600, time.monotonic()
    pulse, stack_free.polled_at = Pulse(stack_free, long_ago), now
    assert (pulse.why_dead(45), pulse.is_well(45)) == ("", True)
    stack_free.polled_at = long_ago
    assert pulse.why_dead(45).startswith("unassigned, no poll")
    assert not pulse.is_well(45)


@pytest.fixture
def stack_free(probe_works: Works, metrics: Metrics) -> Consumer:
    """A consumer whose client has no partition: as a door nobody writes to, or one member too many."""
    consumer = Consumer(listener(), probe_works, "", metrics)
    consumer.subscriber = SimpleNamespace(consumer=SimpleNamespace(assignment=frozenset))
    return consumer


def _end_the_coordination(client: Any) -> None:
    """What aiokafka does with an error it did not expect of its group: the task ends, and every poll fails from then on."""
    ended = asyncio.get_running_loop().create_future()
    ended.set_exception(AssertionError("probe"))
    client._coordinator._coordination_task.cancel()
    client._coordinator._coordination_task = ended


def _stop_the_heart(client: Any) -> None:
    """What aiokafka does with an error it did not expect from a heartbeat: the task ends, and every poll fails from then on."""

    async def forbidden() -> None:
        raise GroupAuthorizationFailedError("probe")

    client._coordinator._do_heartbeat = forbidden


async def test_a_subscriber_whose_heart_stops_after_every_restart_is_given_up(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forbidden(_self: GroupCoordinator) -> None:
        raise GroupAuthorizationFailedError("probe")

    async with consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own) as consumer:
        monkeypatch.setattr(GroupCoordinator, "_heartbeat_routine", forbidden)
        _stop_the_heart(consumer.subscriber.consumer)
        watching = asyncio.create_task(watch(consumer, stale=1.5, every=0.1, hopeless=1))
        await wait_until(lambda: consumer.dead, what="the watchdog gives up")
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_a_subscriber_that_fetches_is_left_alone(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    async with consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own) as consumer:
        alive = consumer.subscriber.consumer
        began = time.monotonic()
        watching = asyncio.create_task(watch(consumer, stale=6, every=0.05))
        for last in range(1, 5):
            await publish(stack, own, last, last)
            await applied(probe_works, last)
        await wait_until(lambda: consumer.polled_at > began + 6.5, what="polls for longer than stale")
        assert consumer.subscriber.consumer is alive
        watching.cancel()


async def test_a_static_member_comes_back_to_its_partitions(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    for last in (1, 2):
        await publish(stack, own, last, last)
        async with consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own, slot="0") as consumer:
            await applied(probe_works, last)
            assert consumer.subscriber.consumer._group_instance_id == "probe.lines-0"


async def test_two_consumers_of_one_service_have_places_of_their_own(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    counted: list[int] = []

    async def count(_work: Work, arrivals: Sequence[Arrival]) -> None:
        counted.append(len(arrivals))

    second = Listener("probe.counter", listener().catalogue, {DOSSIERS: count})
    await publish(stack, own, 1, 2)
    async with (
        consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own),
        consuming(stack.bootstrap, probe_works, second, metrics, prefix=own),
    ):
        await applied(probe_works, 2)
        await wait_until(lambda: sum(counted) == 60)


async def test_lag_counts_the_records_that_wait(
    stack: TestStack, probe_works: Works, metrics: Metrics, own: str
) -> None:
    async with consuming(stack.bootstrap, probe_works, listener(), metrics, prefix=own) as consumer:
        await publish(stack, own, 1, 1)
        await applied(probe_works, 1)
        await wait_until(lambda: consumer.lag() == (0, 0.0))
        tp = next(iter(tp for tp, place in consumer.place.next.items() if place > 0))
        consumer.place.next[TopicPartition(*tp)] -= 1
        assert consumer.lag()[0] == 1
