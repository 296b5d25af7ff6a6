"""Set a committed Typst template with data: PDF/A-2b, only the fonts inside typst, no network, text never markup."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import typst

# What the fonts inside typst (Libertinus Serif, New Computer Modern, DejaVu Sans Mono) draw completely, upright, bold
# and italic: measured character by character. PDF/A refuses a page with a missing glyph, so all else becomes a box.
_LATIN = "A-Za-z\u00c0-\u024f\u1e00-\u1eff"
_GREEK = "\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03ff"
_CYRILLIC = "\u0400-\u0481\u048a-\u04ff"
_RIGHT_TO_LEFT = "\u05d0-\u05ea\u0621-\u063a\u0641-\u064a"
_SIGN = " -~\u00a1-\u00ac\u00ae-\u00bf\u2010-\u2027\u2030-\u2040\u20a0-\u20bf\u2116\u2122\u25a1"
_MARK = "\u0300-\u036f"
_UNPRINTABLE = re.compile(f"[^{_LATIN}{_GREEK}{_CYRILLIC}{_RIGHT_TO_LEFT}{_SIGN}{_MARK}]")
_BOX = "\u25a1"

# Marks stay on a letter (Bru and Pa Cô names have ê̆, ô̆), two at most: at the start of a word they crash typst,
# and a pile of them would be drawn over the lines above.
_STRAY_MARK = re.compile(f"(?<![{_LATIN}{_GREEK}{_CYRILLIC}{_MARK}])[{_MARK}]+|(?<=[{_MARK}]{{2}})[{_MARK}]+")

_HERE = Path(__file__).parent
"""A template imports `layout.typ` from here, and can open nothing outside."""


def printable(text: str, longest: int = 300) -> str:
    """One line as it can be printed: composed letters, no control or direction signs, a box for what no font has."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    visible = "".join(sign for sign in line if unicodedata.category(sign) not in {"Cc", "Cf"})
    whole = _UNPRINTABLE.sub(_BOX, _STRAY_MARK.sub("", visible))
    return whole if len(whole) <= longest else whole[: longest - 1] + "…"


def breakable(text: str, longest: int = 16) -> str:
    """The same text with invisible break points (zero width space) in long words, so that none leaves the paper."""
    return re.sub(rf"\S{{{longest}}}(?=\S)", lambda part: f"{part[0]}\u200b", text)


def typeset(template: str, data: Mapping[str, Any], at: datetime, *, tagged: bool = True) -> bytes:
    """PDF/A-2b of a template in this folder; `at` is the creation time written into the file (same input, same bytes).

    Tags tell a screen reader what is a heading or a cell; a table of thousands of rows grows fifteen times by them.
    """
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    compiler, source, one_at_a_time = _press(template)
    with one_at_a_time:  # a compiler refuses a second caller; a page takes a few milliseconds
        pdf = compiler.compile(
            input=source,
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=["a-2b"],
            timestamp=at.replace(microsecond=0),
            pdf_tags=tagged,
        )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no single PDF")
    return pdf


@cache
def _press(template: str) -> tuple[typst.Compiler, bytes, Lock]:
    """Each template has its own: nobody waits at the counter for a slip while somebody prints a register of a year."""
    return typst.Compiler(root=_HERE, ignore_system_fonts=True), (_HERE / template).read_bytes(), Lock()
