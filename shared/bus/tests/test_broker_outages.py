"""A broker that is away: bounded stops, starts that come later, a relay and a consumer that go on. In a home of its own."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.metadata import MetadataRequest

from deploy import local
from shared.bus import topics
from shared.bus.broker import bounded_stop, connect_forever, guarded, make_broker, make_producer, stop_producer
from shared.bus.consumer import Consumer
from shared.bus.relay import Relay
from shared.contracts.envelope import derived_id
from shared.contracts.intake import DOSSIERS
from shared.kernel import system
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing.kafka import consuming, relaying
from shared.testing.probe.lines import added, listener
from shared.testing.waiting import settles_at, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.kafka]

LINES = [derived_id("outage", n) for n in range(5)]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.Stack]:
    """A Kafka that nobody else uses, so that it may be held down; PostgreSQL of the shared stack keeps running."""
    with local.start(tmp_path_factory.mktemp("alone") / "home") as stack:
        yield stack


@pytest.fixture
def relay(alone: local.Stack, probe_works: Works, telemetry: Telemetry) -> Relay:
    url = probe_works.pool._connect_args[0]
    return Relay("probe", url, alone.bootstrap, probe_works.committed, telemetry.metrics, probe_works.tracing)


async def state(works: Works) -> None:
    async with works.begin(system("test")) as work:
        for line in LINES:
            work.record(added(line))


async def applied(works: Works, last: int) -> None:
    async def there() -> bool:
        async with works.reading() as db:
            return [row["total"] for row in await db.fetch("SELECT total FROM probe_line")] == [last] * len(LINES)

    await wait_until(there, seconds=60)


async def hold(stack: local.Stack) -> None:
    """Kafka is down from here on; it may have been before."""
    if local.status(stack.home).server("kafka").state != "held":
        await asyncio.to_thread(local.hold, stack.home, "kafka", abruptly=True)


async def release(stack: local.Stack) -> None:
    """Kafka is up from here on, whatever the test before has left."""
    if local.status(stack.home).server("kafka").state != "ready":
        await asyncio.to_thread(local.release, stack.home, "kafka")


async def topics_when_up(stack: local.Stack) -> None:
    await release(stack)
    await topics.sync(stack.bootstrap, topics=[topics.facts(DOSSIERS)])


async def test_relay_and_consumer_go_on_by_themselves_after_an_outage(
    alone: local.Stack, relay: Relay, probe_works: Works, telemetry: Telemetry
) -> None:
    await topics_when_up(alone)
    async with relaying(relay), consuming(alone.bootstrap, probe_works, listener(), telemetry.metrics) as consumer:
        await state(probe_works)
        await applied(probe_works, 1)
        await hold(alone)
        await state(probe_works)
        await release(alone)
        await applied(probe_works, 2)
        await settles_at(10, lambda: consumer.consumed["applied"], "applied")


async def test_everything_stops_in_bounded_time_though_kafka_is_down(
    alone: local.Stack, probe_works: Works, telemetry: Telemetry
) -> None:
    await topics_when_up(alone)
    broker = make_broker(alone.bootstrap, "stopping")
    consumer = Consumer(listener("probe.stopping"), probe_works, alone.bootstrap, telemetry.metrics)
    consumer.subscribe(broker)
    await connect_forever(broker, lambda _error: None)
    producer = await make_producer(alone.bootstrap, "stopping")
    await producer.send_and_wait(DOSSIERS, b"confirmed")
    await hold(alone)
    unsent = await producer.send(DOSSIERS, b"never confirmed")
    began = time.monotonic()
    await bounded_stop(broker)
    stopped = time.monotonic()
    await stop_producer(producer, 2)
    assert stopped - began <= 8
    assert time.monotonic() - stopped <= 5
    assert not unsent.done() or unsent.exception() is not None
    if consumer.place.task is not None:
        consumer.place.task.cancel()


async def test_a_start_without_kafka_says_so_and_connects_when_it_comes(
    alone: local.Stack, probe_works: Works, telemetry: Telemetry
) -> None:
    heard: list[str | None] = []
    broker = make_broker(alone.bootstrap, "waiting")
    Consumer(listener("probe.waiting"), probe_works, alone.bootstrap, telemetry.metrics).subscribe(broker)
    await hold(alone)
    connecting = asyncio.create_task(connect_forever(broker, heard.append))
    await wait_until(lambda: heard)
    assert heard[0] is not None
    with pytest.raises(ConnectionError, match="does not answer"):
        await make_producer(alone.bootstrap, "waiting")
    with pytest.raises(ConnectionError, match="does not answer"):
        await topics.cluster_id(alone.bootstrap)
    await topics_when_up(alone)
    await asyncio.wait_for(connecting, 60)
    assert heard[-1] is None
    await bounded_stop(broker)


async def test_what_is_stopped_while_it_connects_leaves_nothing_open(
    alone: local.Stack, probe_works: Works, telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    await topics_when_up(alone)
    broker = make_broker(alone.bootstrap, "hasty")
    first, second = (
        Consumer(listener(name), probe_works, alone.bootstrap, telemetry.metrics)
        for name in ("probe.hasty", "probe.hastier")
    )
    first.subscribe(broker)
    second.subscribe(broker)
    connecting = asyncio.create_task(connect_forever(broker, lambda _error: None))
    await wait_until(lambda: first.subscriber.consumer is not None, every=0, what="a client that connects")
    connecting.cancel()
    await asyncio.wait([connecting])
    assert connecting.cancelled()
    await bounded_stop(broker)
    left = [task for task in asyncio.all_tasks() if "start" in repr(task.get_coro())]
    await asyncio.wait(left or [asyncio.create_task(_nothing())], timeout=10)
    assert [first.subscriber.consumer, second.subscriber.consumer] == [None, None]
    gc.collect()
    assert "Unclosed" not in caplog.text


async def test_a_start_given_up_while_it_asks_for_metadata_leaves_no_connection_open(
    alone: local.Stack, probe_works: Works, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    await topics_when_up(alone)
    broker = make_broker(alone.bootstrap, "given-up")
    Consumer(listener("probe.given-up"), probe_works, alone.bootstrap, telemetry.metrics).subscribe(broker)
    asked, answer, send = asyncio.Event(), asyncio.Event(), AIOKafkaConnection.send

    async def late(connection: AIOKafkaConnection, request: Any) -> Any:
        asked.set()
        await answer.wait()
        return await send(connection, request)

    def held_up(connection: AIOKafkaConnection, request: Any, **more: Any) -> Any:
        metadata = isinstance(request, MetadataRequest)
        return late(connection, request) if metadata else send(connection, request, **more)

    monkeypatch.setattr(AIOKafkaConnection, "send", held_up)
    connecting = asyncio.create_task(connect_forever(broker, lambda _error: None))
    await asked.wait()
    connecting.cancel()
    answer.set()
    await asyncio.wait([connecting])
    assert connecting.cancelled()
    await bounded_stop(broker)
    gc.collect()  # a connection nobody closed says so now, and a warning is an error


async def test_whoever_stops_waiting_ends_what_was_waited_for() -> None:
    ended = asyncio.Event()

    async def works() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(guarded(works(), 60))
    await asyncio.wait([waiting], timeout=0.01)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert ended.is_set()


async def test_what_never_connected_stops_too(alone: local.Stack, probe_works: Works, telemetry: Telemetry) -> None:
    broker = make_broker(alone.bootstrap, "never")
    Consumer(listener("probe.never"), probe_works, alone.bootstrap, telemetry.metrics).subscribe(broker)
    await bounded_stop(broker)


async def test_guarded_gives_up_on_what_hangs_and_returns_what_went_wrong() -> None:
    async def fails() -> None:
        raise KeyError("x")

    async def cancels() -> None:
        raise asyncio.CancelledError

    assert isinstance(await guarded(asyncio.Event().wait(), 0.01), TimeoutError)
    assert isinstance(await guarded(fails(), 1), KeyError)
    assert isinstance(await guarded(cancels(), 1), asyncio.CancelledError)
    assert await guarded(_nothing(), 1) is None


async def _nothing() -> None:
    """Done at once."""


async def test_a_producer_that_is_given_up_while_it_connects_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, connecting = list[AIOKafkaProducer](), asyncio.Event()

    async def for_ever(producer: AIOKafkaProducer) -> None:
        made.append(producer)
        connecting.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(AIOKafkaProducer, "start", for_ever)
    starting = asyncio.create_task(make_producer("127.0.0.1:1", "test"))
    await connecting.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert made[0]._closed
