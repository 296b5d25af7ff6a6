"""One installation for every test of the commands: three databases, topics of its own, and `gandan` as a person calls it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
import structlog
from typer.testing import CliRunner, Result

from deploy.cli.installation import Installation
from deploy.cli.up import SERVICES
from services.__main__ import app
from shared.bus import topics
from shared.contracts.intake import DossierAssigned
from shared.kernel import system
from shared.moments import system_clock, uuid7
from shared.settings import Keys, Settings
from shared.store.db import Pool, open_pool
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing import databases as testing
from shared.testing.fixtures import migrations_of
from shared.testing.stack import TestStack

FRAME = ("fact", "stream", "outbox", "parked", "applied", "offsets", "deadline", "idempotency")
EMPTY = "; ".join([*(f"DELETE FROM {table}" for table in FRAME), "ALTER TABLE parked ALTER COLUMN id RESTART"])
Gandan = Callable[..., Awaitable[Result]]


@dataclass
class Province:
    """The installation: where it is, and how a test writes into it."""

    url: str
    bootstrap: str
    prefix: str
    home: Path
    telemetry: Telemetry
    pools: dict[str, Pool] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str | None]:
        """The settings of its commands."""
        given = {"DATABASE_URL": self.url, "KAFKA": self.bootstrap, "TOPIC_PREFIX": self.prefix, "HOME": str(self.home)}
        return {f"GANDAN_{name}": value for name, value in given.items()}

    def seen(self, **changes: Any) -> Installation:
        """As a command sees it."""
        settings = Settings.model_construct(home=self.home, topic_prefix=changes.pop("prefix", self.prefix), **changes)
        urls = {service: self.url.replace("{service}", service) for service in SERVICES}
        return Installation(settings, urls, self.bootstrap)

    def works(self, service: str) -> Works:
        """Units of work as the running service would open them."""
        keys = Keys.load_or_make(self.home / "keys.json")
        return Works(service, self.pools[service], system_clock, uuid7, keys, self.telemetry.tracing(service))

    async def tell(self, facts: int = 1) -> UUID:
        """A dossier of intake with this many facts."""
        dossier = uuid7()
        for number in range(facts):
            async with self.works("intake").begin(system("test")) as work:
                fact = DossierAssigned(occurred_at=work.now, dossier=dossier, unit="19360", officer=f"officer-{number}")
                work.record(fact)
        return dossier


@pytest_asyncio.fixture(scope="session")
async def installation(
    stack: TestStack, telemetry: Telemetry, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Province]:
    """Databases that are named after their services, as an operator's are."""
    name = f"t_cli_{uuid7().hex[-12:]}"
    here = Province(
        testing.with_database(stack.admin_url, f"{name}_{{service}}"), stack.bootstrap, f"{name.replace('_', '-')}.",
        tmp_path_factory.mktemp("cli") / "home", telemetry,
    )  # fmt: skip
    admin = await asyncpg.connect(stack.admin_url)
    async with AsyncExitStack() as leaving:
        leaving.push_async_callback(admin.close)
        await topics.sync(stack.bootstrap, prefix=here.prefix)
        for service in SERVICES:
            source = await testing.template(stack.admin_url, service, migrations_of(service))
            await testing._create(admin, f"{name}_{service}", source)
            leaving.push_async_callback(admin.execute, f"DROP DATABASE {name}_{service} WITH (FORCE)")
            here.pools[service] = await open_pool(here.url.replace("{service}", service), name="test-cli", size=2)
            leaving.push_async_callback(here.pools[service].close)
        yield here


@pytest_asyncio.fixture
async def province(installation: Province) -> AsyncIterator[Province]:
    """The installation, empty again afterwards."""
    yield installation
    for pool in installation.pools.values():
        await pool.execute(EMPTY)


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """A command sets up the logs of its process; here that process goes on."""
    root, settings = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**settings)


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Calls commands in a terminal of 200 columns, so that sentences stay whole."""
    monkeypatch.setenv("COLUMNS", "200")
    return CliRunner()


@pytest.fixture
def gandan(province: Province, runner: CliRunner) -> Gandan:
    """`await gandan("topics", "list")` in a thread of its own, since a command runs its own event loop."""

    async def call(*words: str, env: dict[str, str | None] | None = None, **more: Any) -> Result:
        return await asyncio.to_thread(runner.invoke, app, list(words), env=province.env | (env or {}), **more)

    return call
