"""Yardstick of `project`: reporting's fold and its statements on facts already decoded in memory, in batches of 500.

No Kafka, no decoding, no sequences, no offsets. Asked `{url, facts, postgres}` (a process id) it answers seconds and CPU-seconds.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from deploy.bench.answering import answering
from deploy.bench.cpu import Meter
from deploy.bench.lives import PER_LIFE, TOPIC, lives, partition
from deploy.bench.loop import run
from services.reporting import handlers
from services.reporting.domain import Told
from services.reporting.store import lines, projections
from shared.moments import system_clock
from shared.settings import Settings
from shared.store.db import open_pool

BATCH = 500
TRACE = "0af7651916cd43dd8448eb211c80319c"


def batches(home: str, number: int) -> list[dict[UUID, list[Told]]]:
    """The facts as a consumer gets them: partition after partition, 500 at a time."""
    now = system_clock()
    made = sorted(
        lives(Settings(home=Path(home)).load_keys(), number // PER_LIFE), key=lambda life: partition(life.dossier)
    )
    told = [(life.dossier, Told(fact, n, now, TRACE)) for life in made for n, fact in enumerate(life.facts, 1)]
    return [_by_dossier(chunk) for chunk in _chunks(told)]


def _chunks(told: Sequence[tuple[UUID, Told]]) -> Iterator[Sequence[tuple[UUID, Told]]]:
    return (told[first : first + BATCH] for first in range(0, len(told), BATCH))


def _by_dossier(chunk: Sequence[tuple[UUID, Told]]) -> dict[UUID, list[Told]]:
    found: dict[UUID, list[Told]] = {}
    for dossier, each in chunk:
        found.setdefault(dossier, []).append(each)
    return found


async def project(url: str, made: Sequence[dict[UUID, list[Told]]]) -> float:
    """Write all batches, one transaction each; returns the seconds."""
    pool = await open_pool(url, name="bench-projector", size=2)
    now = system_clock()
    try:
        async with pool.acquire() as db:
            began = time.perf_counter()
            for batch in made:
                async with db.transaction():
                    active = await projections.shared(db)
                    await lines.place(db, {(TOPIC, 0): now})
                    await handlers.project(db, active.version, batch)
            return time.perf_counter() - began
    finally:
        await pool.close()


async def main() -> None:
    """Answer with seconds."""
    (home,) = sys.argv[1:]

    async def answer(asked: dict[str, Any]) -> dict[str, float]:
        made = batches(home, asked["facts"])
        meter = Meter({"us": os.getpid(), "postgres": asked["postgres"]})
        meter.start()
        taken = await project(asked["url"], made)
        return {"seconds": taken, "facts": asked["facts"], "cpu": sum(meter.stop().values())}

    await answering(answer)


if __name__ == "__main__":
    run(main())
