"""What an operator's command stands on: where the servers are, the services as they are built, plain sentences for errors."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import asyncpg
import typer

from deploy.cli.up import SERVICES, Where, blueprint
from deploy.local import StackError
from shared import settings as settings_
from shared.bus.broker import guarded
from shared.bus.consumer import Consumer
from shared.bus.door import Door
from shared.bus.topics import TopicRefused
from shared.kernel import Caller, NotFound, Principal, Refused
from shared.moments import Clock, MovableClock, system_clock, uuid7
from shared.runtime import Frame, Service
from shared.settings import Settings, WrongSetting
from shared.store.db import TRANSIENT, Connection, open_direct, open_pool
from shared.store.unit_of_work import Works
from shared.telemetry.logs import configure_logs
from shared.telemetry.redaction import redact
from shared.telemetry.setup import Telemetry, setup
from shared.web.door import open_door

DONE, REFUSED, WRONG_USAGE, UNREACHABLE = 0, 1, 2, 3

_ABSENT = (
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.CannotConnectNowError,
)


class Unreachable(Exception):  # noqa: N818 - a sentence for the operator
    """A server does not answer; the message says which, and what to do."""


EXPLAINED = (Unreachable, WrongSetting, Refused, TopicRefused, StackError, asyncpg.PostgresError, *TRANSIENT)
"""What is told in a sentence; anything else is a bug and shows itself as one."""


class NoSuchConsumer(NotFound):
    """No service of this version has this consumer; a record of it can only be looked at."""


def _known(names: list[str] | None) -> list[str] | None:
    if unknown := sorted(set(names or ()) - set(SERVICES)):
        raise typer.BadParameter(f"there is no service {', '.join(unknown)}; there are {', '.join(SERVICES)}")
    return names


HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Folder of the embedded stack (GANDAN_HOME, default .local).")
]
ServiceOption = Annotated[
    list[str] | None,
    typer.Option("--service", callback=_known, help=f"{', '.join(SERVICES)}. Default: all. May be repeated."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation as its operator sees it, from outside its processes."""

    settings: Settings
    urls: Mapping[str, str]
    bootstrap: str

    @property
    def clock(self) -> Clock:
        """The clock its domain decides by."""
        return clock_of(self.settings)

    @asynccontextmanager
    async def session(self, service: str) -> AsyncIterator[Connection]:
        """One connection to a service's database, without time limits; `Unreachable` when there is none to be had."""
        try:
            connection = await open_direct(self.urls[service], name="gandan-cli")
        except (*TRANSIENT, *_ABSENT) as error:
            raise Unreachable(f"the database of {service} does not answer: {_words(error)}") from error
        try:
            yield connection
        finally:
            await guarded(connection.close(timeout=2), 3)

    @asynccontextmanager
    async def built(self, service: str, telemetry: Telemetry) -> AsyncIterator[tuple[Service, Works]]:
        """A service with its database, none of its doors open."""
        async with self.session(service) as first:
            epoch = await first.fetchval("SELECT max(epoch) FROM generation")
        pool = await open_pool(self.urls[service], name=f"gandan-cli-{service}", size=4)
        try:
            frame = frame_of(self.settings, service, telemetry, pool, self.clock, epoch, self.bootstrap)
            yield blueprint(service).build(frame), frame.works
        finally:
            if await guarded(pool.close(), 5) is not None:
                pool.terminate()

    @asynccontextmanager
    async def consumer(self, name: str) -> AsyncIterator[Consumer]:
        """A consumer that reads nothing: for running kept records again. `NoSuchConsumer`."""
        service, telemetry = name.partition(".")[0], quiet(self.settings)
        if service not in SERVICES:
            raise NoSuchConsumer(f"no service has a consumer {name!r}")
        async with self.built(service, telemetry) as (made, works):
            # It judges by reference data and by the law as it stands, which the running service has read.
            if made.begin is not None:
                await made.begin()
            entry = next((known for known in made.entries if known.name == name), None)
            if entry is not None:
                yield Door.of(entry, works, self.bootstrap, telemetry.metrics, self.settings.topic_prefix)
                return
            listener = next((known for known in made.listeners if known.name == name), None)
            if listener is None:
                raise NoSuchConsumer(f"no service has a consumer {name!r}")
            yield Consumer(listener, works, self.bootstrap, telemetry.metrics, self.settings.topic_prefix)


