"""What is taken and what is not, each by its name."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from shared.store.files import kinds, refusals
from shared.store.files.archives import DOCX, MOST_ENTRIES, ODT, XLSX
from shared.store.files.sealing import PIECE, Reader, Spool
from shared.store.files.tests import samples

PDF, JPEG, PNG, XML = "application/pdf", "image/jpeg", "image/png", "application/xml"


def read(folder: Path, content: bytes) -> Reader:
    spool = Spool(folder / "file")
    spool.write(content)
    spool.end()
    return spool.read()


def inspected(folder: Path, content: bytes, declared: str) -> str:
    with read(folder, content) as file:
        return kinds.inspect(file, declared)


@pytest.mark.parametrize("kind", samples.GOOD)
def test_every_kind_on_the_list_is_taken(tmp_path: Path, kind: str) -> None:
    assert inspected(tmp_path, samples.GOOD[kind], kind) == kind


@pytest.mark.parametrize(
    ("declared", "content", "kind"),
    [
        ("image/jpg", samples.jpeg(), JPEG),
        ("text/xml; charset=utf-8", samples.xml(), XML),
        ("APPLICATION/PDF", samples.pdf(), PDF),
        (PDF, samples.pdf().removesuffix(b"\n") + b"\r\n\r\n", PDF),
        (PDF, samples.pdf() + b"1 0 obj\nendobj\nstartxref\n9\n%%EOF", PDF),  # signed: an update is appended
        (XML, b"\xef\xbb\xbf" + samples.xml(), XML),
        (JPEG, samples.jpeg() + b"\0\0" + samples.jpeg(), JPEG),  # a camera's preview
        (JPEG, samples.jpeg(b"\x00" * (3 * PIECE)), JPEG),
        (JPEG, samples.jpeg(b"\x00" * (PIECE - 44) + b"\xff\x00" * 60), JPEG),  # a marker across two pieces
    ],
)
def test_the_ways_programs_write_them_are_understood(tmp_path: Path, declared: str, content: bytes, kind: str) -> None:
    assert inspected(tmp_path, content, declared) == kind


ARCHIVE = samples.archive({"a.txt": b"a"})
LYING = samples.docx().replace((200).to_bytes(4, "little"), (180).to_bytes(4, "little"))
"""A document that promises to unpack to less than it does."""

BAD = {
    "a program": (PDF, b"MZ\x90\x00" + bytes(100), refusals.FileTypeNotAllowed),
    "a web page": (XML, b"<!doctype html><script>1</script>", refusals.FileTypeNotAllowed),
    "text of no kind": (PDF, b"xin chao", refusals.FileTypeNotAllowed),
    "a type not on the list": ("image/svg+xml", samples.xml(), refusals.FileTypeNotAllowed),
    "no type at all": ("", samples.pdf(), refusals.FileTypeNotAllowed),
    "a plain archive called a document": (DOCX, ARCHIVE, refusals.FileTypeNotAllowed),
    "an archive by its name": ("application/zip", ARCHIVE, refusals.FileTypeNotAllowed),
    "a picture called a paper": (PDF, samples.png(), refusals.MediaTypeDisagrees),
    "a sheet called a text": (DOCX, samples.xlsx(), refusals.MediaTypeDisagrees),
    "a paper that begins later": (PDF, b"GIF89a" + samples.pdf(), refusals.FileTypeNotAllowed),
    "a paper behind a line": (PDF, b"\n" + samples.pdf(), refusals.FileTypeNotAllowed),
    "a paper cut off": (PDF, samples.pdf()[:-10], refusals.FileDamaged),
    "a paper with something behind it": (PDF, samples.pdf() + b"<script>1</script>", refusals.FileAmbiguous),
    "a paper with much behind it": (PDF, samples.pdf() + bytes(4000) + b"x", refusals.FileAmbiguous),
    "a paper that is an archive": (PDF, samples.pdf() + ARCHIVE, refusals.FileAmbiguous),
    "a paper in an archive's comment": (
        PDF,
        b"%PDF-1.7\n" + samples.archive({"a": b"a"}, comment=b"startxref\n0\n%%EOF"),
        refusals.FileAmbiguous,
    ),
    "a picture with something behind it": (JPEG, samples.jpeg() + b"<?php", refusals.FileAmbiguous),
    "a picture that is an archive": (JPEG, samples.jpeg() + ARCHIVE, refusals.FileAmbiguous),
    "a picture cut off in its scan": (JPEG, samples.jpeg()[:-3], refusals.FileDamaged),
    "a picture cut off in its head": (JPEG, samples.jpeg()[:12], refusals.FileDamaged),
    "a picture with a segment beyond its end": (JPEG, b"\xff\xd8\xff\xe0\xff\xff", refusals.FileDamaged),
    "a drawing with something behind it": (PNG, samples.png() + b"x", refusals.FileAmbiguous),
    "a drawing with an archive in it": (PNG, samples.png(ARCHIVE), refusals.FileAmbiguous),
    "a drawing cut off": (PNG, samples.png()[:-4], refusals.FileDamaged),
    "a drawing with a chunk beyond its end": (PNG, samples.png()[:8] + b"\xff\xff\xff\xffIDAT", refusals.FileDamaged),
    "a document with something behind it": (DOCX, samples.docx() + b"x", refusals.FileAmbiguous),
    "a document behind a program": (DOCX, b"PK\x03\x04#!/bin/sh\n" + samples.docx(), refusals.FileAmbiguous),
    "a document with a comment": (
        ODT, samples.archive({"mimetype": ODT.encode()}, zipfile.ZIP_STORED, b"x"), refusals.FileAmbiguous,
    ),
    "a document cut off": (DOCX, samples.docx()[:-40], refusals.FileDamaged),
    "a document that unpacks to other than it says": (DOCX, LYING, refusals.FileDamaged),
    "a document with macros": (DOCX, samples.docx(word_vbaProject__bin=b"x"), refusals.FileHoldsMacros),
    "a bomb": (DOCX, samples.docx(big=bytes(32 << 20)), refusals.FileUnpacksTooLarge),
    "a document of too many entries": (
        DOCX, samples.docx(**{f"e{n}": b"" for n in range(MOST_ENTRIES)}), refusals.FileUnpacksTooLarge,
    ),
    "an unsigned form": (XML, samples.xml(inside="<a/>"), refusals.NotSigned),
    "a form that is not well formed": (XML, samples.xml()[:-3], refusals.FileDamaged),
    "a form with something behind it": (XML, samples.xml() + b"<a/>", refusals.FileDamaged),
    "a form that expands": (
        XML, samples.xml('<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>', "&c;"), refusals.FileDamaged,
    ),
    "a form that fetches": (XML, samples.xml('<!DOCTYPE a SYSTEM "http://example.vn/a.dtd">'), refusals.FileDamaged),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_is_not_taken_is_refused_by_name(tmp_path: Path, what: str) -> None:
    declared, content, refusal = BAD[what]

    with pytest.raises(refusal):
        inspected(tmp_path, content, declared)


def test_entries_that_share_their_bytes_are_a_bomb(tmp_path: Path) -> None:
    content = bytearray(samples.docx(e=b"\x01\x02" * 200_000))
    directory = content.index(b"PK\x01\x02")
    last = content.rindex(b"PK\x01\x02")
    end = content.rindex(b"PK\x05\x06")
    packed = int.from_bytes(content[last + 20 : last + 24], "little")
    again = bytes(content[last:end]) * (len(content) // packed + 2)  # every one says it is the same packed bytes
    count, length = 3 + len(again) // (end - last), end - directory + len(again)
    tail = bytes(content[end : end + 8]) + count.to_bytes(2, "little") * 2 + length.to_bytes(4, "little")
    bomb = bytes(content[:end]) + again + tail + bytes(content[end + 16 :])

    with pytest.raises((refusals.FileUnpacksTooLarge, refusals.FileDamaged)):
        inspected(tmp_path, bomb, DOCX)


def test_a_sheet_is_a_sheet(tmp_path: Path) -> None:
    with pytest.raises(refusals.MediaTypeDisagrees) as refused:
        inspected(tmp_path, samples.docx(), XLSX)

    assert refused.value.facts == {"declared": XLSX, "found": DOCX}
