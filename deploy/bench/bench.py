"""What every measurement is given: the stack, empty databases and topics of its own, and the product as a child process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg

from deploy import local
from deploy.bench import children
from deploy.bench.children import Child
from deploy.bench.scale import Scale
from deploy.cli.up import SERVICES, blueprint
from shared.bus import topics
from shared.bus.broker import guarded
from shared.bus.topics import Topic
from shared.moments import uuid7
from shared.settings import Settings
from shared.testing.databases import template, with_database
from shared.web.devissuer import mint

TRIPS = topics.facts("bench.trips")
"""A topic no service reads, for bare round trips."""


@dataclass(frozen=True, slots=True)
class Databases:
    """Databases of one measurement: `<name>_<service>` on the stack's PostgreSQL."""

    admin_url: str
    name: str

    def url(self, service: str) -> str:
        """The database of a service."""
        return with_database(self.admin_url, f"{self.name}_{service}")

    @property
    def pattern(self) -> str:
        """As `GANDAN_DATABASE_URL` wants it."""
        return with_database(self.admin_url, self.name + "_{service}")


@dataclass(frozen=True, slots=True)
class Product:
    """The product, running: its HTTP port and its process."""

    child: Child
    port: int

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.child.pid


@dataclass(slots=True)
class Bench:
    """One run of benchmarks."""

    scale: Scale
    home: Path
    stack: local.Stack
    tell: Callable[[str], None]
    prefixes: list[str] = field(default_factory=list)

    @property
    def admin_url(self) -> str:
        """PostgreSQL as superuser."""
        return self.stack.admin_url

    @property
    def bootstrap(self) -> str:
        """Where Kafka answers."""
        return self.stack.bootstrap

    @property
    def product_home(self) -> Path:
        """Where the product keeps its keys."""
        return self.home / "product"

    @property
    def settings(self) -> Settings:
        """Settings of the product, for tokens and keys."""
        return Settings(home=self.product_home)

    def servers(self) -> dict[str, int]:
        """Process ids of PostgreSQL and of Kafka's JVM."""
        return {server.name: server.pid for server in local.status(self.stack.home).servers if server.pid}

    def token(self, *roles: str, units: Sequence[str] = (), person: str | None = None) -> str:
        """A token good for as long as the longest measurement."""
        return mint(self.settings, *roles, units=units, person=person, subject=person, ttl=86_400)

    @asynccontextmanager
    async def databases(self, *services: str) -> AsyncIterator[Databases]:
        """Empty, migrated databases of these services, dropped at the end."""
        made = Databases(self.admin_url, f"bench_{uuid7().hex}")
        async with AsyncExitStack() as leaving:
            for service in services:
                await leaving.enter_async_context(self._database(service, f"{made.name}_{service}"))
            yield made

    @asynccontextmanager
    async def _database(self, service: str, name: str) -> AsyncIterator[None]:
        source = await template(self.admin_url, service, blueprint(service).migrations)
        await self.order(f"CREATE DATABASE {name} TEMPLATE {source}")
        try:
            yield
        finally:
            await self.order(f"DROP DATABASE {name} WITH (FORCE)")

    async def order(self, statement: str) -> None:
        """One statement as superuser, outside of any transaction."""
        admin = await asyncpg.connect(self.admin_url)
        try:
            await admin.execute(statement)
        finally:
            await admin.close()

    @asynccontextmanager
    async def topics(self, prefix: str | None = None, more: Sequence[Topic] = ()) -> AsyncIterator[str]:
        """Empty topics below a prefix, deleted at the end; `more`: beside those of the catalogue."""
        name = f"b{uuid7().hex[-10:]}." if prefix is None else prefix
        wanted = (*topics.CATALOGUE, TRIPS, *more)
        await self._delete_topics(name, wanted)
        await topics.sync(self.bootstrap, prefix=name, topics=wanted)
        try:
            yield name
        finally:
            await self._delete_topics(name, wanted)

    async def _delete_topics(self, prefix: str, wanted: Sequence[Topic]) -> None:
        async with topics.admin(self.bootstrap) as client:
            ours = {prefix + topic.name for topic in wanted}
            if found := sorted(ours & set(await client.list_topics())):
                await guarded(client.delete_topics(found), 30)

    @asynccontextmanager
    async def product(
        self, services: Sequence[str], databases: Databases, *, parts: str, prefix: str, settings: Mapping[str, str] | None = None
    ) -> AsyncIterator[Product]:  # fmt: skip
        """`gandan up` with these services and parts, ready."""
        port = children.free_port()
        environment = {
            "GANDAN_HOME": str(self.product_home), "GANDAN_DATABASE_URL": databases.pattern, "GANDAN_KAFKA": self.bootstrap,
            "GANDAN_TOPIC_PREFIX": prefix, "GANDAN_PARTS": parts, "GANDAN_LOG_LEVEL": "warning", **(settings or {}),
        }  # fmt: skip
        arguments = ["services", "up", *services, "--port", str(port)]
        async with children.running(
            "product", arguments, home=self.home, ready="GANDAN READY", environment=environment
        ) as child:
            yield Product(child, port)

    @asynccontextmanager
    async def child(self, module: str, *arguments: str) -> AsyncIterator[Child]:
        """A process of this package that says READY."""
        name = module.rpartition(".")[2]
        async with children.running(
            name, [f"deploy.bench.{module}", *arguments], home=self.home, ready="READY"
        ) as child:
            yield child


def installed() -> list[str]:
    """The services of this checkout."""
    return [service for service in SERVICES if find_spec(f"services.{service}.app") is not None]


async def one(url: str, statement: str, *arguments: Any) -> Any:
    """The first value a statement finds."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement, *arguments)
    finally:
        await connection.close()
