"""What a service is built from and what it gives back; `shared.runtime.process` runs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from shared.bus.consumer import Listener
from shared.bus.door import Entry
from shared.bus.relay import Sealer
from shared.runtime.discretion import Discretion
from shared.settings import Keys, Settings
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.timers import Timer
from shared.web.door import Door


@dataclass(frozen=True, slots=True)
class Frame:
    """What a service is built from: `build(frame)` in its `app.py` makes the `Service`."""

    settings: Settings
    keys: Keys
    works: Works
    telemetry: Telemetry
    door: Door
    clock: Callable[[], datetime]
    database_url: str
    bootstrap: str

    def web_telemetry(self, service: str) -> TelemetryConfig:
        """FastAPI's own instrumentation with this process's providers; addresses are recorded without people in them."""
        provider = self.telemetry.provider_for(service)
        provider.add_span_processor(Discretion())
        return {
            "tracer_provider": provider,
            "meter_provider": self.telemetry.meter_provider,
        }


@dataclass(frozen=True, slots=True)
class Service:
    """One built service: its doors and what runs beside them."""

    name: str
    api: FastAPI
    listeners: Sequence[Listener] = ()
    timers: Sequence[Timer] = ()
    sealer: Sealer | None = None
    pages: ASGIApp | None = None
    """Pages for people."""
    pages_at: str = "/"
    """Where they begin: `/quay` has `/quay` and everything below; whoever has `/`, or is alone, also has the rest."""
    pages_also_at: Sequence[str] = ()
    """Other places of theirs."""
    entries: Sequence[Entry] = ()
    """Doors for records that are no facts of ours."""
    begin: Callable[[], Awaitable[None]] | None = None
    """Run once after migration and before HTTP: seeds."""
    jobs: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()
    """Loops that live as long as the process."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A service before it is built: its name, its migrations, how to build it."""

    name: str
    migrations: Path
    build: Callable[[Frame], Service]
