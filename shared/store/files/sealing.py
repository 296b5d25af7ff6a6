"""The form of a file at rest: pieces of AES-256-GCM under a data key of the file's own, so that it is sealed and read piece by piece.

Piece n has n as its nonce (a key seals one file only) and says in its associated data whether it is the last: a piece
lost, swapped or cut off is noticed.
"""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE = 1 << 18
"""Bytes of a piece before it is sealed."""
SEALED = PIECE + 16


class Broken(Exception):  # noqa: N818 - a state of what is kept, not of the request
    """A kept file is not what was sealed: damaged, cut off, or under another key."""


def _associated(*, last: bool) -> bytes:
    return b"file|blob|" + (b"\x01" if last else b"\x00")


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def pieces_of(size: int) -> int:
    """In how many pieces a file of this size is kept."""
    return max(1, -(-size // PIECE))


class Spool:
    """A file that arrives: what is written is sealed before it reaches the disk. Not for an event loop's own thread."""

    def __init__(self, path: Path) -> None:
        self.path, self.size, self.digest = path, 0, sha256()
        self.key = os.urandom(32)
        self._cipher, self._number, self._held = AESGCM(self.key), 0, bytearray()
        self._file: IO[bytes] = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def write(self, data: bytes) -> None:
        """Take more; a piece is sealed when it is known not to be the last."""
        self.size += len(data)
        self.digest.update(data)
        self._held += data
        while len(self._held) > PIECE:
            self._seal(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number), piece, _associated(last=last)))
        self._number += 1

    def end(self) -> None:
        """Seal the last piece; when this returns, the file is on the disk."""
        self._seal(bytes(self._held), last=True)
        self._held.clear()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def close(self) -> None:
        """Let go of the file, ended or not."""
        self._file.close()

    def read(self) -> Reader:
        """The content again, in clear, to be looked at."""
        return Reader(self.path.open("rb"), self.key, self.size)


class Reader(io.RawIOBase):
    """A sealed file on disk as a file in clear that can be read anywhere; holds one piece in memory."""

    def __init__(self, file: IO[bytes], key: bytes, size: int) -> None:
        self._file, self._cipher, self.size = file, AESGCM(key), size
        self._at, self._number, self._piece = 0, -1, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere."""
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence])
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read at most to the end of a piece."""
        if self._at >= self.size:
            return 0
        number, offset = divmod(self._at, PIECE)
        if number != self._number:
            self._file.seek(number * SEALED)
            self._piece = _open_piece(self._cipher, number, pieces_of(self.size), self._file.read(SEALED))
            self._number = number
        part = self._piece[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def read(self, count: int | None = -1) -> bytes:
        """So many bytes, fewer only at the end: whoever reads archives takes less for damage."""
        left = max(0, self.size - self._at)
        got = bytearray(left if count is None or count < 0 else min(count, left))
        view, at = memoryview(got), 0
        while at < len(got):
            at += self.readinto(view[at:])
        return bytes(got)

    def close(self) -> None:
        """Close the file beneath."""
        self._file.close()
        super().close()


def _open_piece(cipher: AESGCM, number: int, pieces: int, sealed: bytes) -> bytes:
    try:
        return cipher.decrypt(_nonce(number), sealed, _associated(last=number == pieces - 1))
    except InvalidTag:
        raise Broken from None


async def opened(sealed: AsyncIterator[bytes], key: bytes, size: int) -> AsyncIterator[bytes]:
    """The content of a kept file, piece by piece as it is read; `Broken` before a wrong byte is given."""
    cipher, number, held = AESGCM(key), 0, bytearray()
    async for part in sealed:
        held += part
        while len(held) >= SEALED:
            yield _open_piece(cipher, number, pieces_of(size), bytes(held[:SEALED]))
            del held[:SEALED]
            number += 1
    if held:
        yield _open_piece(cipher, number, pieces_of(size), bytes(held))
        number += 1
    if number != pieces_of(size):
        raise Broken
