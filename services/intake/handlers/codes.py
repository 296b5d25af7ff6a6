"""Codes of dossiers that other systems gave: whether one has a lawful shape. Pure; a code is never read for what it means."""

from __future__ import annotations

import re

_NUMBERED = r"-[0-9]{6}(?:[0-9]{2})?-[0-9]{4,}"
"""Day of receipt with two digits of the year (one ministry writes four), and the day's number."""
_SHAPES = re.compile(
    rf"[A-Z][0-9]{{2}}(?:\.[0-9]{{2,3}}){{0,3}}{_NUMBERED}"  # Decision 20/2020/QĐ-TTg; Circular 03/2025/TT-VPCP, Art. 13
    rf"|[0-9]{{3}}(?:\.[0-9]{{2}}){{2}}\.[A-Z][0-9]{{2}}{_NUMBERED}"  # agencies before it, such as 000.00.01.H56
)
LONGEST = 40
"""Letters a code may have; the longest lawful one has about thirty."""


def is_dossier_code(text: str) -> bool:
    """Whether this is a dossier's code as Vietnamese systems write it: `<agency>-YYMMDD-NNNN` in its known variants."""
    return len(text) <= LONGEST and _SHAPES.fullmatch(text) is not None
