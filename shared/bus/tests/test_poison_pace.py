"""One poison fact beside thousands of sound ones: how fast the others go on (acceptance 8)."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from statistics import median

import pytest

from shared.bus.arrival import Arrival, Raw
from shared.bus.consumer import Listener
from shared.contracts.envelope import derived_id
from shared.store.unit_of_work import Work, Works
from shared.telemetry.setup import Telemetry
from shared.testing.probe.lines import added, fold, listener
from shared.testing.records import Fed, Log, fed

pytestmark = [pytest.mark.postgres, pytest.mark.full]

KEYS, EACH, BATCH, ROUNDS, SHARE = 600, 10, 500, 15, 0.8
"""Of hot-paths: 12.2 of 15.2 thousand facts a second."""
POISONED = 13
"""The amount no handler here can digest."""


async def _choke(work: Work, arrivals: Sequence[Arrival]) -> None:
    await fold(work, arrivals)
    if any(getattr(arrival.fact, "amount", None) == POISONED for arrival in arrivals):
        raise ZeroDivisionError


@pytest.fixture
def consumer(probe_works: Works, telemetry: Telemetry) -> Fed:
    healthy = listener()
    choking = Listener(healthy.name, healthy.catalogue, dict.fromkeys(healthy.topics, _choke))
    return fed(probe_works, choking, telemetry.metrics)


@pytest.fixture(autouse=True)
def _frozen() -> Iterator[None]:
    """As in the process: the collector leaves alone what was there before the first record."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def _records(log: Log, turn: int, *, poisoned: bool) -> list[Raw]:
    """Ten facts of each key; the first key's third is poison."""
    found = []
    for n in range(1, EACH + 1):
        for key in range(KEYS):
            bad = poisoned and (key, n) == (0, 3)
            found.append(log.fact(added(derived_id(f"pace{turn}{poisoned}", key), POISONED if bad else 1), n))
    return found


async def _seconds(consumer: Fed, records: Sequence[Raw]) -> float:
    began = time.perf_counter()
    for start in range(0, len(records), BATCH):
        await consumer.give(*records[start : start + BATCH])
    return time.perf_counter() - began


async def test_a_poison_fact_stops_its_own_key_and_slows_the_others_little(consumer: Fed) -> None:
    log, clean, poisoned = Log(), [], []
    await _seconds(consumer, _records(log, 0, poisoned=False))  # warm
    for turn in range(1, ROUNDS + 1):
        clean.append(await _seconds(consumer, _records(log, turn, poisoned=False)))
        poisoned.append(await _seconds(consumer, _records(log, turn, poisoned=True)))
        lines, bad = await consumer.lines(), derived_id(f"pace{turn}True", 0)
        assert lines[bad] == (2, 2)
        assert all(lines[derived_id(f"pace{turn}True", key)] == (EACH, EACH) for key in range(1, KEYS))
    share = median(alone / beside for alone, beside in zip(clean, poisoned, strict=True))
    number = KEYS * EACH
    told = f"alone {number / median(clean):,.0f} facts/s, beside poison {number / median(poisoned):,.0f}: {share:.2f}"
    assert share >= SHARE, told
