"""PDF, from its header at the first byte to its end mark, and signed XML."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from shared.store.files.images import refuse_archive
from shared.store.files.refusals import FileAmbiguous, FileDamaged, NotSigned
from shared.store.files.sealing import PIECE, Reader

_EOF = b"%%EOF"
_TAIL = 1024
"""Readers look so far back for the end mark (ISO 32000, implementation notes)."""
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig# Signature"


def check_pdf(file: Reader) -> str:
    """A PDF whose end mark is its end, but for line ends."""
    file.seek(max(0, file.size - _TAIL))
    tail = file.read(_TAIL)
    before, mark, after = tail.rpartition(_EOF)
    if not mark or b"startxref" not in before:
        if _goes_on(file):
            raise FileAmbiguous
        raise FileDamaged
    if after.strip(b"\r\n \t\0"):
        raise FileAmbiguous
    refuse_archive(file)
    return "application/pdf"


def _goes_on(file: Reader) -> bool:
    """Whether an end mark stands further up, and something else behind it."""
    file.seek(0)
    before = b""
    while part := file.read(PIECE):
        if _EOF in before + part:
            return True
        before = part[-len(_EOF) :]
    return False


class _Signatures:
    """Counts signatures, and refuses what a reader would have to expand or fetch."""

    def __init__(self) -> None:
        self.count = 0

    def start(self, name: str, _attributes: Any) -> None:
        """An element begins."""
        self.count += name == _SIGNATURE

    def refuse(self, *_declaration: Any) -> None:
        """A declaration of a type or an entity."""
        raise FileDamaged


def check_xml(file: Reader) -> str:
    """Well-formed XML without type declarations, with a signature (W3C xmldsig) in it."""
    found, parser = _Signatures(), expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = found.start
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = found.refuse
    file.seek(0)
    try:
        while part := file.read(PIECE):
            parser.Parse(part, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise FileDamaged from None
    if not found.count:
        raise NotSigned
    return "application/xml"
