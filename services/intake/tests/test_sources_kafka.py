"""The Kafka door of source systems: any client, any topic of the pattern, the same rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from services.intake import handlers
from services.intake.consumers import Sources
from services.intake.domain.sources import PATIENCE, Quota, Reason
from services.intake.handlers import Desk
from services.intake.store import sources as store
from services.intake.tests.vendor import QUOTA, delivered, every_reason, progressed, registered, upserted
from shared.bus.arrival import Raw
from shared.bus.broker import bounded_stop, connect_forever, make_broker
from shared.bus.door import FEW, Door
from shared.bus.place import Place
from shared.kernel import system
from shared.moments import uuid7
from shared.telemetry.setup import Telemetry
from shared.testing.clock import StandingClock
from shared.testing.kafka import send
from shared.testing.stack import TestStack
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.kafka]


def record(topic: str, told: Any) -> tuple[str, bytes, bytes, list[tuple[str, bytes]]]:
    body = told if isinstance(told, bytes) else msgspec.json.encode(told)
    return topic, b"H50.44.12-261123-0007", body, []


def binary(topic: str, told: dict[str, Any]) -> tuple[str, bytes, bytes, list[tuple[str, bytes]]]:
    headers = [(f"ce_{name}", str(value).encode()) for name, value in told.items() if name != "data"]
    return topic, told["subject"].encode(), msgspec.json.encode(told["data"]), headers


@asynccontextmanager
async def opened(sources: Sources, telemetry: Telemetry, readers: int = 1) -> AsyncIterator[list[Door]]:
    """So many readers of the sources' door at work."""
    broker, works = make_broker(sources.bootstrap, "sources"), sources.desk.works
    doors = [
        Door.of(sources.entry(), works, sources.bootstrap, telemetry.metrics, sources.prefix) for _ in range(readers)
    ]
    for door in doors:
        door.subscribe(broker)
    await connect_forever(broker, lambda _error: None)
    try:
        yield doors
    finally:
        await bounded_stop(broker)


async def with_topics(desk: Desk, stack: TestStack, *names: str, **changes: Any) -> Sources:
    """The door of these sources, with topics of its own."""
    sources = Sources(desk, stack.bootstrap, f"t{uuid7().hex[-12:]}.", 1)
    for name in names:
        await registered(desk, name, **changes)
    await sources.make_topics()
    return sources


def five_each(sources: Sources, *names: str) -> list[Any]:
    """Records of five dossiers of each source, in turns."""
    return [
        record(f"{sources.prefix}sources.{name}", upserted({"code": f"H50.44.12-261123-{n:04}"}, source=name))
        for n, name in enumerate(names * 5, 1)
    ]


async def test_events_come_by_topics_made_before_and_after_the_door_opened(
    desk: Desk, stack: TestStack, telemetry: Telemetry
) -> None:
    sources, told = await with_topics(desk, stack, "tan-thanh"), upserted()
    async with opened(sources, telemetry):
        topic = f"{sources.prefix}sources.tan-thanh"
        await send(stack.bootstrap, [record(topic, told), binary(topic, told), record(topic, b"\xff"), record(topic, progressed(9))])  # fmt: skip
        await wait_until(lambda: ended(desk, 3), seconds=60)
        await registered(desk, "hai-lang")
        await sources.make_topics()
        await send(stack.bootstrap, [record(f"{sources.prefix}sources.hai-lang", upserted(source="tan-thanh"))])
        await wait_until(lambda: ended(desk, 4), seconds=90)

    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT source, door, status, reason FROM source_event ORDER BY seq")
        twice = await db.fetchval("SELECT number FROM source_tally WHERE source = 'tan-thanh' AND what = 'duplicate'")
    assert [tuple(row) for row in rows] == [
        ("tan-thanh", "kafka", "accepted", None), ("tan-thanh", "kafka", "rejected", "schema"),
        ("tan-thanh", "kafka", "accepted", None), ("hai-lang", "kafka", "rejected", "source-mismatch"),
    ]  # fmt: skip
    assert twice == 1


