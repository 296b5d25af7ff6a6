"""The usual crew of a campaign: the APIs and intake's relay in processes of their own, the readers in a third, and load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

from deploy.tests.faults.letters import SUBJECT
from deploy.tests.faults.load import Load
from deploy.tests.province import UNIT, Province
from shared.store.db import TRANSIENT
from shared.testing.processes import Child

READERS = ("notifications", "reporting")
READING = "relay,consumers"


@dataclass
class Crew:
    """Who works; each may be killed and replaced."""

    province: Province
    letters: int = 0
    """How many officers work on letters beside the others; without any, complaints does not run."""
    api: Child = field(init=False)
    relay: Child = field(init=False)
    readers: Child = field(init=False)

    async def begin(self) -> Self:
        """Start all, and wait until they work."""
        self.start_api()
        self.start_relay()
        self.start_readers()
        await self.readers.ready()
        await self.api.serving()
        return self

    def start_api(self) -> None:
        """A new API."""
        self.api = self.province.start("intake", *self._complaints, parts="api")

    def start_relay(self, failpoint: str = "") -> None:
        """A new relay of intake."""
        self.relay = self.province.start("intake", parts="relay", failpoint=failpoint)

    def start_readers(self, failpoint: str = "") -> None:
        """New consumers (and the relays of what complaints and notifications state)."""
        self.readers = self.province.start(*self._complaints, *READERS, parts=READING, failpoint=failpoint)

    def load(self, officers: int = 4) -> Load:
        """Officers who use whichever API there is."""
        screener = self.province.token("clerk", "screener", "handler", "head", subject=SUBJECT)
        return Load(
            lambda: self.api.url,
            self.province.officer(),
            officers,
            screeners=[screener] * self.letters,
            known=self._known,
        )

    @property
    def _complaints(self) -> Sequence[str]:
        return ("complaints",) if self.letters else ()

    async def _known(self) -> bool:
        with suppress(*TRANSIENT):  # its database may be down, by a fault of ours
            async with self.province.database("complaints") as db:
                return bool(await db.fetchval("SELECT EXISTS (SELECT FROM unit WHERE code = $1)", UNIT))
        return False

    @asynccontextmanager
    async def under_load(self) -> AsyncIterator[Load]:
        """Load for as long as the block runs."""
        load = self.load()
        async with load.running():
            yield load


async def died(child: Child) -> None:
    """Wait for a death at a failpoint, while the load goes on."""
    assert await asyncio.to_thread(child.wait) < 0, f"it ended by itself: {child.words()[-800:]}"


def rounds(steps: Sequence[str], kills: int) -> list[str]:
    """So many failpoints, going round the steps, each round one time later: `relay.sent:1`, ..., `relay.sent:2`, ..."""
    return [f"{steps[n % len(steps)]}:{n // len(steps) + 1}" for n in range(kills)]
