"""The capital: one installation on the embedded home itself, with the roles and settings `gandan up` makes, in five processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from deploy.tests.province import Ground, Province
from services.notifications.tests.postoffice import PostOffice, post_office
from shared.moments import uuid7
from shared.testing.clients import local_client
from shared.testing.clock import MONDAY_MORNING
from shared.testing.otlp import OtlpReceiver
from shared.testing.processes import Child, Nursery


class KeepingReceiver(OtlpReceiver):
    """A receiver that also keeps what it was sent, byte for byte."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        super().__init__()

    def _take(self, body: bytes) -> None:
        self.bodies.append(body)
        super()._take(body)


@dataclass
class Capital(Province):
    """Its databases and topics are those of the home; its e-mail goes to an office of the tests."""

    receiver: KeepingReceiver = field(kw_only=True)
    office: PostOffice = field(kw_only=True)
    api: Child = field(init=False)
    relay: Child = field(init=False)
    complaints: Child = field(init=False)
    notifications: Child = field(init=False)
    reporting: Child = field(init=False)

    @property
    def prefix(self) -> str:
        """The topics have their plain names."""
        return ""

    def url(self, service: str) -> str:
        """The database of a service, as that service's role."""
        return self.ground.stack.database_urls[service]

    def environment(self, parts: str) -> dict[str, str]:
        """The embedded default: only the home is said, and what a test wants to see."""
        return {
            "GANDAN_HOME": str(self.home),
            "GANDAN_CLOCK": str(self.clock.path),
            "GANDAN_PARTS": parts,
            "GANDAN_SWEEP_SECONDS": "0.2",
            "GANDAN_OTLP_ENDPOINT": self.receiver.endpoint,
            "GANDAN_LOG_LEVEL": "debug",
            "GANDAN_SMTP_URL": f"smtp://127.0.0.1:{self.office.port}?tls=none",
            "GANDAN_MAIL_FROM": "Gần Dân <tin@quangtri.example>",
        }

    async def begin(self) -> None:
        """Start the processes; returns when everything works."""
        self.clock.move_to(MONDAY_MORNING)
        self.api = self.start("intake", parts="api,timers")
        self.relay = self.start("intake", parts="relay")
        self.complaints = self.start("complaints", parts="api,relay,consumers,timers")
        self.notifications = self.start("notifications", parts="api,relay,consumers,timers")
        self.reporting = self.start("reporting", parts="api,relay,consumers,timers")
        await self.api.serving()
        for child in (self.relay, self.complaints, self.notifications, self.reporting):
            await child.ready()

    async def call(
        self, method: str, path: str, token: str | None = None, *, key: str | None = None, **more: object
    ) -> httpx.Response:
        """One request to the service named by the path, with a fresh Idempotency-Key unless one is given."""
        at = {
            "intake": self.api, "complaints": self.complaints, "notifications": self.notifications, "reporting": self.reporting,
        }  # fmt: skip
        headers = {"idempotency-key": key or uuid7().hex, **({"authorization": f"Bearer {token}"} if token else {})}
        headers |= dict(more.pop("headers", {}))  # type: ignore[call-overload] # a mapping when it is given
        async with local_client() as client:
            return await client.request(method, at[path.split("/")[1]].url + path, headers=headers, **more)  # type: ignore[arg-type] # httpx checks them


@asynccontextmanager
async def founded(ground: Ground, nursery: Nursery) -> AsyncIterator[Capital]:
    """The capital at work; its processes end with the block."""
    with KeepingReceiver() as receiver:
        async with post_office() as office:
            capital = Capital(ground, nursery, ground.home, "capital", receiver=receiver, office=office)
            try:
                await capital.begin()
                yield capital
            finally:
                capital.kill_all()
