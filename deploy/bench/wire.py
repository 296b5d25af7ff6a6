"""One kept HTTP/1.1 connection, as lean as it can be: the generator must not be what is measured."""

from __future__ import annotations

import asyncio
from typing import Any

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Wire(asyncio.Protocol):
    """Sends complete requests and gives back status and body; answers must have a content-length."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.buffer = b""
        self.lost = False
        self.waiting: asyncio.Future[tuple[int, bytes]] | None = None

    @staticmethod
    async def open(port: int) -> Wire:
        """Connect to a port of this machine."""
        _, protocol = await asyncio.get_running_loop().create_connection(Wire, "127.0.0.1", port)
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer; ConnectionError when the connection ends first."""
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.waiting

    def data_received(self, data: bytes) -> None:
        """Wait for the whole answer."""
        self.buffer += data
        head = self.buffer.find(_END)
        if head < 0:
            return
        at = self.buffer.find(_LENGTH, 0, head) + len(_LENGTH)
        length = int(self.buffer[at : self.buffer.index(b"\r\n", at)]) if at >= len(_LENGTH) else 0
        end = head + len(_END) + length
        if len(self.buffer) >= end and self.waiting is not None:
            answer = int(self.buffer[9:12]), self.buffer[head + len(_END) : end]
            self.buffer = self.buffer[end:]
            self.waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for ever."""
        self.lost = True
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(exc or ConnectionError("the server closed the connection"))

    def close(self) -> None:
        """Hang up."""
        self.transport.close()
