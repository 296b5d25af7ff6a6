"""What a file is, by its content: a closed list; what the sender says it is must agree.

A plain archive is not on the list: nobody sees what is in it. Papers are handed in one by one (Circular 03/2025/TT-VPCP, Art. 5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import puremagic

from shared.store.files import archives, images, papers
from shared.store.files.refusals import FileTypeNotAllowed, MediaTypeDisagrees
from shared.store.files.sealing import Reader

MEDIA_TYPES: Mapping[str, str] = {
    "application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", archives.DOCX: "docx", archives.XLSX: "xlsx", archives.ODT: "odt",
    "application/xml": "xml",
}  # fmt: skip
"""The types that are taken, with the ending a file of each is given."""

_SAME = {"text/xml": "application/xml", "image/jpg": "image/jpeg"}
_HEAD = 4096
_BOM = b"\xef\xbb\xbf"

Check = Callable[[Reader], str]
"""Reads a file to its end; its media type, or a refusal."""

_CHECKS: Mapping[str, Check] = {
    ".pdf": papers.check_pdf, ".jpg": images.check_jpeg, ".png": images.check_png, ".zip": archives.check_archive,
    ".docx": archives.check_archive, ".odt": archives.check_archive, ".xml": papers.check_xml,
}  # fmt: skip
"""By the ending the magic numbers stand for."""


def inspect(file: Reader, declared: str) -> str:
    """The media type of a file that is what it seems and nothing else; refused by name otherwise."""
    told = declared.partition(";")[0].strip().lower()
    told = _SAME.get(told, told)
    if told not in MEDIA_TYPES:
        raise FileTypeNotAllowed(allowed=", ".join(MEDIA_TYPES.values()))
    file.seek(0)
    found = _check_for(file.read(_HEAD))(file)
    if found != told:
        raise MediaTypeDisagrees(declared=told, found=found)
    return found


def _check_for(head: bytes) -> Check:
    for ending in _endings(head.removeprefix(_BOM)):
        if ending in _CHECKS:
            return _CHECKS[ending]
    raise FileTypeNotAllowed(allowed=", ".join(MEDIA_TYPES.values()))


def _endings(head: bytes) -> list[str]:
    """What the first bytes may be; only numbers at the very beginning count."""
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return []
    return [each.extension for each in found if head.startswith(each.byte_match)]
