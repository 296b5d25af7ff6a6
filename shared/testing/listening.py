"""A client of a live stream (server-sent events), beside the test that makes things happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import ASGIApp

from shared.testing.waiting import wait_until


@dataclass(slots=True)
class Listening:
    """Status and headers, and the events it has read so far."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    closed: bool = False

    @property
    def frames(self) -> list[dict[str, Any]]:
        """Whole events, with their data decoded."""
        found = []
        for text in self.raw.decode().split("\n\n")[:-1]:
            frame: dict[str, Any] = dict(line.split(": ", 1) for line in text.split("\n") if not line.startswith(":"))
            if "event" in frame:
                found.append({**frame, "data": orjson.loads(frame["data"])})
        return found

    def events(self) -> list[str]:
        """Their names, in order."""
        return [frame["event"] for frame in self.frames]

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something is true of what was read."""
        await wait_until(condition, what=f"{what}; read so far: {self.raw.decode()}")

    async def until_exactly(self, *events: str) -> dict[str, Any]:
        """Wait until exactly these events have come; the last of them."""
        await self.until(lambda: tuple(self.events()) == events, str(events))
        return self.frames[-1]


@asynccontextmanager
async def listening(app: ASGIApp, path: str, query: str = "", **headers: str) -> AsyncIterator[Listening]:
    """A stream read in the background by an ASGI client; leaving the block is a disconnect."""
    client, gone = Listening(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            client.status = message["status"]
            client.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            client.raw += message.get("body", b"")
            client.closed = not message.get("more_body", False)

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "root_path": "", "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("test", 80), "state": {},
    }  # fmt: skip
    reading = asyncio.create_task(_read(app, scope, receive, send))
    try:
        yield client
    finally:
        gone.set()
        async with asyncio.timeout(60):
            await reading


async def _read(app: ASGIApp, *wire: Any) -> None:
    await app(*wire)
