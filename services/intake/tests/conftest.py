"""A seeded desk on an empty database, and intake's whole app spoken to in process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Mount

from services.intake import app, handlers
from services.intake.handlers import Cabinet, Desk
from services.intake.tests.portal_server import Portal, portal
from services.intake.tests.talk import Talk
from shared.runtime import Frame, Service
from shared.settings import Keys, Settings
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing.fixtures import MakeWorks
from shared.web.devissuer import DevIssuer
from shared.web.door import open_door


@pytest_asyncio.fixture
async def works(make_works: MakeWorks) -> Works:
    return await make_works("intake")


@pytest_asyncio.fixture
async def desk(works: Works) -> Desk:
    made = Desk(works)
    await handlers.seed(made)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest_asyncio.fixture
async def service(works: Works, settings: Settings, keys: Keys, telemetry: Telemetry) -> Service:
    door = open_door(settings, keys)
    built = app.build(Frame(settings, keys, works, telemetry, door, works.clock, database_url="", bootstrap=""))
    assert built.begin is not None
    await built.begin()
    return built


@pytest_asyncio.fixture
async def cabinet(service: Service) -> Cabinet:
    made: Cabinet = service.api.state.cabinet
    return made


@pytest_asyncio.fixture
async def talk(service: Service, settings: Settings) -> AsyncIterator[Talk]:
    mounted = Starlette(routes=[Mount("/intake", app=service.api)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(mounted), base_url="http://test/intake/v1") as http:
        yield Talk(http, DevIssuer.load_or_make(settings))


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Portal]:
    async with portal() as made:
        yield made
