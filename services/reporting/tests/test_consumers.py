from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from aiokafka import TopicPartition
from msgspec import structs
from opentelemetry.metrics import NoOpMeter

from services.reporting import handlers
from services.reporting.consumers import LISTENER
from services.reporting.consumers.rebuild import Replay
from services.reporting.domain import LIVE
from services.reporting.store import projections, reads
from services.reporting.store.reads import Viewer
from services.reporting.tests.facts import MONDAY, TRACE, UNIT, Dossier, procedure, raw, told, unit
from services.reporting.tests.letters import Notice
from services.reporting.tests.test_letters_store import letters_and_cases
from shared.bus.arrival import Raw
from shared.bus.place import Move
from shared.contracts.complaints import CASES
from shared.contracts.intake import PROCEDURES, UNITS
from shared.contracts.notifications import NOTICES
from shared.kernel import system
from shared.store.unit_of_work import Works
from shared.telemetry.metrics import Metrics

pytestmark = pytest.mark.postgres


class Feed:
    """The live consumer on a log kept in memory."""

    def __init__(self, works: Works) -> None:
        self.works, self.at = works, dict[tuple[str, int], int]()
        self.consumer = Replay(LISTENER, works, "127.0.0.1:9", Metrics(NoOpMeter("test")))
        self.consumer.place.cluster = "test"

    async def __call__(self, records: Sequence[Raw]) -> None:
        """Put these records at the end of their logs and apply them as one batch."""
        placed, seen = [], dict(self.at)
        for record in records:
            place = (record.topic, record.partition)
            placed.append(structs.replace(record, offset=self.at.get(place, 0)))
            self.at[place] = self.at.get(place, 0) + 1
        async with self.works.reading() as db:
            new = [place for place in self.at if place not in seen]
            if new:
                await projections.put_offsets(db, LIVE, [(topic, number, "test", 0) for topic, number in new])
        moves = [
            Move(*place, seen.get(place, 0), end) for place, end in sorted(self.at.items()) if end != seen.get(place)
        ]
        assert {TopicPartition(m.topic, m.partition) for m in moves} == {
            TopicPartition(r.topic, r.partition) for r in placed
        }
        await self.consumer.feed(moves, placed)


@pytest.fixture
def feed(works: Works) -> Feed:
    return Feed(works)


def records(dossier: Dossier, partition: int = 0) -> list[Raw]:
    return [raw(fact, n, offset=0, partition=partition) for n, fact in enumerate(dossier.life(), 1)]


