"""Many cases, many producers at once, twelve partitions: every consumer sees each case in its own order, without a gap."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from uuid import UUID

import pytest

from deploy.tests.province import Ground
from shared.bus import topics
from shared.bus.arrival import Arrival
from shared.bus.broker import make_producer, stop_producer
from shared.bus.relay import Relay
from shared.kernel import system
from shared.moments import uuid7
from shared.store.unit_of_work import Work, Works
from shared.telemetry.setup import Telemetry
from shared.testing.fixtures import MakeWorks
from shared.testing.kafka import consuming
from shared.testing.probe.lines import added, listener
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.kafka]

STEPS, PRODUCERS, AT_ONCE = 6, 8, 5


async def _produce(works: Works, share: Sequence[UUID]) -> None:
    """Take a step with each case of this share; others step with the same cases meanwhile."""
    for start in range(0, len(share), AT_ONCE):
        async with works.begin(system("producer")) as work:
            for case in share[start : start + AT_ONCE]:
                work.record(added(case))


async def _send_all(works: Works, relay: Relay, bootstrap: str, facts: int) -> None:
    producer = await make_producer(bootstrap, "order")
    try:
        async with works.reading() as db:
            while relay.sent < facts:
                if not await relay.send_batch(db, producer):
                    await asyncio.sleep(0.01)
    finally:
        await stop_producer(producer, 5)


class Witness:
    """A consumer that only remembers what it saw."""

    def __init__(self) -> None:
        self.sequences: defaultdict[UUID, list[int]] = defaultdict(list)

    async def see(self, _work: Work, arrivals: Sequence[Arrival]) -> None:
        """Remember these facts in the order they are handed over."""
        for arrival in arrivals:
            self.sequences[arrival.key].append(arrival.sequence)

    @property
    def total(self) -> int:
        """How many facts it saw."""
        return sum(map(len, self.sequences.values()))


@pytest.mark.parametrize("number", [120, pytest.param(1000, marks=(pytest.mark.full, pytest.mark.timeout(1200)))])
async def test_every_consumer_sees_the_facts_of_each_case_in_sequence(
    session_ground: Ground, make_works: MakeWorks, telemetry: Telemetry, number: int
) -> None:
    bootstrap, prefix, works = session_ground.stack.bootstrap, f"order{number}.", await make_works("probe")
    await topics.sync(bootstrap, prefix=prefix)
    cases, witnesses = [uuid7() for _ in range(number)], (Witness(), Witness())
    steps = cases * STEPS
    random.Random(5).shuffle(steps)  # noqa: S311 - repeatable
    relay = Relay("probe", "", bootstrap, works.committed, telemetry.metrics, works.tracing, prefix=prefix)
    async with AsyncExitStack() as running, asyncio.TaskGroup() as group:
        for n, witness in enumerate(witnesses):
            heard = listener(f"order{number}.{n}", witness.see)
            await running.enter_async_context(
                consuming(bootstrap, await make_works("probe"), heard, telemetry.metrics, prefix=prefix)
            )
        group.create_task(_send_all(works, relay, bootstrap, len(steps)))
        for n in range(PRODUCERS):
            group.create_task(_produce(works, steps[n::PRODUCERS]))
        await wait_until(lambda: all(w.total >= len(steps) for w in witnesses), seconds=120, what="every fact, twice")
    for witness in witnesses:
        assert witness.sequences == {case: list(range(1, STEPS + 1)) for case in cases}
