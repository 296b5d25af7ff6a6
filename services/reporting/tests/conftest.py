"""An empty store, ways to fill it, and a client of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from services.reporting import handlers
from services.reporting.app import build
from services.reporting.store import lines, projections
from services.reporting.tests.facts import MONDAY, Dossier, procedure, told, unit
from services.reporting.tests.letters import Letter
from shared.contracts.envelope import Fact
from shared.kernel import system
from shared.runtime import Frame, Service
from shared.settings import Keys, Settings
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing.fixtures import MakeWorks
from shared.web.devissuer import DevIssuer
from shared.web.door import open_door


@pytest_asyncio.fixture
async def works(make_works: MakeWorks) -> Works:
    return await make_works("reporting")


async def tell_all(works: Works, histories: Sequence[tuple[Dossier, Sequence[Fact]]], first: int = 1) -> None:
    """Fold these facts into the active version, as the live consumer does; `first`: the place of each dossier's first here."""
    async with works.begin(system("test")) as work:
        active = await projections.shared(work.db)
        await handlers.project(
            work.db, active.version, {dossier.id: told(facts, first) for dossier, facts in histories}
        )
        await lines.place(work.db, {("intake.dossiers", 0): MONDAY})


async def tell_letters(works: Works, histories: Sequence[tuple[Letter, Sequence[Fact], Sequence[Fact]]]) -> None:
    """Fold these letters and the cases they became, as the live consumer does."""
    told_of = {letter.id: told(facts) for letter, facts, _ in histories}
    told_of |= {letter.case: told(facts) for letter, _, facts in histories if facts}
    async with works.begin(system("test")) as work:
        active = await projections.shared(work.db)
        await handlers.project_cases(work.db, active.version, told_of)


async def describe_units(works: Works, *names: tuple[str, str]) -> None:
    """Put these units into the reference copy."""
    async with works.begin(system("test")) as work:
        await lines.copy_units(work.db, 1, {code: unit(code, name) for code, name in names})


async def describe_procedures(works: Works) -> None:
    """Put the procedure of the invented dossiers into the reference copy: three working days."""
    async with works.begin(system("test")) as work:
        await lines.copy_procedures(work.db, 1, {"1.004873": procedure()})


@pytest.fixture
def service(works: Works, tmp_path: Path, keys: Keys, telemetry: Telemetry) -> Service:
    settings = Settings(home=tmp_path)
    frame = Frame(
        settings=settings, keys=keys, works=works, telemetry=telemetry, door=open_door(settings, keys), clock=works.clock,
        database_url="", bootstrap="127.0.0.1:9",
    )  # fmt: skip
    return build(frame)


@pytest_asyncio.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to the service's API; paths begin at `/v1`."""
    transport = httpx.ASGITransport(app=service.api, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


@asynccontextmanager
async def browsing(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without JavaScript: it keeps cookies, and follows nothing by itself."""
    assert service.pages is not None
    transport = httpx.ASGITransport(app=service.pages, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


@pytest_asyncio.fixture
async def site(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of the test's own."""
    async with browsing(service) as made:
        yield made


@pytest.fixture
def sign(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Headers of somebody signed in: `sign("clerk", units=["19360"])`."""
    issuer = DevIssuer.load_or_make(Settings(home=tmp_path))
    return lambda *roles, **claims: {"authorization": f"Bearer {issuer.token(*roles, **claims)}"}
