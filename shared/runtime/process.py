"""One process: HTTP, relays, consumers and timers of the services it was told to run; started, watched, stopped with bounds."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import logging
import os
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import uvicorn

from shared.bus import topics
from shared.bus.broker import Broker, bounded_stop, connect_forever, guarded, make_broker
from shared.bus.consumer import Consumer
from shared.bus.door import Door as BusDoor
from shared.bus.relay import Relay
from shared.bus.watchdog import watch
from shared.moments import MovableClock, system_clock, uuid7
from shared.runtime import Blueprint, Frame, Service
from shared.runtime.gauges import measure_forever
from shared.runtime.plain_http import PlainHttp
from shared.runtime.probes import probes_of
from shared.settings import Settings, WrongSetting
from shared.store.db import TRANSIENT, Pool, open_pool
from shared.store.idempotency import purge
from shared.store.migrate import migrate
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry, setup
from shared.timers import Timer
from shared.web.admission import Bounds
from shared.web.app import root_app
from shared.web.door import Door, open_door
from shared.web.root import pages_by_path

log = logging.getLogger(__name__)

VERSION = "0.1.0"
DRAIN_SECONDS = 15
STOP_SECONDS = 8
HOUR = 3600
STAGGER_SECONDS = 0.1
"""Between the first ticks of a service's timers: all at once they would open a connection each, which stays."""
PARTS = frozenset({"api", "relay", "consumers", "timers"})


@dataclass(slots=True)
class Running:
    """One service as it runs in this process."""

    service: Service
    frame: Frame
    pool: Pool
    relay: Relay | None = None
    consumers: list[Consumer] = field(default_factory=list)

    def groups(self) -> Mapping[str, Sequence[Consumer]]:
        """The consumers by their group's name."""
        found: dict[str, list[Consumer]] = {}
        for consumer in self.consumers:
            found.setdefault(consumer.name, []).append(consumer)
        return found


@dataclass(slots=True)
class Process:
    """Everything that runs, and how it is."""

    settings: Settings
    telemetry: Telemetry
    bootstrap: str
    services: list[Running] = field(default_factory=list)
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    jobs: list[asyncio.Task[None]] = field(default_factory=list)
    broker: Broker | None = None
    kafka_error: str | None = "not connected yet"
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    dead: str | None = None
    """Why this process cannot go on: readiness 503, then exit."""

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run something beside the rest until the process stops; its end is an error."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self.tasks.append(task)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s ended: %r", task.get_name(), error)
            self.dead = f"{task.get_name()} ended: {type(error).__name__}"

    def heard(self, error: str | None) -> None:
        """What connecting to Kafka said last; None = connected."""
        if error is not None and error != self.kafka_error:
            log.warning("Kafka at %s: %s", self.bootstrap, error)
        self.kafka_error = error
        if error is None:
            self.connected.set()


def parts_of(settings: Settings) -> frozenset[str]:
    """Which doors and workers run here; refuses unknown words."""
    parts = frozenset(part.strip() for part in settings.parts.split(",") if part.strip())
    if not parts or parts - PARTS:
        raise WrongSetting(f"GANDAN_PARTS: {settings.parts!r} is not made of {', '.join(sorted(PARTS))}")
    return parts


async def _patiently(action: Callable[[], Coroutine[Any, Any, Any]], what: str) -> Any:
    """Try until the database answers."""
    delay = 0.2
    while True:
        try:
            return await action()
        except TRANSIENT as error:
            log.warning("%s: %s; trying again", what, error)
            await asyncio.sleep(delay * random.uniform(0.7, 1.3))  # noqa: S311 - jitter
            delay = min(5, delay * 2)


async def _build(process: Process, blueprint: Blueprint, url: str, door: Door) -> Running:
    settings, telemetry = process.settings, process.telemetry
    await _patiently(lambda: migrate(url, blueprint.migrations), f"database of {blueprint.name}")
    pool = await open_pool(url, name=f"gandan-{blueprint.name}", size=settings.pool_size)
    clock = MovableClock(settings.clock) if settings.clock else system_clock
    epoch = await pool.fetchval("SELECT max(epoch) FROM generation")
    works = Works(blueprint.name, pool, clock, uuid7, settings.load_keys(), telemetry.tracing(blueprint.name), epoch)
    frame = Frame(settings, works.keys, works, telemetry, door, clock, url, process.bootstrap)
    service = blueprint.build(frame)
    if service.begin is not None:
        await service.begin()
    return Running(service, frame, pool)


