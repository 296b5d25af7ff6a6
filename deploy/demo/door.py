"""A door of a running installation: kept HTTP/1.1 connections, as lean as they can be, since thousands of requests pass."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_LENGTH: Final = b"content-length:"


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(slots=True)
class Door:
    """Where an installation listens (plain HTTP), and as many connections to it as were needed at once."""

    url: str
    idle: list[Connection] = field(default_factory=list)

    async def post(self, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        """Send JSON, read the answer; `OSError` or `EOFError` when nobody is there.

        A kept connection may have been closed by the server: then it is sent again on a new one, which its key makes safe.
        """
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        lines = {"host": urlsplit(self.url).netloc, "content-length": str(len(content)), **headers}
        if body is not None:
            lines["content-type"] = "application/json"
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        request = f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content
        if self.idle:
            with suppress(OSError, EOFError):
                return await self._ask(self.idle.pop(), request)
        return await self._ask(await self._open(), request)

    async def _ask(self, taken: Connection, request: bytes) -> Answer:
        reader, writer = taken
        try:
            writer.write(request)
            answer = await _answer(reader)
        except BaseException:
            writer.close()
            raise
        self.idle.append(taken)
        return answer

    async def _open(self) -> Connection:
        at = urlsplit(self.url)
        return await asyncio.open_connection(at.hostname, at.port or 80)

    def close(self) -> None:
        """Hang up."""
        while self.idle:
            self.idle.pop()[1].close()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    length = next((int(line[len(_LENGTH) :]) for line in lines if line.lower().startswith(_LENGTH)), 0)
    return Answer(int(first.split(b" ")[1]), await reader.readexactly(length))
