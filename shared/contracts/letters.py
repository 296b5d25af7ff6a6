"""What intake heard of letters that other systems keep: judged at its door, stated on `intake.letters`, for complaints alone.

Intake promises: a letter comes to a state along the arrows of its kind only (`ARROWS`), every state on the way is named in
`steps`, and the calendar knows its days. So a reader can follow every fact and refuses none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from shared.contracts.envelope import Catalogue, Fact, fact

LETTERS = "intake.letters"

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


@fact(LETTERS, "letter")
class LetterFollowed(Fact):
    """A letter of a source as it stands after an event of it; `steps`: the states it came through just now, the last one told.

    `taken_back`: the state before was wrong, and the letter stands again in `state`. A denunciation names nobody.
    """

    letter: UUID
    code: str
    source: str
    unit: str
    kind: str
    channel: str
    state: str
    received_at: datetime
    recipient: UUID | None = None
    anonymous: bool = False
    tells_citizens: bool = True
    backfill: bool = False
    steps: list[str] = field(default_factory=list)
    taken_back: bool = False
    complex: bool = False
    subject_class: str | None = None
    """A word for what it is about."""
    reason_class: str | None = None
    """Why it was refused, suspended, filed, guided, passed on, withdrawn, reopened, or taken back."""
    outcome: str | None = None
    promised_on: date | None = None
    """The day the source promised; the lawful one stands beside it."""


CATALOGUE = Catalogue.of((LetterFollowed,))
