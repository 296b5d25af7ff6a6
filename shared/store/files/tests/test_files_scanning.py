"""clamd says what it found; where it says nothing, no file is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from shared.store.files import Scanner, arrive, refusals
from shared.store.files.tests import samples

NAME = UUID("01938f0e-7a3c-7b21-9c55-0a1b2c3d4e5f")


@asynccontextmanager
async def clamd(path: Path, answer: bytes) -> AsyncIterator[list[bytes]]:
    """Speaks clamd's side of INSTREAM once for each file, and answers always the same; what it was sent."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        content = bytearray()
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            content += await reader.readexactly(length)
        heard.append(bytes(content))
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(serve, path):
        yield heard


async def taken(folder: Path, scanner: Scanner, content: bytes = samples.GOOD["application/pdf"]) -> str:
    async with arrive(
        samples.streamed(content), "application/pdf", folder=folder, name=NAME, most=1 << 20, scanner=scanner
    ) as arrived:
        return arrived.media_type


async def test_a_clean_file_is_taken_after_all_of_it_was_looked_at(tmp_path: Path) -> None:
    content = samples.pdf("sạch " * 100_000)

    async with clamd(tmp_path / "clamd", b"stream: OK\0") as heard:
        assert await taken(tmp_path / "in", Scanner(str(tmp_path / "clamd")), content) == "application/pdf"

    assert heard == [content]


async def test_an_infected_file_is_refused_and_not_kept(tmp_path: Path) -> None:
    async with clamd(tmp_path / "clamd", b"stream: Eicar-Signature FOUND\0"):
        with pytest.raises(refusals.FileInfected):
            await taken(tmp_path / "in", Scanner(str(tmp_path / "clamd")))

    assert list((tmp_path / "in").iterdir()) == []


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR\0", b"", b"stream: what\0"])
async def test_an_answer_that_is_none_takes_no_file(tmp_path: Path, answer: bytes) -> None:
    async with clamd(tmp_path / "clamd", answer):
        with pytest.raises(refusals.ScannerUnreachable):
            await taken(tmp_path / "in", Scanner(str(tmp_path / "clamd")))


async def test_a_scanner_that_is_away_takes_no_file(tmp_path: Path) -> None:
    with pytest.raises(refusals.ScannerUnreachable):
        await taken(tmp_path / "in", Scanner(str(tmp_path / "nobody")))


async def test_a_scanner_that_is_silent_takes_no_file(tmp_path: Path) -> None:
    ended = asyncio.Event()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        with pytest.raises(refusals.ScannerUnreachable):
            await taken(tmp_path / "in", Scanner(f"{host}:{port}", patience=0.05))
        ended.set()
