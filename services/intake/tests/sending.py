"""Intake on its way out to a played portal: a dossier's life, the queue, and what is sent of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from services.intake import consumers, handlers
from services.intake.adapters import portal_gateway
from services.intake.domain import Dossier
from services.intake.handlers import Desk, Egress
from services.intake.tests.given import officer, submit
from services.intake.tests.portal_server import Portal
from shared.contracts.intake import DOSSIERS
from shared.kernel import Caller
from shared.telemetry.setup import Telemetry
from shared.testing.records import Log, fed

CLERK, HEAD, HANDLER = (Caller(officer(role)) for role in ("clerk", "head", "handler"))
SYNC, PROGRESS = "DongBoHoSoMC", "CapNhatTienDoHoSoMC"


def way(desk: Desk, server: Portal, *, answer_seconds: float = portal_gateway.ANSWER_SECONDS, **more: Any) -> Egress:
    """As the service reaches the portal, without waiting between tries."""
    opened = partial(portal_gateway.opened, server.url, "s-1", answer_seconds=answer_seconds)
    return Egress(desk, opened, **{"back_off": lambda _attempts: 0.0, **more})


async def until_idle(sending: Egress) -> None:
    """Tick until nothing was done."""
    while await handlers.send_due(sending):
        pass


async def consumed(desk: Desk, telemetry: Telemetry) -> None:
    """Everything stated so far, read by intake's own consumer as Kafka would bring it."""
    reader, log = fed(desk.works, consumers.PORTAL, telemetry.metrics), Log()
    async with desk.works.reading() as connection:
        rows = await connection.fetch(
            "SELECT envelope, key FROM fact WHERE topic = $1 ORDER BY recorded_at, sequence", DOSSIERS
        )
        log.end = await connection.fetchval("SELECT coalesce(max(next), 0) FROM offsets")
    await reader.give(*(log.record(row["key"].encode(), bytes(row["envelope"])) for row in rows))


async def lived(desk: Desk) -> Dossier:
    """A dossier from the counter to the result in the hand."""
    dossier = await submit(desk, CLERK)
    await handlers.assign_dossier(desk, HEAD, dossier.id, None, officer="cb-01")
    await handlers.settle_dossier(desk, HANDLER, dossier.id, None, outcome="granted", number="12/XN")
    return await handlers.return_result(desk, CLERK, dossier.id, None, method="counter")


async def assigned(desk: Desk, telemetry: Telemetry, server: Portal) -> tuple[Dossier, Egress]:
    """A dossier somebody has in hand: the portal heard its first two steps, and its third is to be sent."""
    dossier = await submit(desk, CLERK)
    await handlers.assign_dossier(desk, HEAD, dossier.id, None, officer="cb-01")
    await consumed(desk, telemetry)
    sending = way(desk, server)
    await handlers.send_due(sending)
    await handlers.send_due(sending)
    return dossier, sending


async def queue(desk: Desk) -> list[Any]:
    async with desk.works.reading() as connection:
        return list(await connection.fetch("SELECT * FROM egress ORDER BY dossier, sequence"))


async def states(desk: Desk) -> list[str]:
    return [row["state"] for row in await queue(desk)]
