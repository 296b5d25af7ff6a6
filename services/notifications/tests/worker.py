"""The e-mail worker as a process of its own, for tests that kill it: `python -m … DATABASE_URL SMTP_PORT STEP`.

It sends what is due and ends; with a step (`taking`, `taken`, `sent`, `settled`) it kills itself (-9) when it comes there.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import fields
from hashlib import sha256

from services.notifications.adapters.settings import NOBODY, Server
from services.notifications.adapters.smtp import SmtpProvider
from services.notifications.handlers import Mailroom
from shared.moments import uuid7
from shared.settings import Keys
from shared.store.db import open_pool
from shared.store.unit_of_work import Works
from shared.telemetry.setup import setup
from shared.testing.clock import StandingClock


def _failpoint(step: str) -> Callable[[str], None]:
    def reached(where: str) -> None:
        if where == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


async def main(url: str, port: str, step: str) -> None:
    """Send what is due."""
    telemetry = setup("worker", instance="worker", version="0", otlp_endpoint=None, environment="test")
    keys = Keys(**{f.name: sha256(f.name.encode()).digest() for f in fields(Keys)})
    clock = StandingClock()
    clock.move(hours=1)
    pool = await open_pool(url, name="test-worker", size=4)
    works = Works("notifications", pool, clock, uuid7, keys, telemetry.tracing("notifications"))
    provider = SmtpProvider(Server("127.0.0.1", int(port), "none"))
    room = Mailroom(
        works,
        provider,
        NOBODY,
        "https://gandan.example",
        telemetry.tracer,
        telemetry.metrics.notices,
        failpoint=_failpoint(step),
    )
    while await room.send_due():
        pass
    await room.close()
    await pool.close()
    telemetry.shutdown(1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
