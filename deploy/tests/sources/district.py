"""A running installation with sandbox sources in its registry, as a vendor sees it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.tests.province import UNIT, Ground, Province, founded
from shared.testing.clients import local_client
from shared.testing.processes import Child, Nursery
from shared.testing.waiting import wait_until

SANDBOX, REAL = "tan-thanh-thu", "tan-thanh"
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class District:
    """The installation, its one process, and two sources: one is a sandbox."""

    province: Province
    child: Child

    def token(self, source: str) -> str:
        """What a source shows."""
        return self.province.token("publisher", units=(), subject=source)

    async def got(self, path: str, source: str = SANDBOX) -> Any:
        """What the API answers a source."""
        async with local_client() as http:
            answer = await http.get(
                f"{self.child.url}{path}", headers={"authorization": f"Bearer {self.token(source)}"}
            )
        return answer.raise_for_status().json()

    async def gandan(self, *words: str, **env: str) -> tuple[int, str, str]:
        """A command of this installation: exit code, output, errors."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GANDAN_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services", words[0], "--url", self.child.url, *words[1:], cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**inherited, **self.province.environment("api"), **env},
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    async def register(self, source: str, **more: Any) -> None:
        """Put a source into the registry, and wait for its topics."""
        entry = {
            "name": "Một cửa xã Tân Thành",
            "principal": source,
            "units": [{"unit": UNIT, "valid_from": "2026-01-01"}],
            **more,
        }
        headers = {"authorization": f"Bearer {self.province.token('admin')}", "if-match": "*"}
        async with local_client() as http:
            answer = await http.put(f"{self.child.url}/intake/v1/sources/{source}", json=entry, headers=headers)
        answer.raise_for_status()
        await wait_until(lambda: self._has_topics(source), seconds=60, what=f"topics of {source}")

    async def _has_topics(self, source: str) -> bool:
        try:
            found = await self.got(f"/intake/v1/sources/{source}", source)
        except httpx.TransportError as error:
            raise ConnectionError(str(error)) from error
        return found["topics_at"] is not None


@asynccontextmanager
async def opened(ground: Ground, nursery: Nursery, home: Path) -> AsyncIterator[District]:
    """Intake and notifications in one process; nothing of it is left afterwards."""
    async with founded(ground, nursery, home) as province:
        child = await province.start("intake", "notifications", parts="api,relay,consumers,timers").serving()
        made = District(province, child)
        await made.register(SANDBOX, sandbox=True)
        await made.register(REAL)
        await child.ready()  # the door of sources has partitions only now that there are sources
        yield made
