"""What may become of an event of a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.kernel import Forbidden

ACCEPTED, WAITING, REJECTED, FAILED = "accepted", "waiting", "rejected", "failed"
DOSSIER, PROCEDURE, LETTER = "dossier", "procedure", "letter"
"""What an event may wait for."""


class UnknownSource(Forbidden):
    """This account speaks for no source system of the registry, or its source is suspended."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the events of one source, in their order; in `wait` seconds there is room again for those that came too fast."""

    outcomes: Sequence[Outcome]
    wait: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event."""

    id: str | None
    status: str
    reason: str | None = None
    fields: tuple[str, ...] = ()
    inferred: tuple[int | str, ...] = ()
    waits_for: str | None = None
    code: str | None = None
    dossier: UUID | None = None
    duplicate: bool = False