def _start_workers(process: Process, running: Running, parts: frozenset[str]) -> None:
    frame, service = running.frame, running.service
    if "relay" in parts:
        running.relay = Relay(
            service.name, frame.database_url, process.bootstrap, frame.works.committed, process.telemetry.metrics, frame.works.tracing,
            prefix=process.settings.topic_prefix, sealer=service.sealer,
        )  # fmt: skip
        process.spawn(running.relay.run(), f"{service.name}.relay")
    if "timers" in parts:
        timers = (*service.timers, Timer(f"{service.name}.idempotency", HOUR, partial(purge, frame.works)))
        for number, timer in enumerate(timers):
            process.spawn(timer.run(number * STAGGER_SECONDS), timer.name)
    for number, job in enumerate(service.jobs):
        process.jobs.append(process.spawn(job(), f"{service.name}.job{number}"))
    if "consumers" in parts:
        running.consumers = [
            Consumer(listener, frame.works, process.bootstrap, process.telemetry.metrics, process.settings.topic_prefix)
            for listener in service.listeners
        ]
        running.consumers += [
            BusDoor.of(entry, frame.works, process.bootstrap, process.telemetry.metrics, process.settings.topic_prefix)
            for entry in service.entries
            for _ in range(entry.readers)
        ]


async def _connect(process: Process) -> None:
    """Make the topics, then start every consumer; Kafka may come later than we do."""
    settings, delay = process.settings, 0.2
    while True:
        try:
            await topics.sync(process.bootstrap, replication=settings.replication, prefix=settings.topic_prefix)
            break
        except (ConnectionError, TimeoutError, topics.TopicRefused) as error:
            process.heard(str(error))
            await asyncio.sleep(delay)
            delay = min(5, delay * 2)
    consumers = [consumer for running in process.services for consumer in running.consumers]
    process.broker = broker = make_broker(process.bootstrap, "gandan")
    members = Counter[str]()
    for consumer in consumers:
        members[consumer.name] += 1
        consumer.subscribe(broker, slot=_slot(settings, consumer.name, members[consumer.name]))
    await connect_forever(broker, process.heard)
    for consumer in consumers:
        process.spawn(watch(consumer), f"{consumer.name}.watch")


_held_slots: list[int] = []
"""Locks of this process's slots; the kernel frees them when it ends, however it ends."""


