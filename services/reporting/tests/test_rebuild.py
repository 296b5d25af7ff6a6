from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from opentelemetry.metrics import NoOpMeter

from services.reporting import domain, handlers
from services.reporting.consumers import LISTENER
from services.reporting.consumers import rebuild as rebuilding
from services.reporting.consumers.rebuild import Progress, Sources, rebuild
from services.reporting.domain import LIVE, DifferentReadModel, RebuildRunning, UnknownProjection
from services.reporting.store import projections, reads
from services.reporting.tests.facts import Dossier, procedure, raw, unit
from shared.bus.arrival import Raw
from shared.bus.broker import bounded_stop, make_broker
from shared.bus.consumer import Consumer
from shared.contracts.intake import PROCEDURES, UNITS
from shared.kernel import system
from shared.store.db import open_pool
from shared.store.unit_of_work import Works
from shared.telemetry.metrics import Metrics
from shared.testing.databases import with_database
from shared.testing.spans import Recorder
from shared.testing.stack import TestStack
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.kafka]

METRICS = Metrics(NoOpMeter("test"))


def lives(number: int, first: int = 0) -> list[list[Raw]]:
    """Records of whole lives; every dossier stays on one partition."""
    made = []
    for n in range(first, first + number):
        dossier = Dossier(unit=str(19000 + n % 5))
        made.append([raw(fact, s, offset=0, partition=n % 12) for s, fact in enumerate(dossier.life(), 1)])
    return made


async def send(producer: AIOKafkaProducer, prefix: str, records: Sequence[Raw]) -> None:
    waits = [
        await producer.send(prefix + r.topic, r.value, r.key, partition=r.partition, headers=list(r.headers))
        for r in records
    ]
    await asyncio.gather(*waits)


@asynccontextmanager
async def producing(stack: TestStack) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=stack.bootstrap, acks="all", linger_ms=5)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def living(works: Works, stack: TestStack, prefix: str) -> AsyncIterator[Consumer]:
    """The live consumer, running."""
    broker = make_broker(stack.bootstrap, "test-live")
    consumer = Consumer(LISTENER, works, stack.bootstrap, METRICS, prefix)
    consumer.subscribe(broker)
    await broker.start()
    try:
        yield consumer
    finally:
        await bounded_stop(broker)


@pytest.fixture
async def sources(works: Works, stack: TestStack, prefix: str) -> Sources:
    async with works.reading() as db:
        name = await db.fetchval("SELECT current_database()")
    return Sources(works, with_database(stack.admin_url, name), stack.bootstrap, METRICS, prefix)


async def applied(works: Works, number: int) -> None:
    """Wait until live has applied this many facts of dossiers."""

    async def there() -> bool:
        async with works.reading() as db:
            version = (await projections.active(db)).version
            return bool(await db.fetchval(f"SELECT count(*) = $1 FROM timeline_{version}", number))

    await wait_until(there, seconds=60, what=f"{number} facts applied")


async def test_a_rebuild_beside_live_traffic_equals_live_byte_for_byte_and_takes_over(
    works: Works, stack: TestStack, prefix: str, sources: Sources
) -> None:
    before, during, after = lives(60), lives(60, 60), lives(3, 120)
    broken = lives(2, 123)
    broken[0][2] = Raw("intake.dossiers", broken[0][2].partition, 0, broken[0][2].key, b"\x00", (), 0)
    broken[1].pop(1)  # a gap that never fills
    reference = [raw(unit(str(19000 + n)), 1, offset=0, topic=UNITS) for n in range(5)]
    reference += [raw(procedure(), 1, offset=0, topic=PROCEDURES)]
    seen: list[Progress] = []
    async with producing(stack) as producer, living(works, stack, prefix):
        await send(producer, prefix, [*reference, *(r for life in before + broken for r in life), *before[0]])
        await applied(works, 60 * 5 + 2 + 1)
        traffic = asyncio.create_task(send(producer, prefix, [r for life in during for r in life]))
        made = await rebuild(sources, "dossier_line", tell=seen.append)
        await traffic
        await applied(works, 120 * 5 + 3)
        await send(producer, prefix, [r for life in after for r in life])
        await applied(works, 123 * 5 + 3)
    assert (made.version, made.swapped, made.differences) == (2, True, ())
    assert seen[-1].done == seen[-1].total == made.records
    assert made.records >= len(reference) + 60 * 5 + 5
    async with reads.looking(works) as reader:
        assert reader.version == 2
        assert await reads.mismatches(reader) == 0
        sizes = {name: size for name, size in (await projections.sizes(reader.db, 2)).items() if size}
        assert sizes == {"dossier_line": 125, "timeline": 618, "unit_day": 10, "unit_line": 5, "procedure_line": 1}
        assert {r["consumer"] for r in await reader.db.fetch("SELECT consumer FROM offsets UNION SELECT consumer FROM applied UNION SELECT consumer FROM parked")} == {LIVE}  # fmt: skip
    again = await rebuild(sources)
    assert (again.version, again.swapped) == (3, True)