class Nameless(str):
    """The name of a header in bytes that are no text, as a client of another make may write it."""

    __slots__ = ()

    def encode(self, *_args: Any) -> bytes:
        return b"ce_\xff"


async def test_a_record_with_a_header_nobody_can_name_is_rejected_and_costs_no_other_its_events(
    desk: Desk, stack: TestStack, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = await with_topics(desk, stack, "tan-thanh", "hai-lang", "xa-hung")
    await send(stack.bootstrap, five_each(sources, "tan-thanh", "hai-lang", "xa-hung"))
    with monkeypatch.context() as made_here:  # only the client's builder in Python asks the name for its bytes
        for module in ("message_accumulator", "producer"):
            made_here.setattr(f"aiokafka.producer.{module}.DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
        topic, key, body, _ = record(f"{sources.prefix}sources.hai-lang", upserted())
        await send(stack.bootstrap, [(topic, key, body, [(Nameless("x"), b"")])])
    await send(stack.bootstrap, five_each(sources, "tan-thanh", "hai-lang", "xa-hung"))

    async with opened(sources, telemetry):
        await wait_until(lambda: ended(desk, 31), seconds=60)

    async with desk.works.reading() as db:
        rows = await db.fetch(
            "SELECT source, coalesce(reason, status), count(*) FROM source_event GROUP BY 1, 2 ORDER BY 1, 2"
        )
    assert [tuple(row) for row in rows] == [
        ("hai-lang", "accepted", 10), ("hai-lang", "schema", 1), ("tan-thanh", "accepted", 10), ("xa-hung", "accepted", 10),
    ]  # fmt: skip


async def test_two_readers_of_one_process_share_the_topics_and_take_each_event_once(
    desk: Desk, stack: TestStack, telemetry: Telemetry
) -> None:
    sources = await with_topics(desk, stack, "tan-thanh", "hai-lang")
    async with opened(sources, telemetry, sources.entry().readers) as doors:
        await wait_until(lambda: sorted(_topics(door) for door in doors) == [["hai-lang"], ["tan-thanh"]], seconds=60)
        await send(stack.bootstrap, five_each(sources, "tan-thanh", "hai-lang"))
        await wait_until(lambda: [door.consumed["applied"] for door in doors] == [5, 5], seconds=60)

    async with desk.works.reading() as db:
        taken = await db.fetch("SELECT source, status, count(*) FROM source_event GROUP BY 1, 2 ORDER BY 1")
    assert [tuple(row) for row in taken] == [("hai-lang", "accepted", 5), ("tan-thanh", "accepted", 5)]


async def test_a_source_that_another_door_is_serving_holds_up_no_other_and_has_its_turn_later(
    desk: Desk, stack: TestStack, telemetry: Telemetry
) -> None:
    sources = await with_topics(desk, stack, "hai-lang", "tan-thanh")
    async with opened(sources, telemetry) as (door,):
        await wait_until(lambda: _topics(door) == ["hai-lang", "tan-thanh"], seconds=60)
        async with desk.works.begin(system("another door")) as work:
            assert await store.speaker(work, ("id", "hai-lang")) is not None
            await send(stack.bootstrap, five_each(sources, "hai-lang", "tan-thanh"))
            await wait_until(lambda: door.consumed["applied"] == 5, seconds=60)
            await wait_until(lambda: max(door.passed_over.values(), default=0) > 2, seconds=60)
        await wait_until(lambda: door.consumed["applied"] == 10, seconds=60)

    assert door.consumed["consumed"] == 10
    async with desk.works.reading() as db:
        taken = [row["source"] for row in await db.fetch("SELECT source FROM source_event ORDER BY seq")]
    assert taken == ["tan-thanh"] * 5 + ["hai-lang"] * 5


@pytest.fixture
def rested(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The topics that were laid to rest for a while, each time it was done."""
    topics, rest = list[str](), Place.rest

    def noted(place: Place, topic: str, seconds: float) -> None:
        rest(place, topic, seconds)
        topics.append(topic)

    monkeypatch.setattr(Place, "rest", noted)
    return topics


async def test_a_source_that_is_too_fast_is_read_on_when_it_has_room_again_and_the_others_go_on(
    desk: Desk, stack: TestStack, telemetry: Telemetry, rested: list[str]
) -> None:
    sources = await with_topics(desk, stack, "tan-thanh")
    await registered(desk, "hai-lang", quota=Quota(events_per_second=1, burst=1))
    await sources.make_topics()
    async with opened(sources, telemetry) as (door,):
        await wait_until(lambda: _topics(door) == ["hai-lang", "tan-thanh"], seconds=60)
        await send(stack.bootstrap, five_each(sources, "hai-lang"))
        await wait_until(lambda: set(rested) == {f"{sources.prefix}sources.hai-lang"}, seconds=60)
        await send(stack.bootstrap, five_each(sources, "tan-thanh"))
        await wait_until(lambda: taken_of(desk, "tan-thanh", 5), seconds=60)
        await wait_until(lambda: not _resting(door), seconds=60)
        await send(stack.bootstrap, [record(f"{sources.prefix}sources.hai-lang", progressed(9, id="later", source="hai-lang"))])  # fmt: skip
        await wait_until(lambda: taken_of(desk, "hai-lang", 6), seconds=60)


async def test_a_source_that_is_too_fast_is_read_a_few_events_at_a_time_and_each_once_also_after_a_failure(
    desk: Desk, stack: TestStack, telemetry: Telemetry, clock: StandingClock, rested: list[str]
) -> None:
    sources = await with_topics(desk, stack, "tan-thanh", quota=Quota(events_per_second=1, burst=29))
    topic = f"{sources.prefix}sources.tan-thanh"
    told = [record(topic, progressed(4, id=f"n{number}")) for number in range(130)]
    failures = [ConnectionError("the database went away")]
    async with opened(sources, telemetry) as (door,):
        await wait_until(lambda: _topics(door) == ["tan-thanh"], seconds=60)
        await send(stack.bootstrap, told[:30])
        await wait_until(lambda: taken_of(desk, "tan-thanh", 30) if rested else False, seconds=60)

        def failing(where: str) -> None:
            if where == "effects" and failures:
                raise failures.pop()

        door.failpoint = failing
        clock.now += timedelta(minutes=1)  # the next batch has room, and is a few all the same
        await send(stack.bootstrap, [(topic, b"%d" % number, body, []) for number, (_, _, body, _) in enumerate(told[30:])])  # fmt: skip
        await wait_until(lambda: taken_of(desk, "tan-thanh", 130), seconds=60)

    async with desk.works.reading() as db:
        ids = await db.fetchval("SELECT count(DISTINCT id) FROM source_event")
        rows = await db.fetch(
            "SELECT count(*) AS events FROM source_feed WHERE data ->> 'event' = ANY($1) GROUP BY transaction",
            [f"n{number}" for number in range(30, 130)],
        )
        twice = await db.fetchval("SELECT count(*) FROM source_tally WHERE what = 'duplicate'")
    assert (failures, ids, twice) == ([], 130, 0)
    assert sum(row["events"] for row in rows) == 100
    assert max(row["events"] for row in rows) <= FEW


@pytest.mark.parametrize("header", [("ce_note", b"a\x00b"), ("ce_no\x00te", b"ab")])
async def test_a_header_no_store_can_hold_is_rejected_and_not_parked(desk: Desk, header: tuple[str, bytes]) -> None:
    await registered(desk)
    topic, key, body, headers = binary("sources.tan-thanh", progressed(4))
    sources = Sources(desk, "", "", 1)

    async with desk.works.begin(system("intake.sources")) as work:
        await sources.take(work, [Raw(topic, 0, 0, key, body, (*headers, header), 0)], ())

    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT status, reason FROM source_event")
    assert [tuple(row) for row in rows] == [("rejected", "schema")]


async def test_every_reason_of_the_closed_list_is_told_by_the_kafka_door(
    desk: Desk, stack: TestStack, telemetry: Telemetry, clock: StandingClock
) -> None:
    told, sources = every_reason(), await with_topics(desk, stack, "tan-thanh", quota=QUOTA)
    async with opened(sources, telemetry):
        await send(stack.bootstrap, [record(f"{sources.prefix}sources.tan-thanh", event) for event, _ in told])
        await wait_until(lambda: ended(desk, len(told)), seconds=60)
    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT status, reason FROM source_event ORDER BY seq")
    clock.now += PATIENCE * 2
    await handlers.settle_waiting(desk)

    assert [row["reason"] or row["status"] for row in rows] == [ends for _, ends in told]
    async with desk.works.reading() as db:
        rejected = await db.fetch("SELECT DISTINCT reason FROM source_event WHERE status = 'rejected'")
        replied = await db.fetch(
            "SELECT DISTINCT convert_from(envelope, 'UTF8')::jsonb -> 'data' ->> 'reason_class' AS reason FROM fact WHERE type LIKE '%source-event-rejected%'"
        )
    assert {row["reason"] for row in rejected} == {row["reason"] for row in replied} == set(Reason)


async def taken_of(desk: Desk, name: str, number: int) -> bool:
    """Whether so many events of a source ended or wait."""
    async with desk.works.reading() as db:
        found = await db.fetchval("SELECT count(*) FROM source_event WHERE source = $1", name)
    return bool(found == number)


def _resting(door: Door) -> set[str]:
    """Topics that are not read for a while."""
    return {tp.topic for tp in door.subscriber.consumer.paused()}


def _topics(door: Door) -> list[str]:
    """The sources a door reads, each once."""
    return sorted({place.topic.rpartition(".")[2] for place in door.place.next})


async def ended(desk: Desk, number: int) -> bool:
    async with desk.works.reading() as db:
        found: int = await db.fetchval("SELECT count(*) FROM source_event")
    return found >= number


async def test_a_source_that_is_suspended_is_turned_away_on_its_topic_and_the_others_of_the_batch_are_taken(
    desk: Desk, stack: TestStack
) -> None:
    await registered(desk, state="suspended")
    await registered(desk, "xa-hung")
    sources, key = Sources(desk, stack.bootstrap, "", 1), b"H50.44.12-261123-0007"
    told = {"tan-thanh": upserted(), "xa-hung": upserted(source="xa-hung")}
    records = [Raw(f"sources.{id_}", 0, 0, key, msgspec.json.encode(event), (), 0) for id_, event in told.items()]

    async with desk.works.begin(system("test")) as work:
        await sources.take(work, records, ())

    async with desk.works.reading() as db:
        rows = await db.fetch("SELECT source, coalesce(reason, status), payload FROM source_event ORDER BY source")
        owner = await db.fetchval("SELECT source FROM dossier")
    assert [tuple(row) for row in rows] == [("tan-thanh", "source-mismatch", None), ("xa-hung", "accepted", None)]
    assert owner == "xa-hung"


async def test_a_batch_of_several_sources_is_written_as_one_so_that_rows_are_locked_in_one_order(desk: Desk) -> None:
    names = ("tan-thanh", "xa-hung")
    for name in names:
        await registered(desk, name)
    events = {name: upserted({"code": f"H50.44.12-261123-000{n}"}, source=name) for n, name in enumerate(names)}
    records = [Raw(f"sources.{name}", 0, 0, b"k", msgspec.json.encode(event), (), 0) for name, event in events.items()]

    async with desk.works.begin(system("test")) as work:
        await Sources(desk, "", "", 1).take(work, records, ())
        assert (work.flushed, len({pending.aggregate for pending in work.facts})) == (0, 4), "two dossiers, two replies"


async def test_what_comes_on_the_topic_of_nobody_is_written_down_as_rejected(desk: Desk) -> None:
    async with desk.works.begin(system("test")) as work:
        handlers.turn_away(work, "unheard", "kafka", [delivered(upserted(source="unheard"), work.now)])

    async with desk.works.reading() as db:
        (row,) = await db.fetch("SELECT source, reason, payload FROM source_event")
    assert tuple(row) == ("unheard", "source-mismatch", None)
