"""The states of letters that other systems keep, as intake states them (`letter-followed`) and complaints follows them.

Intake promises: a letter comes to a state along the arrows of its kind only (`ARROWS`), every state on the way is named in
`steps`, and the calendar knows its days. So a reader can follow every fact and refuses none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_LETTER: Mapping[str, tuple[str, ...]] = {
    "received": ("opened", "filed", "guided", "transferred"), "filed": (), "guided": (), "transferred": (), "withdrawn": (),
}  # fmt: skip
_COMPLAINT: Mapping[str, tuple[str, ...]] = {
    **_LETTER, "opened": ("accepted", "refused", "withdrawn"), "accepted": ("assigned", "withdrawn"),
    "assigned": ("resolved", "suspended", "withdrawn"), "suspended": ("assigned", "withdrawn"), "resolved": ("delivered",), "refused": (),
    "delivered": (),
}  # fmt: skip
_FEEDBACK: Mapping[str, tuple[str, ...]] = {
    **_LETTER, "opened": ("assigned", "withdrawn"), "assigned": ("answered", "withdrawn"), "answered": ("reopened",),
    "reopened": ("assigned", "withdrawn"),
}  # fmt: skip
_DENUNCIATION: Mapping[str, tuple[str, ...]] = {**_COMPLAINT, "resolved": ()}

ARROWS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "complaint": _COMPLAINT, "denunciation": _DENUNCIATION, "petition": _FEEDBACK, "feedback": _FEEDBACK,
}  # fmt: skip
"""Kind -> state -> the states that may follow. The kinds another system may tell of."""

TOLD_ONLY: Final = frozenset({"suspended", "reopened"})
"""States a letter only comes to when its source says so, never on the way to another."""

SUBJECTS: Final = (
    "land",
    "construction",
    "environment",
    "social",
    "education",
    "health",
    "finance",
    "justice",
    "conduct",
    "other",
)
"""What a letter may be about, as far as its source says it here: a word of this list, nothing that tells of a person."""
