"""`start`: the embedded default, started a second time; and what it keeps resident."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

from deploy import local
from deploy.bench import children, cpu
from deploy.bench.bench import Bench, installed
from deploy.bench.children import Child
from deploy.bench.result import Result

GOAL = "< 6 s; < 300 MB + 240 MB"
DIGIT_SECONDS = 180.0
"""DIGIT starts in three to five minutes and keeps 3.8 GB; the faster end is the limit."""
_SETTLED = 3.0


async def measure(bench: Bench) -> Result:
    """Once to make the home (kept for the next time), then warm starts; memory after the last one has settled."""
    home, warm, memory = bench.home / "start", [], (0.0, 0.0)
    if not (home / "keys.json").exists():
        bench.tell("start: making the home")
        async with _up(bench, home):
            pass
    for turn in range(bench.scale.rounds):
        bench.tell(f"start: warm start {turn + 1} of {bench.scale.rounds}")
        began = time.perf_counter()
        async with _up(bench, home) as child:
            warm.append(time.perf_counter() - began)
            await asyncio.sleep(_SETTLED)  # what runs once after READY shall not count, what stays shall
            memory = cpu.resident(child.pid), _stack(home)
    return _result(warm, *memory)


@asynccontextmanager
async def _up(bench: Bench, home: Path) -> AsyncIterator[Child]:
    """`gandan up` on its own embedded stack, ready; afterwards both are gone."""
    arguments = ["services", "up", *installed(), "--port", str(children.free_port()), "--home", str(home)]
    jars = {"GANDAN_JARS": os.environ["GANDAN_JARS"]} if "GANDAN_JARS" in os.environ else {}
    async with children.running(
        "start", arguments, home=bench.home, ready="GANDAN READY", environment={"GANDAN_LOG_LEVEL": "warning", **jars}
    ) as child:
        yield child
    await asyncio.to_thread(local.stop, home)


def _stack(home: Path) -> float:
    seen = local.status(home)
    return cpu.resident(seen.supervisor) if seen.supervisor else 0.0


def _result(warm: list[float], process: float, stack: float) -> Result:
    taken = median(warm)
    notes = [
        f"resident (PSS): our process {process:.0f} MB, PostgreSQL + Kafka + supervisor {stack:.0f} MB; DIGIT 3-5 min, 3.8 GB",
        f"services: {', '.join(installed())}",
    ]
    return Result(
        "start", taken, "s", GOAL, ok=taken < 6 and process < 300 and stack < 240, limit=DIGIT_SECONDS, ratio=taken / DIGIT_SECONDS, notes=notes,
        details={"starts": warm, "process_mb": process, "stack_mb": stack},
    )  # fmt: skip
