"""The national portal's adapter played by a small server: it keeps what it took, and misbehaves as it is told."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

FAILS, HANGS, DROPS, DECLINES, BABBLES, ACCEPTS = "fails", "hangs", "drops", "declines", "babbles", "accepts"


@dataclass
class Portal:
    """What it took, in order; `moods` are the next answers to changes (look-ups are always answered), then it is well.

    `shut`: everything is answered with this status until it is opened again.
    """

    url: str = ""
    moods: deque[str] = field(default_factory=deque)
    shut: int | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    authorised: list[str | None] = field(default_factory=list)
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def services(self) -> list[str]:
        """The services called, in order."""
        return [call["service"] for call in self.calls]

    def told(self, code: str) -> list[str]:
        """The statuses it was told of a dossier, in order."""
        return [item.get("TrangThaiHoSo") or item["TrangThai"] for _, item in self.taken if item["MaHoSo"] == code]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        said = dict(line.lower().split(": ", 1) for line in head.splitlines() if ": " in line)
        length = int(said["content-length"])
        self.authorised.append(said.get("authorization"))
        asked = json.loads(await reader.readexactly(length))
        self.calls.append(asked)
        status, body = await self.answer(asked)
        if status:
            writer.write(
                f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
            )
        writer.close()

    async def answer(self, asked: dict[str, Any]) -> tuple[int, bytes]:
        """By its mood; 0: the connection ends without a word."""
        if self.shut is not None:
            return self.shut, b"shut"
        if asked["service"] == "TraCuuHoSo":
            known = self.statuses.get(asked["mahoso"])
            data = [] if known is None else [{"MaHoSo": asked["mahoso"], "TrangThaiHoSo": known}]
            return 200, json.dumps({"error_code": "00", "data": data}).encode()
        mood = self.moods.popleft() if self.moods else ACCEPTS
        if mood in {DROPS, ACCEPTS}:
            self.take(asked)
        if mood == HANGS:
            await self.released.wait()
        answers = {
            ACCEPTS: (200, b'{"error_code": "00"}'), FAILS: (500, b"oops"), BABBLES: (200, b"<html>"), DECLINES: (200, b'{"error_code": "07"}'),
        }  # fmt: skip
        return answers.get(mood, (0, b""))

    def take(self, asked: dict[str, Any]) -> None:
        """Keep an item."""
        (item,) = asked["data"]
        self.taken.append((asked["service"], item))
        self.statuses[item["MaHoSo"]] = item.get("TrangThaiHoSo") or item["TrangThai"]


@asynccontextmanager
async def portal() -> AsyncIterator[Portal]:
    """On a port of its own."""
    made = Portal()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/adapter"
    try:
        yield made
    finally:
        made.released.set()
        server.close()
        await server.wait_closed()