def _slot(settings: Settings, consumer: str, number: int) -> str | None:
    """The name of a process's nth static member: the configured slot, or the embedded home's while no other process has it."""
    more = "" if number == 1 else f"-{number}"
    if settings.slot is not None:
        return settings.slot + more
    if not settings.embedded:
        return None
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = os.open(settings.home / f"{settings.topic_prefix}{consumer}{more}.slot", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    _held_slots.append(lock)
    return "home" + more


@asynccontextmanager
async def running(
    settings: Settings, blueprints: Sequence[Blueprint], urls: Mapping[str, str], bootstrap: str
) -> AsyncIterator[tuple[Process, Any]]:
    """Everything but the HTTP socket: yields the process and its root ASGI app; stops within bounds."""
    parts = parts_of(settings)
    name = blueprints[0].name if len(blueprints) == 1 else "gandan"
    telemetry = setup(
        name,
        instance=f"{socket.gethostname()}-{os.getpid()}",
        version=VERSION,
        otlp_endpoint=settings.otlp_endpoint,
        environment=settings.environment,
    )
    process = Process(settings, telemetry, bootstrap)
    door = open_door(settings, settings.load_keys())
    async with AsyncExitStack() as leaving:
        leaving.callback(telemetry.shutdown, 3)
        for blueprint in blueprints:
            built = await _build(process, blueprint, urls[blueprint.name], door)
            process.services.append(built)
            leaving.push_async_callback(_close, built.pool)
        leaving.push_async_callback(_stop, process)
        for built in process.services:
            _start_workers(process, built, parts)
        process.spawn(_connected(process, parts), "kafka")
        process.spawn(measure_forever(process), "gauges")
        apps = {r.service.name: r.service.api for r in process.services}
        pages = pages_by_path(_pages(process.services))
        refused = telemetry.metrics.admission.refused
        bounds = Bounds(settings.max_in_flight, settings.max_streams, refused, settings.origins)
        yield process, root_app(apps, probes=probes_of(process), pages=pages, bounds=bounds)


def _pages(services: Sequence[Running]) -> dict[str, Any]:
    """The pages of each service that has some, under each of their addresses."""
    return {
        at: each.service.pages
        for each in services
        if each.service.pages is not None
        for at in (each.service.pages_at, *each.service.pages_also_at)
    }


async def _connected(process: Process, parts: frozenset[str]) -> None:
    if parts & {"consumers", "relay"}:
        await _connect(process)
    else:
        process.heard(None)  # nothing here speaks to Kafka
    await asyncio.Event().wait()


async def _close(pool: Pool) -> None:
    if await guarded(pool.close(), 3) is not None:
        pool.terminate()


async def _stop(process: Process) -> None:
    """Stop taking work, let running batches end, leave; the outbox keeps the rest."""
    for task in process.tasks:
        task.cancel()
    if process.tasks:
        await asyncio.wait(process.tasks, timeout=STOP_SECONDS)
    if process.broker is not None:
        await bounded_stop(process.broker, STOP_SECONDS)


class PortTaken(Exception):  # noqa: N818 - a sentence for the operator
    """Another program listens on this port."""


def check_port(host: str, port: int) -> None:
    """Raises `PortTaken` where HTTP could not listen: asked before anything is started for it."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            advice = "`gandan status` says whether it is ours; or choose another with --port or GANDAN_PORT"
            raise PortTaken(f"{host}:{port}: {error.strerror}: {advice}") from None


class Server(uvicorn.Server):
    """HTTP that ends at a signal and leaves it at that: uvicorn would raise it again, and nothing else would be stopped.

    While the rest is stopped a second signal ends the process at once.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does it; what was captured is forgotten at the end."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


async def serve(
    settings: Settings,
    blueprints: Sequence[Blueprint],
    urls: Mapping[str, str],
    bootstrap: str,
    on_ready: Callable[[Process], None],
) -> int:
    """Run until a signal or until the process is dead; returns the exit code."""
    check_port(settings.host, settings.port)
    async with running(settings, blueprints, urls, bootstrap) as (process, app):
        config = uvicorn.Config(
            app, http=PlainHttp, host=settings.host, port=settings.port, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=DRAIN_SECONDS,
            server_header=False, date_header=False, forwarded_allow_ips=settings.trusted_proxies,
        )  # fmt: skip
        _calm_collector()
        server = Server(config)
        process.spawn(_announce(process, server, on_ready), "ready")
        process.spawn(_end_when_dead(process, server), "life")
        process.spawn(_let_go(process, server), "let-go")
        await server.serve()
    return 1 if process.dead else 0


def _calm_collector() -> None:
    """Let the garbage collector leave alone what lives as long as the process, and look less often at the rest.

    Measured: 15 to 26 % less CPU for a projection, 4 to 20 % for a filing; the defaults look every 700 allocations.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _announce(process: Process, server: uvicorn.Server, on_ready: Callable[[Process], None]) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag, no event
        await asyncio.sleep(0.02)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(30):
            await process.connected.wait()
    on_ready(process)
    await asyncio.Event().wait()


async def _let_go(process: Process, server: uvicorn.Server) -> None:
    """End the jobs as soon as the server begins to stop: open streams end with them instead of holding the drain."""
    while not server.should_exit:  # noqa: ASYNC110 - uvicorn has a flag, no event
        await asyncio.sleep(0.05)
    for job in process.jobs:
        job.cancel()
    await asyncio.Event().wait()


async def _end_when_dead(process: Process, server: uvicorn.Server) -> None:
    """A process that cannot go on tells its readiness for a moment, then ends: the supervisor of the machine starts it again."""
    while True:
        await asyncio.sleep(1)
        gone = [c.name for r in process.services for c in r.consumers if c.dead]
        process.dead = process.dead or (f"consumers {', '.join(gone)} do not come back" if gone else None)
        if process.dead:
            log.error("ending: %s", process.dead)
            await asyncio.sleep(3)
            server.should_exit = True
            return
