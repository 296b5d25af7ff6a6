"""Intake, complaints and reporting in one process, each on a database of its own; the test carries what they state to one another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from services.complaints import app as complaints
from services.complaints.tests.talk import Talk as Letters
from services.intake import app as intake
from services.intake.tests.talk import Talk as Counter
from services.reporting import app as reporting
from services.reporting.tests.conftest import browsing
from shared.bus.consumer import Listener
from shared.runtime import Frame, Service
from shared.settings import Keys, Settings
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing.fixtures import MakeWorks
from shared.testing.records import Fed, Log, fed
from shared.web.devissuer import DevIssuer
from shared.web.door import open_door

_STATED = "SELECT id, topic, key, envelope FROM fact WHERE topic IS NOT NULL ORDER BY recorded_at, aggregate, sequence"


@dataclass
class House:
    """Three services, and the people who speak to them."""

    works: dict[str, Works]
    counter: Counter
    """Speaks to intake."""
    letters: Letters
    """Speaks to complaints."""
    pages: Service
    readers: Sequence[tuple[Listener, Fed]]
    logs: dict[str, Log] = field(default_factory=dict)
    carried: set[UUID] = field(default_factory=set)

    async def carry(self) -> None:
        """Give every fact stated since the last time to whoever listens to its topic, as Kafka would."""
        for producer in ("intake", "complaints"):
            async with self.works[producer].reading() as db:
                new = [row for row in await db.fetch(_STATED) if row["id"] not in self.carried]
            for row in new:
                await self._hand_on(row)

    async def _hand_on(self, row: Any) -> None:
        self.carried.add(row["id"])
        log = self.logs.setdefault(row["topic"], Log(topic=row["topic"]))
        record = log.record(row["key"].encode(), row["envelope"])
        for listener, reader in self.readers:
            if row["topic"] in listener.topics:
                await reader.give(record)

    @asynccontextmanager
    async def browsing(self) -> AsyncIterator[httpx.AsyncClient]:
        """A browser on the pages."""
        async with browsing(self.pages) as made:
            yield made


@asynccontextmanager
async def opened(make_works: MakeWorks, keys: Keys, telemetry: Telemetry, home: Path) -> AsyncIterator[House]:
    """The house with its reference data, and nothing filed yet."""
    settings = Settings(home=home)
    door, issuer = open_door(settings, keys), DevIssuer.load_or_make(settings)
    works = {name: await make_works(name) for name in ("intake", "complaints", "reporting")}
    built: dict[str, Service] = {}
    for name, app in (("intake", intake), ("complaints", complaints), ("reporting", reporting)):
        frame = Frame(settings, keys, works[name], telemetry, door, works[name].clock, database_url="", bootstrap="127.0.0.1:9")  # fmt: skip
        built[name] = app.build(frame)
        if (begin := built[name].begin) is not None:
            await begin()
    listeners = [(each, name) for name in ("complaints", "reporting") for each in built[name].listeners]
    async with AsyncExitStack() as leaving:
        house = House(
            works,
            Counter(await leaving.enter_async_context(_client("intake", built["intake"].api)), issuer),
            Letters(await leaving.enter_async_context(_client("complaints", built["complaints"].api)), issuer),
            built["reporting"],
            [(listener, fed(works[name], listener, telemetry.metrics)) for listener, name in listeners],
        )
        await house.carry()
        yield house


def _client(name: str, api: FastAPI) -> httpx.AsyncClient:
    mounted = Starlette(routes=[Mount(f"/{name}", app=api)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(mounted), base_url=f"http://test/{name}/v1")
