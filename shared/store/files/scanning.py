"""A virus scanner beside us: clamd's INSTREAM over its socket. Without an answer no file is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from shared.store.files.refusals import FileInfected, ScannerUnreachable

PATIENCE_SECONDS = 60
_ANSWER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Scanner:
    """Where clamd listens: `host:port`, or the path of its socket."""

    address: str
    patience: float = PATIENCE_SECONDS

    async def scan(self, content: AsyncIterator[bytes]) -> None:
        """Have a file looked at; `FileInfected`, or `ScannerUnreachable` when there is no clear answer."""
        try:
            async with asyncio.timeout(self.patience):
                answer = await self._ask(content)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            raise ScannerUnreachable from None
        if answer.endswith(b"FOUND"):
            raise FileInfected
        if not answer.endswith(b"OK"):
            raise ScannerUnreachable

    async def _ask(self, content: AsyncIterator[bytes]) -> bytes:
        reader, writer = await self._connect()
        try:
            writer.write(b"zINSTREAM\0")
            async for piece in content:
                writer.write(len(piece).to_bytes(4, "big") + piece)
                await writer.drain()
            writer.write(bytes(4))
            await writer.drain()
            return (await reader.read(_ANSWER_BYTES)).rstrip(b"\0\n")
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.address.startswith("/"):
            return await asyncio.open_unix_connection(self.address)
        host, _, port = self.address.rpartition(":")
        return await asyncio.open_connection(host, int(port))
