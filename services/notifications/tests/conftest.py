"""Notifications on a real database: its unit of work, its consumers fed by hand, its HTTP door, two citizens."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from services.notifications import app, consumers
from services.notifications.adapters.settings import NOBODY, Server
from services.notifications.adapters.smtp import SmtpProvider
from services.notifications.handlers import Mailroom, sweep
from services.notifications.tests import samples
from services.notifications.tests.postoffice import PostOffice, post_office
from shared.bus.arrival import Raw
from shared.contracts import intake
from shared.contracts.envelope import Fact
from shared.runtime import Frame, Service
from shared.settings import Keys, Settings
from shared.store.unit_of_work import Works
from shared.store.vault import Details, fingerprint, recipient_of, seal_contact
from shared.telemetry.setup import Telemetry
from shared.testing.clock import StandingClock
from shared.testing.fixtures import MakeWorks
from shared.testing.records import Fed, Log, fed
from shared.web.devissuer import DevIssuer
from shared.web.door import open_door

Know = Callable[..., Coroutine[Any, Any, None]]


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
def open_contact(contacts: Fed, keys: Keys) -> Know:
    """Call it with a recipient and an e-mail address: a contact sealed by intake arrives."""
    topic = Log(intake.CONTACTS)

    async def know(recipient: UUID, email: str | None, name: str = "Nguyễn Thị Ánh") -> None:
        box = base64.b64encode(seal_contact(keys.contact_public, Details(name, email=email))).decode()
        fact = intake.ContactSealed(
            occurred_at=samples.AT, recipient=recipient, contact_sealed=box, key_id=fingerprint(keys.contact_public)
        )
        await contacts.give(topic.fact(fact, topic.end + 1))

    return know


@pytest_asyncio.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with post_office() as made:
        yield made


@pytest_asyncio.fixture
async def room(works: Works, office: PostOffice, telemetry: Telemetry) -> AsyncIterator[Mailroom]:
    """The e-mail worker at that server; waits are as long as they can be."""
    provider = SmtpProvider(Server("127.0.0.1", office.port, "none"))
    made = Mailroom(
        works,
        provider,
        NOBODY,
        "https://gandan.example",
        telemetry.tracer,
        telemetry.metrics.notices,
        chance=lambda: 1.0,
    )
    yield made
    await made.close()


async def send_all(room: Mailroom) -> None:
    """Let the worker work until nothing is due."""
    while await room.send_due():
        pass


async def later(works: Works, **by: float) -> None:
    """The database's clock goes on for deliveries: what waited, or was leased, for so long is due."""
    shift = timedelta(**by)
    async with works.reading() as db:
        await db.execute(
            "UPDATE delivery SET next_at = next_at - $1::interval, lease_until = lease_until - $1::interval", shift
        )
    await sweep(works)


async def sent(works: Works, *columns: str) -> list[tuple[Any, ...]]:
    """These columns of every delivery, in the order they were made."""
    found = await rows(works, f"SELECT {', '.join(columns)} FROM delivery ORDER BY position")
    return [tuple(row.values()) for row in found]


async def tried(works: Works) -> list[tuple[Any, ...]]:
    found = await rows(works, "SELECT n, outcome, code FROM attempt ORDER BY started_at, n")
    return [tuple(row.values()) for row in found]


@pytest.fixture
def give(dossiers: Fed, log: Log) -> Any:
    async def give(*facts: Fact, first: int = 1) -> None:
        await dossiers.give(*records(log, facts, first))

    return give


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
