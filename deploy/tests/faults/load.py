"""Load: officers who file dossiers and work on them, and who know what must have come of it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from deploy.tests.faults.census import Promises
from deploy.tests.faults.letters import Letters
from deploy.tests.province import PROCEDURE, UNIT
from shared.testing.clients import PatientClient

PACE_SECONDS = 0.01
"""Between two commands of one officer: the machine has other work to do."""

REASON = {"reason_class": "own-wish", "reason": "Công dân đề nghị rút hồ sơ."}
PAPER = {"name": "Tờ khai", "kind": "original", "count": 1}

_STEPS: Mapping[str, tuple[dict[str, Any] | None, str]] = {
    "accept": (None, "dossier-accepted"),
    "assign": ({"officer": "staff-7"}, "dossier-assigned"),
    "request-supplement": ({"components": ["Giấy khai sinh"], "reason": "Bản sao bị mờ."}, "supplement-requested"),
    "supply": ({"components": [PAPER]}, "supplement-supplied"),
    "settle": ({"outcome": "granted"}, "dossier-settled"),
    "return-result": ({"method": "counter"}, "result-returned"),
    "withdraw": (REASON, "dossier-withdrawn"),
}
_LIVES: Sequence[tuple[str, Sequence[str]]] = (
    ("direct", ("assign", "settle", "return-result")),
    ("online", ("accept", "request-supplement", "supply", "settle", "return-result")),
    ("online", ("withdraw",)),
    ("direct", ("assign", "assign", "settle")),
    ("postal", ("accept", "assign", "settle")),
)
"""Channel, and what is done with the dossier."""


def filing(channel: str, papers: Sequence[str], /, **changes: Any) -> dict[str, Any]:
    """The body that files a dossier."""
    components = [{"name": name, "kind": "original", "count": 1} for name in papers]
    submitter = {"name": "Nguyễn Thị Thử", "identity_no": "044085001234", "phone": "0912 345 678"}
    made = {"procedure": PROCEDURE, "unit": UNIT, "channel": channel, "submitter": submitter, "components": components}
    return made | {"summary": "Hồ sơ chạy thử"} | changes


@dataclass
class Load:
    """What the officers do, and what is owed for it."""

    base: Callable[[], str]
    """Where intake's HTTP answers now."""
    token: str
    officers: int = 4
    screeners: Sequence[str] = ()
    """Tokens of officers who work on letters, as soon as `known` says that complaints knows its units."""
    known: Callable[[], Awaitable[bool]] | None = None
    promised: Promises = field(default_factory=Promises)
    clients: list[PatientClient] = field(default_factory=list)
    stopping: bool = False

    @property
    def seen(self) -> Counter[str]:
        """What came back, all officers together."""
        return sum((client.seen for client in self.clients), Counter[str]())

    @asynccontextmanager
    async def running(self) -> Any:
        """Load while the block runs; at its end every dossier begun is finished."""
        async with AsyncExitStack() as leaving, asyncio.TaskGroup() as officers:
            for number in range(self.officers):
                client = PatientClient(self.base, self.token)
                leaving.push_async_callback(client.close)
                self.clients.append(client)
                officers.create_task(self._work(client, random.Random(number)))  # noqa: S311 - repeatable
            for number, token in enumerate(self.screeners):
                client = PatientClient(self.base, token)
                leaving.push_async_callback(client.close)
                self.clients.append(client)
                officers.create_task(self._read(client, random.Random(number)))  # noqa: S311 - repeatable
            try:
                yield self
            finally:
                self.stopping = True

    async def _work(self, client: PatientClient, dice: random.Random) -> None:
        required = (await client.get(f"/intake/v1/procedures/{PROCEDURE}")).json()["components"]
        papers = [component["name"] for component in required if component["required"]]
        while not self.stopping:
            await self.live(client, *dice.choice(_LIVES), papers)

    async def _read(self, client: PatientClient, dice: random.Random) -> None:
        reading = Letters(self.promised.letter, client, dice)
        while not self.stopping and self.known and not await self.known():  # noqa: ASYNC110 - a database has no event
            await asyncio.sleep(0.1)
        while not self.stopping:
            await reading.live()

    async def live(
        self, client: PatientClient, channel: str, steps: Sequence[str], papers: Sequence[str], **changes: Any
    ) -> UUID:
        """File a dossier and take it through these steps."""
        submitter = {"name": "Nguyễn Thị Thử", "identity_no": f"0440{random.randrange(10**8):08d}"}  # noqa: S311 - invented people
        body = filing(channel, papers, **{"submitter": submitter} | changes)
        dossier = await client.command("/intake/v1/dossiers", body)
        id_ = UUID(dossier["id"])
        assert id_ not in self.promised.facts, "two filings made one dossier"
        facts = self.promised.facts[id_] = ["dossier-submitted"]
        if channel == "direct":
            facts.append("dossier-accepted")
        else:
            self.promised.waits.add(id_)
        await self._steps(client, id_, dossier["version"], steps, {})
        return id_

    async def resume(self, client: PatientClient, id_: UUID, steps: Sequence[str], **given: Any) -> None:
        """Take a dossier through more steps; `given` replaces the body of a step."""
        found = (await client.get(f"/intake/v1/dossiers/{id_}")).json()
        await self._steps(client, id_, found["version"], steps, given)

    async def _steps(
        self, client: PatientClient, id_: UUID, version: int, steps: Sequence[str], given: Mapping[str, Any]
    ) -> None:
        for step in steps:
            await asyncio.sleep(PACE_SECONDS)
            body, fact = _STEPS[step]
            path = f"/intake/v1/dossiers/{id_}/{step}"
            answer = await client.command(path, given.get(step, body), if_match=f'"{version}"')
            version = answer["version"]
            self.promised.facts[id_].append(fact)

    async def reach(self, commands: int) -> None:
        """Wait until so many facts more have been promised."""
        goal = self.promised.total + commands
        async with asyncio.timeout(60 + commands / 10):
            while self.promised.total < goal:  # noqa: ASYNC110 - the load has a counter, no event
                await asyncio.sleep(0.02)
