"""A desk that knows its units on an empty database, and the whole app of complaints spoken to in process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Mount

from services.complaints import app, consumers
from services.complaints.handlers import reference
from services.complaints.handlers.desk import Desk
from services.complaints.tests import given
from services.complaints.tests.talk import Talk
from shared.kernel import system
from shared.runtime import Frame, Service
from shared.settings import Keys, Settings
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing.fixtures import MakeWorks
from shared.testing.records import Fed, fed
from shared.web.devissuer import DevIssuer
from shared.web.door import open_door


@pytest_asyncio.fixture
async def works(make_works: MakeWorks) -> Works:
    return await make_works("complaints")


@pytest_asyncio.fixture
async def desk(works: Works) -> Desk:
    async with works.begin(system("test")) as work:
        await reference.copy_units(work, given.UNITS, [])
        await reference.copy_procedures(work, [given.procedure()], [])
    return Desk(works)


@pytest.fixture
def copying(works: Works, telemetry: Telemetry) -> Fed:
    return fed(works, consumers.LISTENERS[0], telemetry.metrics)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def service(works: Works, settings: Settings, keys: Keys, telemetry: Telemetry) -> Service:
    door = open_door(settings, keys)
    return app.build(Frame(settings, keys, works, telemetry, door, works.clock, database_url="", bootstrap=""))


@pytest_asyncio.fixture
async def talk(desk: Desk, service: Service, settings: Settings) -> AsyncIterator[Talk]:
    assert desk.works is service.api.state.desk.works
    mounted = Starlette(routes=[Mount("/complaints", app=service.api)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(mounted), base_url="http://test/complaints/v1") as http:
        yield Talk(http, DevIssuer.load_or_make(settings))
