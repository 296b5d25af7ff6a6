"""A file on its way in: sealed while it comes, within its limit, then looked at; never whole in memory, never in clear on a disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from shared.store.files.kinds import inspect
from shared.store.files.refusals import FileEmpty, FileTooLarge
from shared.store.files.scanning import Scanner
from shared.store.files.sealing import PIECE, Spool


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that may be kept, sealed at `path` under `key` as long as it is being taken in."""

    path: Path
    key: bytes
    sha256: bytes
    size: int
    media_type: str


@asynccontextmanager
async def arrive(
    body: AsyncIterator[bytes], declared: str, *, folder: Path, name: UUID, most: int, scanner: Scanner | None
) -> AsyncIterator[Arrived]:
    """Take a file in, or refuse it; whoever keeps it moves or copies it away before the block ends."""
    spool = await asyncio.to_thread(_begin, folder / str(name))
    try:
        await _take(spool, body, most)
        media_type = await asyncio.to_thread(_look, spool, declared)
        if scanner is not None:
            await scanner.scan(_content(spool))
        yield Arrived(spool.path, spool.key, spool.digest.digest(), spool.size, media_type)
    finally:
        spool.close()
        await asyncio.to_thread(spool.path.unlink, missing_ok=True)


def _begin(path: Path) -> Spool:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Spool(path)


async def _take(spool: Spool, body: AsyncIterator[bytes], most: int) -> None:
    held, size = bytearray(), 0
    async for part in body:
        size += len(part)
        if size > most:
            raise FileTooLarge(limit_bytes=most, limit_mb=f"{most / 1_000_000:g}")
        held += part
        if len(held) >= PIECE:
            await asyncio.to_thread(spool.write, bytes(held))
            held.clear()
    if not size:
        raise FileEmpty
    await asyncio.to_thread(_finish, spool, bytes(held))


def _finish(spool: Spool, rest: bytes) -> None:
    spool.write(rest)
    spool.end()


def _look(spool: Spool, declared: str) -> str:
    with spool.read() as content:
        return inspect(content, declared)


async def _content(spool: Spool) -> AsyncIterator[bytes]:
    with spool.read() as content:
        while piece := await asyncio.to_thread(content.read, PIECE):
            yield piece
