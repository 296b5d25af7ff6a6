"""Runs reporting's rebuild in a process of its own, as `gandan rebuild` does. Asked `{}` it answers records and seconds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from deploy.bench.answering import answering
from deploy.bench.loop import run
from services.reporting.consumers.rebuild import Sources, rebuild
from shared.moments import system_clock, uuid7
from shared.settings import Settings
from shared.store.db import open_pool
from shared.store.unit_of_work import Works
from shared.telemetry.setup import setup


async def main() -> None:
    """Answer with records, seconds, the pause of live, and whether the result was swapped in."""
    url, bootstrap, home = sys.argv[1:]
    telemetry = setup("rebuild", instance="bench", version="0", otlp_endpoint=None, environment="bench")
    pool = await open_pool(url, name="bench-rebuild", size=4)
    works = Works(
        "reporting", pool, system_clock, uuid7, Settings(home=Path(home)).load_keys(), telemetry.tracing("reporting")
    )

    async def answer(_asked: dict[str, Any]) -> dict[str, Any]:
        made = await rebuild(Sources(works, url, bootstrap, telemetry.metrics))
        return {
            "records": made.records, "seconds": made.seconds, "paused": made.paused_seconds, "swapped": made.swapped, "version": made.version,
        }  # fmt: skip

    await answering(answer)
    await pool.close()


if __name__ == "__main__":
    run(main())