async def test_a_rebuild_that_is_interrupted_leaves_the_live_version_untouched(
    works: Works, stack: TestStack, prefix: str, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "BATCH", 20)
    async with producing(stack) as producer, living(works, stack, prefix):
        await send(producer, prefix, [r for life in lives(40) for r in life])
        await applied(works, 200)

    def interrupt(progress: Progress) -> None:
        if progress.done >= 60:
            rebuilding_alone.cancel()  # what Ctrl-C does to the main task of `asyncio.run`

    async with works.reading() as db:
        whole = await projections.checksums(db, 1)
    rebuilding_alone = asyncio.create_task(_alone(sources, interrupt))
    with pytest.raises(asyncio.CancelledError):
        await rebuilding_alone
    async with works.reading() as db:
        assert (await projections.active(db)).version == 1
        assert await projections.checksums(db, 1) == whole
        assert 60 <= await db.fetchval("SELECT count(*) FROM timeline_2") < 200
    made = await rebuild(sources)
    assert (made.version, made.swapped, made.records) == (3, True, 200)
    async with works.reading() as db:
        assert await projections.versions(db) == [1, 3]


async def _alone(sources: Sources, tell: Callable[[Progress], None]) -> None:
    """A rebuild with a pool of its own, as the command line runs it."""
    pool = await open_pool(sources.database_url, name="test-rebuild", size=2)
    works = sources.works
    own = Works(works.service, pool, works.clock, works.new_id, works.keys, works.tracing)
    try:
        await rebuild(Sources(own, sources.database_url, sources.bootstrap, METRICS, sources.prefix), tell=tell)
    finally:
        await pool.close()


async def test_a_rebuild_leaves_no_trace(
    works: Works, stack: TestStack, prefix: str, sources: Sources, recorder: Recorder
) -> None:
    traced = replace(works, tracing=recorder.tracing("reporting"))
    async with producing(stack) as producer, living(traced, stack, prefix):
        await send(producer, prefix, [r for life in lives(3) for r in life])
        await applied(works, 15)
    assert recorder.memory.get_finished_spans()
    recorder.memory.clear()
    assert (await rebuild(replace(sources, works=traced))).records == 15
    assert recorder.memory.get_finished_spans() == ()


async def test_a_difference_keeps_live_unless_the_fold_changed_and_it_is_confirmed(
    works: Works, stack: TestStack, prefix: str, sources: Sources
) -> None:
    async with producing(stack) as producer, living(works, stack, prefix):
        await send(producer, prefix, [r for life in lives(4) for r in life])
        await applied(works, 20)
    async with works.begin(system("test")) as work:
        await work.db.execute("UPDATE dossier_line_1 SET officer = 'tampered' WHERE unit = '19001'")
    with pytest.raises(DifferentReadModel) as refused:
        await rebuild(sources)
    (difference,) = refused.value.facts["differences"]
    assert (difference["table"], difference["only_old"], difference["only_new"]) == ("dossier_line", 1, 1)
    assert "tampered" in difference["examples_old"][0]
    async with works.begin(system("test")) as work:
        assert await projections.versions(work.db) == [1]
        await work.db.execute("UPDATE projection_active SET fold_version = 0")
    looked = await rebuild(sources)
    assert (looked.swapped, [d.table for d in looked.differences]) == (False, ["dossier_line"])
    confirmed = await rebuild(sources, confirm=True)
    assert (confirmed.swapped, confirmed.version) == (True, 4)
    async with works.reading() as db:
        assert (await projections.active(db)).fold_version == domain.FOLD_VERSION
        assert not await db.fetchval("SELECT count(*) FROM dossier_line_4 WHERE officer = 'tampered'")


async def test_readers_never_see_an_empty_table_while_the_versions_change(
    works: Works, stack: TestStack, prefix: str, sources: Sources
) -> None:
    sizes: list[int] = []
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            sizes.append((await handlers.overview(works)).of(None)["received_month"])
            await asyncio.sleep(0)

    async with producing(stack) as producer, living(works, stack, prefix):
        await send(producer, prefix, [r for life in lives(30) for r in life])
        await applied(works, 150)
        reading = asyncio.create_task(read())
        await rebuild(sources)
        await rebuild(sources)
        done.set()
        await reading
    assert set(sizes) == {30}


async def test_one_rebuild_at_a_time(sources: Sources) -> None:
    holder = await asyncpg.connect(sources.database_url)
    try:
        assert await projections.rebuilding(holder)
        with pytest.raises(RebuildRunning):
            await rebuild(sources)
    finally:
        await holder.close()


async def test_a_read_model_nobody_knows_is_refused_by_name(sources: Sources) -> None:
    with pytest.raises(UnknownProjection):
        await rebuild(sources, "reception_line")
