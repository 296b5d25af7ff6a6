"""A process that takes one file in, for tests that kill it: `python -m … DATABASE_URL FOLDER STEP`.

It kills itself (-9) at a step: `staged` (sealed and looked at), `kept` (the blob has its address), `written` (the row is
written and not committed); with another word it lives and prints the id.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from services.intake import handlers
from services.intake.handlers import Cabinet
from services.intake.store import files
from services.intake.tests.given import citizen
from shared.kernel import Once
from shared.moments import uuid7
from shared.settings import Keys
from shared.store.db import open_pool
from shared.store.files.stores import Disk
from shared.store.files.tests import samples
from shared.store.unit_of_work import Works
from shared.telemetry.setup import setup
from shared.testing.clock import StandingClock

STEPS = ("staged", "kept", "written")


def deadly(action: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same, and then the end."""

    async def last(*arguments: Any) -> None:
        await action(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    return last


async def main(url: str, folder: str, step: str) -> None:
    """Take the sample in."""
    telemetry = setup("keeper", instance="keeper", version="0", otlp_endpoint=None, environment="test")
    keys = Keys(**{f.name: sha256(f.name.encode()).digest() for f in fields(Keys)})
    pool = await open_pool(url, name="test-keeper", size=2, least=1)
    works = Works("intake", pool, StandingClock(), uuid7, keys, telemetry.tracing("intake"))
    disk = Disk(Path(folder))
    if step in {"staged", "kept"}:
        name = {"staged": "stage", "kept": "keep"}[step]
        setattr(disk, name, deadly(getattr(disk, name)))
    elif step == "written":
        vars(files)["add_file"] = deadly(files.add_file)
    once = Once.of("keeper", "POST", "/v1/files", b"", 201)
    cabinet, body = Cabinet(works, disk, 1 << 20), samples.streamed(samples.pdf())
    file = await handlers.keep_file(cabinet, citizen(keys), lambda _digest: once, "application/pdf", body)
    sys.stdout.write(f"{file.id}\n")
    await pool.close()
    telemetry.shutdown(1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
