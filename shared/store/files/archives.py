"""Office documents, which are archives: every entry is unpacked once, within bounds, and nothing lies between or around them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence

from shared.store.files.refusals import (
    FileAmbiguous,
    FileDamaged,
    FileHoldsMacros,
    FileTypeNotAllowed,
    FileUnpacksTooLarge,
)
from shared.store.files.sealing import PIECE, Reader

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"

MOST_ENTRIES = 5_000
MOST_UNPACKED = 128 << 20
"""Bytes; a document of the largest size is some times smaller."""
MOST_RATIO = 100
"""Text packs up to some twenty times, an empty sheet fifty; a bomb a thousand times."""
FREE_RATIO = 1 << 20
"""Bytes that may be packed however tightly."""

_END, _END_BYTES = b"PK\x05\x06", 22
_ENCRYPTED = 0x1


def check_archive(file: Reader) -> str:
    """The type of the office document an archive is."""
    _check_ends(file)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check_bounds(entries, file.size)
            found = _type_of(archive, entries)
            _unpack(archive, entries)
            return found
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, UnicodeDecodeError):
        # what zipfile says of damage, unknown packing, passwords, and names that are no text
        raise FileDamaged from None


def _check_ends(file: Reader) -> None:
    """The directory's end is the file's end, without a comment, where a second file could hide."""
    file.seek(max(0, file.size - _END_BYTES))
    if file.read(4) != _END:
        if zipfile.is_zipfile(file):
            raise FileAmbiguous
        raise FileDamaged


def _check_bounds(entries: Sequence[zipfile.ZipInfo], size: int) -> None:
    """What the directory promises; that it keeps the promise is seen when it is unpacked."""
    unpacked, packed = (sum(getattr(each, name) for each in entries) for name in ("file_size", "compress_size"))
    if len(entries) > MOST_ENTRIES or unpacked > MOST_UNPACKED or packed > size:
        raise FileUnpacksTooLarge
    if unpacked > FREE_RATIO and unpacked > MOST_RATIO * size:
        raise FileUnpacksTooLarge
    if not entries or min(each.header_offset for each in entries) != 0:
        raise FileAmbiguous
    if any(each.flag_bits & _ENCRYPTED for each in entries):
        raise FileDamaged


def _type_of(archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]) -> str:
    names = {each.filename for each in entries}
    if any(name.lower().endswith("vbaproject.bin") or name.startswith("Basic/") for name in names):
        raise FileHoldsMacros
    if "[Content_Types].xml" in names and len(found := names & {"word/document.xml", "xl/workbook.xml"}) == 1:
        return DOCX if found == {"word/document.xml"} else XLSX
    first = entries[0]
    if first.filename == "mimetype" and first.file_size == len(ODT) and archive.read(first) == ODT.encode():
        return ODT
    raise FileTypeNotAllowed(allowed="docx, xlsx, odt")


def _unpack(archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]) -> None:
    """Read every entry to its end, dropping what is read: more than promised, or other, is damage."""
    for each in entries:
        with archive.open(each) as entry:
            while entry.read(PIECE):
                pass
