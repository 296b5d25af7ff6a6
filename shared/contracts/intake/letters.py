"""The fact of a letter that another system keeps: `intake.letters`."""

from __future__ import annotations

from dataclasses import field
from datetime import date, datetime
from uuid import UUID

from shared.contracts.envelope import Fact, fact

LETTERS = "intake.letters"


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
