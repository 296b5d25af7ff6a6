"""Notifications on a real database: its unit of work, its consumers fed by hand, its HTTP door, two citizens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from services.notifications import app, consumers
from services.notifications.tests import samples
from shared.bus.arrival import Raw
from shared.contracts.envelope import Fact
from shared.runtime import Frame, Service
from shared.settings import Keys, Settings
from shared.store.unit_of_work import Works
from shared.store.vault import recipient_of
from shared.telemetry.setup import Telemetry
from shared.testing.clock import StandingClock
from shared.testing.fixtures import MakeWorks
from shared.testing.records import Fed, Log, fed
from shared.web.devissuer import DevIssuer
from shared.web.door import open_door


@pytest_asyncio.fixture
async def works(make_works: MakeWorks) -> Works:
    return await make_works("notifications")


@pytest.fixture
def citizen(keys: Keys) -> UUID:
    return recipient_of(keys.people, samples.PERSON)


@pytest.fixture
def neighbour(keys: Keys) -> UUID:
    return recipient_of(keys.people, samples.OTHER_PERSON)


@pytest.fixture
def dossiers(works: Works, telemetry: Telemetry) -> Fed:
    return fed(works, consumers.LISTENERS[0], telemetry.metrics)


@pytest.fixture
def contacts(works: Works, telemetry: Telemetry) -> Fed:
    return fed(works, consumers.LISTENERS[1], telemetry.metrics)


@pytest.fixture
def cases(works: Works, telemetry: Telemetry) -> Fed:
    return fed(works, consumers.LISTENERS[2], telemetry.metrics)


@pytest.fixture
def log() -> Log:
    return Log()


def records(log: Log, facts: Sequence[Fact], first: int = 1) -> list[Raw]:
    """The facts of one dossier in sequence."""
    return [log.fact(fact, number) for number, fact in enumerate(facts, first)]


async def rows(works: Works, statement: str, *arguments: Any) -> list[dict[str, Any]]:
    async with works.reading() as db:
        return [dict(row) for row in await db.fetch(statement, *arguments)]


async def codes(works: Works, recipient: UUID) -> list[tuple[int, str]]:
    """Number and code of every item in an inbox."""
    found = await rows(works, "SELECT seq, code FROM inbox_item WHERE recipient = $1 ORDER BY seq", recipient)
    return [(row["seq"], row["code"]) for row in found]


async def stated(works: Works, kind: str) -> list[dict[str, Any]]:
    """The facts of one type this service has stated, with what waits to be sent of them."""
    return await rows(
        works,
        "SELECT f.* FROM fact f JOIN outbox o ON o.fact = f.id WHERE f.type = $1 ORDER BY o.position",
        f"vn.gandan.{kind}.v1",
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def service(works: Works, keys: Keys, settings: Settings, telemetry: Telemetry, clock: StandingClock) -> Service:
    door = open_door(settings, keys)
    return app.build(Frame(settings, keys, works, telemetry, door, clock, database_url="", bootstrap=""))


@pytest.fixture
def web(service: Service) -> FastAPI:
    return service.api


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody with a token; commands get a new key each unless they name one."""

    http: httpx.AsyncClient
    token: str | None
    used: list[str]

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers={**self.headers, **headers})

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        self.used.append(path)
        headers = {**self.headers, "idempotency-key": key or f"key-{len(self.used)}"}
        return await self.http.post(path, json=body, headers=headers)


@pytest_asyncio.fixture
async def http(web: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url="http://test") as client:
        yield client


@pytest.fixture
def issuer(settings: Settings) -> DevIssuer:
    return DevIssuer.load_or_make(settings)


@pytest.fixture
def me(http: httpx.AsyncClient, issuer: DevIssuer) -> Client:
    return Client(http, issuer.token("citizen", subject="me", person=samples.PERSON), [])


@pytest.fixture
def neighbours(http: httpx.AsyncClient, issuer: DevIssuer) -> Client:
    return Client(http, issuer.token("citizen", subject="neighbour", person=samples.OTHER_PERSON), [])


@pytest.fixture
def officer(http: httpx.AsyncClient, issuer: DevIssuer) -> Client:
    return Client(http, issuer.token("clerk", units=[samples.UNIT]), [])
