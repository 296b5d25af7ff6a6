"""A counter in this process: intake's whole HTTP door over a test's own database and clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from deploy.cli.up import blueprint
from deploy.tests.faults.load import filing
from deploy.tests.province import UNIT
from shared.moments import uuid7
from shared.runtime import Frame
from shared.settings import Settings
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.web.devissuer import mint
from shared.web.door import open_door

PAPERS: Sequence[str] = ("Tờ khai cấp Giấy xác nhận tình trạng hôn nhân",)
"""What the procedure of these tests asks for."""


class Counter:
    """Where an officer files dossiers and works on them."""

    def __init__(self, works: Works, telemetry: Telemetry, home: Path) -> None:
        settings = Settings(home=home)
        door = open_door(settings, works.keys)
        frame = Frame(settings, works.keys, works, telemetry, door, works.clock, "", "")
        self.service = blueprint("intake").build(frame)
        self.token = mint(settings, "clerk", "handler", "head", units=[UNIT], ttl=3600)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.service.api), base_url="http://intake")

    async def file(self, channel: str = "direct", **changes: Any) -> dict[str, Any]:
        """File a dossier."""
        return await self._post("/v1/dossiers", filing(channel, PAPERS, **changes), {})

    async def act(self, dossier: dict[str, Any], verb: str, **body: Any) -> dict[str, Any]:
        """Take the next step with a dossier."""
        seen = {"if-match": f'"{dossier["version"]}"'}
        return await self._post(f"/v1/dossiers/{dossier['id']}/{verb}", body or None, seen)

    async def deadline(self, dossier: dict[str, Any]) -> dict[str, Any]:
        """The due date with its explanation."""
        answer = await self.http.get(f"/v1/dossiers/{dossier['id']}/deadline", headers=self._headers())
        found: dict[str, Any] = answer.json()
        return found

    async def _post(self, path: str, body: Any, more: dict[str, str]) -> dict[str, Any]:
        answer = await self.http.post(
            path, json=body, headers=self._headers() | {"idempotency-key": uuid7().hex} | more
        )
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@asynccontextmanager
async def opened(works: Works, telemetry: Telemetry, home: Path) -> AsyncIterator[Counter]:
    """A counter with units and procedures."""
    counter = Counter(works, telemetry, home)
    assert counter.service.begin is not None
    await counter.service.begin()
    async with counter.http:
        yield counter