@pytest.mark.parametrize("seed", range(6))
async def test_late_double_and_reordered_facts_change_nothing(works: Works, feed: Feed, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a shuffle that can be repeated
    dossiers = [Dossier(unit=str(19000 + n % 3)) for n in range(8)]
    log = [record for n, d in enumerate(dossiers) for record in records(d, n % 2)]
    log += dice.choices(log, k=30)
    dice.shuffle(log)
    while log:
        size = dice.randint(1, 25)
        await feed(log[:size])
        del log[:size]
    async with works.begin(system("test")) as work:
        await projections.make(work.db, 1, 2)
        await handlers.project(work.db, 2, {d.id: told(d.life()) for d in dossiers})
        assert not await projections.differences(work.db, 1, 2)
        assert await projections.held(work.db, LIVE) == 0


async def test_each_fact_keeps_its_trace_and_its_recorded_time(works: Works, feed: Feed) -> None:
    dossier = Dossier()
    await feed(records(dossier))
    async with reads.looking(works) as reader:
        found = await reads.moments(reader, dossier.id)
    assert {m.trace for m in found} == {TRACE}
    assert [m.recorded_at.minute - MONDAY.minute for m in found] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("header", [b"", b"00-zz", b"\xff" * 55, b"00-" + b"\0" * 52])
async def test_a_malformed_trace_is_left_out(works: Works, feed: Feed, header: bytes) -> None:
    dossier = Dossier()
    await feed([structs.replace(records(dossier)[0], headers=(("traceparent", header),))])
    async with reads.looking(works) as reader:
        assert [m.trace for m in await reads.moments(reader, dossier.id)] == [None]


async def test_garbage_stops_its_own_dossier_only(works: Works, feed: Feed) -> None:
    bad, good = Dossier(), Dossier()
    log = records(bad)
    log[2] = structs.replace(log[2], value=b"\x00garbage")
    await feed([*log, *records(good)])
    async with reads.looking(works) as reader:
        versions = {d.id: (await reads.line(reader, Viewer(None), d.id)) for d in (bad, good)}
        assert {key: line.version for key, line in versions.items() if line} == {bad.id: 2, good.id: 5}
        assert await projections.held(reader.db, LIVE) == 3


async def test_a_fact_of_a_type_not_read_here_leaves_the_line_but_takes_its_place(works: Works, feed: Feed) -> None:
    dossier = Dossier()
    log = records(dossier)
    unread = log[2].value or b""
    log[2] = structs.replace(log[2], value=unread.replace(b"dossier-assigned", b"dossier-invented"))
    await feed(log)
    async with reads.looking(works) as reader:
        line = await reads.line(reader, Viewer(None), dossier.id)
        assert [m.sequence for m in await reads.moments(reader, dossier.id)] == [1, 2, 4, 5]
    assert line is not None
    assert (line.version, line.state, line.officer) == (5, "returned", None)


async def test_reference_data_is_copied_and_a_null_forgets_it(works: Works, feed: Feed) -> None:
    other = "18880"
    await feed(
        [
            raw(unit(name="Old"), 1, offset=0, topic=UNITS), raw(unit(name="New"), 2, offset=0, topic=UNITS),
            raw(unit(other, "Phường Đồng Hới"), 1, offset=0, topic=UNITS), raw(procedure(), 1, offset=0, topic=PROCEDURES),
            Raw(UNITS, 0, 0, other.encode(), None, (), 1_795_000_000_000),
        ]
    )  # fmt: skip
    async with reads.looking(works) as reader:
        assert [(u["unit"], u["name"]) for u in await reads.units(reader)] == [(UNIT, "New")]
        assert await reader.db.fetchval("SELECT name FROM procedure_line_1") == procedure().name


async def test_the_place_of_the_newest_fact_is_kept_with_its_effects(works: Works, feed: Feed) -> None:
    await feed([*records(Dossier(), 1), raw(unit(), 1, offset=0, topic=UNITS)])
    async with works.reading() as db:
        found = await db.fetch("SELECT topic, partition, newest_at FROM projection_place ORDER BY topic")
    assert [(r["topic"], r["partition"]) for r in found] == [("intake.dossiers", 1), ("intake.units", 0)]
    assert (found[0]["newest_at"] - MONDAY).total_seconds() == 300


async def test_letters_cases_and_notices_arrive_late_double_and_reordered_and_change_nothing(
    works: Works, feed: Feed
) -> None:
    dice = random.Random(1)  # noqa: S311 - a shuffle that can be repeated
    every = letters_and_cases()
    notices = [Notice(letter.case) for letter, _, cases in every if cases]
    histories = {letter.id: facts for letter, facts, _ in every} | {letter.case: facts for letter, _, facts in every}
    log = [raw(fact, n, offset=0, topic=CASES, partition=n % 2) for facts in histories.values() for n, fact in enumerate(facts, 1)]  # fmt: skip
    log += [raw(fact, n, offset=0, topic=NOTICES) for each in notices for n, fact in enumerate([each.created(), each.read()], 1)]  # fmt: skip
    log += dice.choices(log, k=40)
    dice.shuffle(log)
    while log:
        await feed(log[:17])
        del log[:17]
    async with works.begin(system("test")) as work:
        await projections.make(work.db, 1, 2)
        await handlers.project_cases(work.db, 2, {key: told(facts) for key, facts in histories.items() if facts})
        await handlers.project_notices(work.db, 2, {each.id: told([each.created(), each.read()]) for each in notices})
        assert not await projections.differences(work.db, 1, 2)
        assert await projections.held(work.db, LIVE) == 0


async def test_a_swap_waits_for_a_batch_and_the_next_batch_writes_the_new_version(works: Works, feed: Feed) -> None:
    first, second = Dossier(), Dossier()
    await feed(records(first))
    async with works.begin(system("test")) as work:
        await projections.make(work.db, 1, 2)
        active = await projections.alone(work.db)
        await projections.swap(work.db, replace(active, version=2))
    await feed(records(second))
    async with works.reading() as db:
        assert [r["id"] for r in await db.fetch("SELECT id FROM dossier_line_1")] == [first.id]
        assert [r["id"] for r in await db.fetch("SELECT id FROM dossier_line_2")] == [second.id]
