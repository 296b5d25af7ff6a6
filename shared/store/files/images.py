"""Images, read from their first marker to their last; nothing may follow but smaller pictures a camera appends."""

from __future__ import annotations

import re
import zipfile

from shared.store.files.refusals import FileAmbiguous, FileDamaged
from shared.store.files.sealing import PIECE, Reader

_PNG = b"\x89PNG\r\n\x1a\n"
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length: TEM and the restarts (ITU-T T.81, B.1.1.3)."""
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What ends the compressed data of a scan: neither a stuffed byte, a restart nor a fill byte."""


def check_jpeg(file: Reader) -> str:
    """A JPEG, and behind it at most further JPEGs (previews, the second lens) and zero bytes."""
    file.seek(0)
    while True:
        _walk_jpeg(file)
        _skip_zeros(file)
        if file.tell() == file.size:
            break
        if file.read(3) != b"\xff\xd8\xff":
            raise FileAmbiguous
        file.seek(-3, 1)
    refuse_archive(file)
    return "image/jpeg"


def _walk_jpeg(file: Reader) -> None:
    """From the start of an image to behind its end."""
    if file.read(2) != bytes((0xFF, _START)):
        raise FileDamaged
    while (marker := _next_marker(file)) != _END:
        if marker in _ALONE:
            continue
        length = int.from_bytes(file.read(2), "big")
        if length < 2 or file.tell() + length - 2 > file.size:  # noqa: PLR2004 - the length counts its own two bytes
            raise FileDamaged
        file.seek(length - 2, 1)
        if marker == _SCAN:
            _to_marker(file)


def _next_marker(file: Reader) -> int:
    if file.read(1) != b"\xff":
        raise FileDamaged
    while (byte := file.read(1)) == b"\xff":
        pass
    if not byte:
        raise FileDamaged
    return byte[0]


def _to_marker(file: Reader) -> None:
    """Go to the marker behind a scan's compressed data."""
    while True:
        at = file.tell()
        part = file.read(PIECE)
        if found := _MARKER.search(part):
            file.seek(at + found.start())
            return
        if at + len(part) == file.size:
            raise FileDamaged
        file.seek(at + len(part) - 1)


def _skip_zeros(file: Reader) -> None:
    while part := file.read(PIECE):
        if rest := part.lstrip(b"\0"):
            file.seek(-len(rest), 1)
            return


def check_png(file: Reader) -> str:
    """A PNG that ends with its end chunk."""
    file.seek(len(_PNG))
    while True:
        head = file.read(8)
        length = int.from_bytes(head[:4], "big")
        if len(head) < 8 or file.tell() + length + 4 > file.size:  # noqa: PLR2004 - length and type, four bytes each
            raise FileDamaged
        file.seek(length + 4, 1)
        if head[4:] == b"IEND":
            break
    if file.tell() != file.size:
        raise FileAmbiguous
    refuse_archive(file)
    return "image/png"


def refuse_archive(file: Reader) -> None:
    """What some programs would open as an archive is no image and no paper."""
    if zipfile.is_zipfile(file):
        raise FileAmbiguous
