"""A province under test: its own databases, topics and home on servers that a test may break, and its processes."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from deploy import local
from deploy.local.settings import new_cluster_id
from shared import settings
from shared.moments import MovableClock, uuid7
from shared.settings import Keys
from shared.store.db import open_pool
from shared.store.unit_of_work import Works
from shared.telemetry.setup import setup
from shared.testing.clock import MONDAY_MORNING
from shared.testing.databases import template, with_database
from shared.testing.fixtures import migrations_of
from shared.testing.processes import Child, Nursery, up
from shared.web.devissuer import mint

SERVICES = ("intake", "complaints", "notifications", "reporting")
UNIT = "19360"
PROCEDURE = "1.004873"
"""Three working days, offered by communes, on paper and online."""


@dataclass
class Ground:
    """The servers of a home of our own: they may be held, killed and wiped, since nobody else uses them."""

    home: Path
    stack: local.Stack = field(init=False)

    def start(self) -> None:
        """Start both servers, or attach to them."""
        self.stack = local.start(self.home)

    async def hold(self, server: str, *, abruptly: bool = False) -> None:
        """Keep a server down until `release`, while whatever else runs goes on."""
        await asyncio.to_thread(local.hold, self.home, server, abruptly=abruptly)

    async def release(self, server: str) -> None:
        """Let it run again; returns when it answers."""
        await asyncio.to_thread(local.release, self.home, server)

    async def kill(self, *servers: str) -> None:
        """Kill -9 these servers; the supervisor starts them again at once."""
        for server in servers:
            await asyncio.to_thread(local.kill, self.home, server)

    async def lose_topics(self) -> None:
        """Destroy Kafka's volume: both servers come back on their ports, Kafka as another, empty cluster."""
        await asyncio.to_thread(self._lose_topics)

    def _lose_topics(self) -> None:
        self.stack.close()
        local.stop(self.home)
        shutil.rmtree(self.home / "kafka" / "data")
        kept = json.loads((self.home / "settings.json").read_text())
        (self.home / "settings.json").write_text(json.dumps(kept | {"cluster_id": new_cluster_id()}))
        self.start()


@dataclass
class Province:
    """One installation: where everything is, and what of it runs."""

    ground: Ground
    nursery: Nursery
    home: Path
    tag: str
    otlp: str | None = None
    children: list[Child] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """Before every topic's name."""
        return f"{self.tag}."

    @property
    def bootstrap(self) -> str:
        """Where Kafka answers."""
        return self.ground.stack.bootstrap

    @property
    def clock(self) -> MovableClock:
        """The time of all its processes."""
        return MovableClock(self.home / "clock")

    def url(self, service: str) -> str:
        """The database of a service."""
        return with_database(self.ground.stack.admin_url, f"{service}_{self.tag}")

    def environment(self, parts: str) -> dict[str, str]:
        """The settings of a process with these parts."""
        found = {
            "GANDAN_HOME": str(self.home),
            "GANDAN_DATABASE_URL": self.url("{service}"),
            "GANDAN_KAFKA": self.bootstrap,
            "GANDAN_TOPIC_PREFIX": self.prefix,
            "GANDAN_CLOCK": str(self.clock.path),
            "GANDAN_PARTS": parts,
            "GANDAN_SWEEP_SECONDS": "0.2",
            "GANDAN_SLOT": "only",
        }
        return found | ({"GANDAN_OTLP_ENDPOINT": self.otlp} if self.otlp else {})

    def start(self, *services: str, parts: str, failpoint: str = "") -> Child:
        """Start a process; it need not answer yet."""
        name = f"{len(self.children):03d}-{'-'.join(services)}"
        child = up(
            self.nursery, services, env=self.environment(parts), folder=self.home, name=name, failpoint=failpoint
        )
        self.children.append(child)
        return child

    def kill_all(self) -> None:
        """Kill -9 whatever runs."""
        for child in self.children:
            child.kill()

    def token(
        self, *roles: str, units: Sequence[str] = (UNIT,), person: str | None = None, subject: str | None = None
    ) -> str:
        """A bearer token of this province's issuer."""
        return mint(settings.load(home=self.home), *roles, units=units, person=person, subject=subject)

    def officer(self) -> str:
        """Somebody who may do everything at a one-stop shop."""
        return self.token("clerk", "handler", "head")

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[Any]:
        """A connection to a service's database."""
        connection = await asyncpg.connect(self.url(service))
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def works(self, service: str) -> AsyncIterator[Works]:
        """A unit-of-work factory on a service's database, as an operator's command has it."""
        telemetry = setup("test", instance="test", version="0", otlp_endpoint=None, environment="test")
        async with AsyncExitStack() as leaving:
            leaving.callback(telemetry.shutdown, 1)
            pool = await open_pool(self.url(service), name="operator", size=2)
            leaving.push_async_callback(pool.close)
            keys = Keys.load_or_make(self.home / "keys.json")
            yield Works(service, pool, self.clock, uuid7, keys, telemetry.tracing(service))


@asynccontextmanager
async def founded(ground: Ground, nursery: Nursery, home: Path, *, otlp: str | None = None) -> AsyncIterator[Province]:
    """A province with empty, migrated databases, on a Monday morning; nothing of it is left afterwards."""
    made = Province(ground, nursery, home, f"p{uuid7().hex[-10:]}", otlp)
    made.clock.move_to(MONDAY_MORNING)
    Keys.load_or_make(home / "keys.json")
    await _databases(ground, made, "CREATE DATABASE {name} TEMPLATE {source}")
    try:
        yield made
    finally:
        made.kill_all()
        await _databases(ground, made, "DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _databases(ground: Ground, province: Province, statement: str) -> None:
    admin = await asyncpg.connect(ground.stack.admin_url)
    try:
        for service in SERVICES:
            source = await template(ground.stack.admin_url, service, migrations_of(service))
            await admin.execute(statement.format(name=f"{service}_{province.tag}", source=source))
    finally:
        await admin.close()
