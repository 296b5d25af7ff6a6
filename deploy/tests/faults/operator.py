"""What an operator does during a campaign: looks at kept records, retries, discards, refills; as the commands do it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

from opentelemetry.metrics import NoOpMeter

from deploy.tests.province import Province
from services.notifications.consumers import LISTENERS as NOTIFYING
from services.reporting.consumers import LISTENER as LIVE
from shared.bus import parked, relay, topics
from shared.bus.consumer import Consumer, Listener
from shared.kernel import system
from shared.store.db import open_direct
from shared.telemetry.metrics import Metrics

CONSUMERS: Mapping[str, Listener] = {"notifications": NOTIFYING[0], "reporting": LIVE}
"""The consumer of dossiers of each service that listens."""


@asynccontextmanager
async def consumer_of(province: Province, service: str) -> AsyncIterator[Consumer]:
    """A service's consumer of dossiers, not subscribed: it only knows how to apply."""
    async with province.works(service) as works:
        metrics = Metrics(NoOpMeter("test"))
        yield Consumer(CONSUMERS[service], works, province.bootstrap, metrics, province.prefix)


async def kept(province: Province, service: str) -> list[tuple[UUID | None, int | None, str]]:
    """Key, sequence and reason of every kept record, by key and sequence."""
    async with province.database(service) as db:
        return [(one.key, one.sequence, one.reason) for one in await parked.listed(db)]


async def discard_guilty(province: Province, service: str) -> None:
    """Give up every record that cannot be read; what waits behind it runs."""
    async with consumer_of(province, service) as consumer, province.database(service) as db:
        for one in await parked.listed(db):
            if one.reason not in {"gap", "behind", "handler"}:
                await parked.discard(consumer, one.id, who=system("operator"), why="unreadable")


async def retry(province: Province, service: str, key: UUID) -> parked.Retried:
    """Run a key's kept records again."""
    async with consumer_of(province, service) as consumer:
        return await parked.retry(consumer, key)


async def refill(province: Province) -> None:
    """Make the topics again and send every kept fact once more, same ids and sequences."""
    await topics.sync(province.bootstrap, prefix=province.prefix)
    for service, written in (
        ("intake", ("intake.dossiers", "intake.units", "intake.procedures")),
        ("notifications", ("notifications.notices",)),
    ):
        db = await open_direct(province.url(service), name="refill")
        try:
            async for _rows in relay.refill(db, written, contacts=service == "intake"):
                pass
        finally:
            await db.close()
