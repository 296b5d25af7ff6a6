"""Small files of every kind that is taken, made here, and what turns them into kinds that are not."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator, Mapping

from openpyxl import Workbook

from shared.store.files.archives import DOCX, ODT, XLSX

SECRET = "Nguyễn Thị Bí Mật"


def pdf(text: str = SECRET) -> bytes:
    """One empty page with a comment."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ]
    made, places = bytearray(b"%PDF-1.7\n% " + text.encode() + b"\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = len(made)
    made += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table
    return bytes(made)


def jpeg(scan: bytes = b"\x12\xff\x00\x34\xff\xd0\x56") -> bytes:
    """Markers of a picture with one scan: stuffed bytes and a restart in it."""
    app = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    return b"\xff\xd8" + app + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + scan + b"\xff\xff\xd9"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(text: bytes = b"") -> bytes:
    """One grey point, with a text chunk."""
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    chunks = (
        _chunk(b"IHDR", head),
        _chunk(b"tEXt", b"c\0" + text),
        _chunk(b"IDAT", zlib.compress(b"\0\0")),
        _chunk(b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def archive(entries: Mapping[str, bytes], packing: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """An archive of these entries in their order."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packing) as file:
        for name, content in entries.items():
            file.writestr(name, content)
        file.comment = comment
    return made.getvalue()


def docx(**more: bytes) -> bytes:
    """The entries a reader looks for, and more."""
    kinds = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    named = {name.replace("__", "."): content for name, content in more.items()}
    return archive({"[Content_Types].xml": kinds, "word/document.xml": b"<w/>" * 50, **named})


def xlsx() -> bytes:
    """A sheet with one cell."""
    book, made = Workbook(), io.BytesIO()
    book.worksheets[0]["A1"] = SECRET
    book.save(made)
    return made.getvalue()


def odt() -> bytes:
    """A text document."""
    return archive({"mimetype": ODT.encode(), "content.xml": b"<c/>"}, zipfile.ZIP_STORED)


def xml(before: str = "", inside: str = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>') -> bytes:
    """An invoice with a signature."""
    return f'<?xml version="1.0" encoding="UTF-8"?>{before}<invoice>{inside}</invoice>'.encode()


GOOD: Mapping[str, bytes] = {
    "application/pdf": pdf(), "image/jpeg": jpeg(), "image/png": png(), DOCX: docx(), XLSX: xlsx(), ODT: odt(), "application/xml": xml(),
}  # fmt: skip


async def streamed(content: bytes, part: int = 65_536) -> AsyncIterator[bytes]:
    """A body as it comes over the network."""
    for at in range(0, len(content), part):
        yield content[at : at + part]