def frame_of(
    settings: Settings, service: str, telemetry: Telemetry, pool: Any, clock: Clock, epoch: int, bootstrap: str
) -> Frame:
    """What a service is built from, as the runtime gives it; `pool` None where only its doors are described."""
    keys = settings.load_keys()
    works = Works(service, pool, clock, uuid7, keys, telemetry.tracing(service), epoch)
    return Frame(settings, keys, works, telemetry, open_door(settings, keys), clock, "", bootstrap)


def clock_of(settings: Settings) -> Clock:
    """The clock an installation's domain decides by; `WrongSetting` when its file holds no number."""
    if settings.clock is None:
        return system_clock
    clock = MovableClock(settings.clock)
    try:
        clock()
    except ValueError:
        raise WrongSetting(f"GANDAN_CLOCK: {settings.clock} does not hold a number of seconds") from None
    return clock


def quiet(settings: Settings) -> Telemetry:
    """Telemetry of a command: counted, sent nowhere."""
    return setup("gandan-cli", instance="cli", version="0", otlp_endpoint=None, environment=settings.environment)


def operator() -> Caller:
    """Who runs this command: the user of this machine, in the role of an operator."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        name = str(os.getuid())
    return Caller(Principal(subject=f"operator:{name}", roles=frozenset({"ops"}), acting="ops"))


def run(command: str, home: Path | None, work: Callable[[Installation], Coroutine[Any, Any, int]]) -> NoReturn:
    """Run a command's work on the installation and end with its exit code, or with a sentence and the code that fits."""
    raise typer.Exit(code_of(command, home, work))


def code_of(command: str, home: Path | None, work: Callable[[Installation], Coroutine[Any, Any, int]]) -> int:
    """As `run`, returning the exit code."""
    try:
        settings = settings_.load(**({"home": home} if home else {}))
        configure_logs("critical", json=False)  # a command says itself what is wrong
        return _work(settings, work)
    except EXPLAINED as error:
        code, words = explained(error)
        print(f"gandan {command}: {words}", file=sys.stderr)
        return code


def _work(settings: Settings, work: Callable[[Installation], Coroutine[Any, Any, int]]) -> int:
    if settings.embedded and not (settings.home / "settings.json").exists():
        raise Unreachable(f"nothing was ever started in {settings.home}: `gandan up` makes it, or choose --home")

    with Where(settings) as where:
        return asyncio.run(work(Installation(settings, where.urls(SERVICES), where.bootstrap)))


def explained(error: BaseException) -> tuple[int, str]:
    """The exit code and the sentence of an error; nothing personal, no password. What is a bug of ours is raised again."""
    if isinstance(error, WrongSetting):
        return WRONG_USAGE, str(error)
    if isinstance(error, asyncpg.UndefinedTableError):
        return REFUSED, "a database is not at this version: run `gandan migrate`"
    if isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError):
        raise error  # an argument of ours that asyncpg does not like
    if isinstance(error, (Unreachable, StackError, *_ABSENT, *TRANSIENT)):
        return UNREACHABLE, _words(error)
    return REFUSED, _words(error)


def _words(error: BaseException) -> str:
    return redact(str(error)) or f"no answer in time ({type(error).__name__})"


def chosen(services: Sequence[str] | None) -> Sequence[str]:
    """The services named, in their usual order; all when none is named."""
    return [service for service in SERVICES if not services or service in services]
