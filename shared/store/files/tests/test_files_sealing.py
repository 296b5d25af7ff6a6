"""At rest nothing stands in clear, and what was changed is noticed."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from shared.store.files import Arrived, arrive, opened, refusals
from shared.store.files.sealing import PIECE, SEALED, Broken, Spool
from shared.store.files.tests import samples

NAME = UUID("01938f0e-7a3c-7b21-9c55-0a1b2c3d4e5f")
LIMIT = 20_000_000


def sealed(folder: Path, content: bytes) -> Spool:
    spool = Spool(folder / "file")
    for at in range(0, len(content), 100_000):
        spool.write(content[at : at + 100_000])
    spool.end()
    return spool


async def clear(content: bytes, key: bytes, size: int) -> bytes:
    return b"".join([piece async for piece in opened(samples.streamed(content, 70_001), key, size)])


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
async def test_what_was_sealed_is_read_again(tmp_path: Path, size: int) -> None:
    content = sha256(b"x").digest() * (size // 32 + 1)
    content = content[:size]

    spool = sealed(tmp_path, content)

    assert (spool.size, spool.digest.digest()) == (size, sha256(content).digest())
    assert await clear(spool.path.read_bytes(), spool.key, size) == content
    with spool.read() as file:
        assert file.read(size + 5) == content
        file.seek(-1, io.SEEK_END)
        assert file.read(10) == content[-1:]


def test_no_byte_of_it_stands_on_the_disk_in_clear(tmp_path: Path) -> None:
    spool = sealed(tmp_path, samples.pdf() * 40)

    kept = spool.path.read_bytes()

    assert samples.SECRET.encode() not in kept
    assert b"PDF" not in kept
    assert b"endobj" not in kept
    assert spool.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["a bit", "the last piece gone", "pieces swapped", "a byte more", "nothing left"])
async def test_what_was_changed_is_noticed(tmp_path: Path, damage: str) -> None:
    content = bytes(2 * PIECE) + b"end"
    spool = sealed(tmp_path, content)
    kept = bytearray(spool.path.read_bytes())
    if damage == "a bit":
        kept[SEALED + 5] ^= 1
    elif damage == "the last piece gone":
        del kept[2 * SEALED :]
    elif damage == "pieces swapped":
        kept[:SEALED], kept[SEALED : 2 * SEALED] = kept[SEALED : 2 * SEALED], kept[:SEALED]
    elif damage == "a byte more":
        kept += b"\0"
    else:
        kept.clear()

    with pytest.raises(Broken):
        await clear(bytes(kept), spool.key, len(content))


async def test_another_s_key_opens_nothing(tmp_path: Path) -> None:
    spool = sealed(tmp_path, b"content")

    with pytest.raises(Broken):
        await clear(spool.path.read_bytes(), bytes(32), 7)


def arriving(
    folder: Path, body: AsyncIterator[bytes], declared: str = "application/pdf"
) -> AbstractAsyncContextManager[Arrived]:
    return arrive(body, declared, folder=folder, name=NAME, most=LIMIT, scanner=None)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_file_that_arrives_stands_there_sealed_and_is_gone_afterwards(tmp_path: Path) -> None:
    async with arriving(tmp_path, samples.streamed(samples.pdf(), 100)) as arrived:
        assert (arrived.size, arrived.media_type) == (len(samples.pdf()), "application/pdf")
        assert arrived.sha256 == sha256(samples.pdf()).digest()
        assert names_in(tmp_path) == [str(NAME)]

    assert names_in(tmp_path) == []


async def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(refusals.FileEmpty):
        async with arriving(tmp_path, samples.streamed(b"")):
            pass


async def test_one_byte_over_the_limit_is_refused_before_the_rest_is_read(tmp_path: Path) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 65_536
            yield bytes(65_536)

    with pytest.raises(refusals.FileTooLarge) as refused:
        async with arriving(tmp_path, endless()):
            pass

    assert refused.value.facts == {"limit_bytes": LIMIT, "limit_mb": "20"}
    assert read <= LIMIT + 65_536
    assert names_in(tmp_path) == []


async def test_twenty_megabytes_take_few_in_memory(tmp_path: Path) -> None:
    head, tail = samples.jpeg().split(b"\x12")

    async def large() -> AsyncIterator[bytes]:
        yield head
        for _ in range(300):
            yield b"\x12" * 65_536
        yield tail

    tracemalloc.start()
    try:
        async with arriving(tmp_path, large(), "image/jpeg") as arrived:
            assert arrived.size > 300 * 65_536
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 << 20
