"""The sample day in containers: all services in this one process live it on an empty store, then the process ends.

The services of `docker-compose.yml` start afterwards, when time is real again; `docker compose --profile sample up` does both.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from deploy.cli.up import SERVICES, Where, blueprint
from deploy.demo import filling
from deploy.demo.player import Unplayable
from shared import settings as settings_
from shared.runtime.process import Process, serve
from shared.settings import Settings, WrongSetting
from shared.telemetry.logs import configure_logs

DONE, REFUSED = 0, 1


def fill(settings: Settings) -> int:
    """Live the sample unless the store holds something or a real issuer is set; the exit code."""
    with Where(settings) as where:
        if not filling.fits(settings) or not asyncio.run(filling.is_empty(where.urls(SERVICES))):
            _say("the store is not empty, or this is not for demonstrations: nothing was done")
            return DONE
        chosen = filling.prepared(settings, weeks=True)
        chosen.begin()
        ends: list[int] = []

        def ready(process: Process) -> None:
            process.spawn(_live(chosen, process, ends), "sample")

        signal.signal(signal.SIGTERM, lambda _number, _frame: None)  # asked to end by ourselves: no death by a signal
        blueprints = [blueprint(service) for service in SERVICES]
        failed = asyncio.run(serve(chosen.settings, blueprints, where.urls(SERVICES), where.bootstrap, ready))
        return failed or (DONE if ends == [DONE] else REFUSED)


async def _live(chosen: filling.Filling, process: Process, ends: list[int]) -> None:
    """Live it, then ask this process to end as an operator would."""
    try:
        played = await chosen.live(process, lambda _done, _all: None)
    except* (Unplayable, TimeoutError) as errors:
        _say(f"the sample day stopped: {errors.exceptions[0]!r}")
        ends.append(REFUSED)
    else:
        _say(
            f"{played.acts} acts in {played.seconds:.0f} s; one slip: /tra-cuu?ma={played.code} secret {played.secret}"
        )
        ends.append(DONE)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()


def _say(words: str) -> None:
    print(f"sample: {words}", flush=True)  # noqa: T201 - its output is for people


def main() -> int:
    """`python -m deploy.compose.sample`."""
    try:
        settings = settings_.load()
        configure_logs(settings.log_level, json=bool(settings.log_json))
        return fill(settings)
    except WrongSetting as error:
        _say(str(error))
        return REFUSED


if __name__ == "__main__":
    sys.exit(main())
