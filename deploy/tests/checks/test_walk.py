"""The walk of a fact, from the route to the last upsert: few rooms in each process, and no call upwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.tests.checks.walk import Walk, walking
from deploy.tests.counter import Counter, opened
from deploy.tests.province import Ground
from services.notifications.consumers import LISTENERS as NOTIFYING
from services.reporting.consumers import LISTENER as LIVE
from shared.bus import topics
from shared.bus.arrival import Raw
from shared.bus.broker import make_producer, stop_producer
from shared.bus.consumer import Listener
from shared.bus.relay import Relay
from shared.contracts.intake import DOSSIERS
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing.clock import MONDAY_MORNING
from shared.testing.fixtures import MakeWorks
from shared.testing.records import Fed, fed

pytestmark = [pytest.mark.postgres]

MOST = 9
"""Rooms of the house a reader must enter to follow a fact through one process."""


@asynccontextmanager
async def _counter(works: Works, telemetry: Telemetry, home: Path) -> AsyncIterator[Counter]:
    """A counter that has filed one dossier: what is imported or read once is there."""
    async with opened(works, telemetry, home) as counter:
        await counter.file()
        yield counter


def _is_short_and_straight(walk: Walk, *rooms: str) -> None:
    assert walk.upwards() == []
    assert set(rooms) <= set(walk.rooms()), f"the walk did not come to {set(rooms) - set(walk.rooms())}"
    assert len(walk.rooms()) <= MOST, walk.rooms()


async def test_a_filed_dossier_goes_straight_from_the_route_to_the_commit(
    make_works: MakeWorks, telemetry: Telemetry, tmp_path: Path
) -> None:
    async with _counter(await make_works("intake"), telemetry, tmp_path) as counter:
        with walking() as walk:
            await counter.file()
    _is_short_and_straight(
        walk,
        *(f"services.intake.{room}" for room in ("api", "handlers", "domain", "store")),
        "shared.store",
        "shared.law",
    )


@pytest.mark.kafka
async def test_a_fact_goes_straight_from_the_outbox_to_the_broker(
    make_works: MakeWorks, telemetry: Telemetry, tmp_path: Path, session_ground: Ground
) -> None:
    works, bootstrap = await make_works("intake"), session_ground.stack.bootstrap
    await topics.sync(bootstrap, prefix="walk.")
    async with _counter(works, telemetry, tmp_path), works.reading() as db:
        await db.execute("DELETE FROM outbox WHERE fact IS NULL")  # sealed contacts walk through intake's own doors
        relay = Relay(
            "intake",
            "",
            bootstrap,
            works.committed,
            telemetry.metrics,
            telemetry.tracing("intake"),
            prefix="walk.",
        )
        producer = await make_producer(bootstrap, "walk")
        try:
            with walking() as walk:
                assert await relay.send_batch(db, producer) > 0
        finally:
            await stop_producer(producer, 5)
    _is_short_and_straight(walk, "shared.bus")
    assert not [room for room in walk.rooms() if room.startswith("services.")]


LISTENERS = {"notifications": NOTIFYING[0], "reporting": LIVE}


@pytest.mark.parametrize("service", LISTENERS)
async def test_a_consumed_fact_goes_straight_from_the_record_to_the_last_upsert(
    make_works: MakeWorks, telemetry: Telemetry, tmp_path: Path, service: str
) -> None:
    works = await make_works("intake")
    async with _counter(works, telemetry, tmp_path) as counter:
        await counter.file()
    first, second = await _records(works)
    consumer = await _consumer(make_works, service, telemetry)
    await consumer.give(*first)
    with walking() as walk:
        await consumer.give(*second)
    layers = ("consumers", "handlers", "domain", "store")
    _is_short_and_straight(walk, *(f"services.{service}.{room}" for room in layers), "shared.bus", "shared.store")


async def _consumer(make_works: MakeWorks, service: str, telemetry: Telemetry) -> Fed:
    listener: Listener = LISTENERS[service]
    return fed(await make_works(service), listener, telemetry.metrics)


async def _records(works: Works) -> list[list[Raw]]:
    """The facts of each dossier as records of one partition."""
    async with works.reading() as db:
        rows = await db.fetch(
            "SELECT key, envelope FROM fact WHERE topic = $1 ORDER BY recorded_at, aggregate, sequence", DOSSIERS
        )
    at = int(MONDAY_MORNING.timestamp() * 1000)
    raws = [Raw(DOSSIERS, 0, n, row["key"].encode(), row["envelope"], (), at) for n, row in enumerate(rows)]
    return [[raw for raw in raws if raw.key == key] for key in dict.fromkeys(raw.key for raw in raws)]


def test_a_call_from_a_lower_layer_to_a_higher_one_is_seen() -> None:
    walk = Walk()
    walk.calls |= {
        ("services.intake.store", "services.intake.handlers.filing"),
        ("shared.law.clock", "shared.store.db"),
        ("services.intake.api.dossiers", "services.intake.domain"),
        ("shared.web.app", "services.intake.api.dossiers"),
    }
    assert walk.upwards() == [
        ("services.intake.store", "services.intake.handlers.filing"),
        ("shared.law.clock", "shared.store.db"),
    ]
