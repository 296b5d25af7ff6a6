"""Files: whose one is until it belongs to a dossier, and who may hand it in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.intake.domain import refusals
from shared.kernel import Forbidden, Principal

COMPONENT, RESULT = "component", "result"
"""What a file is in its dossier: a paper handed in, or the result."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A person, or the units of the officer who took the paper in."""

    recipient: UUID | None = None
    units: frozenset[str] = frozenset()

    def is_(self, who: Principal) -> bool:
        """Whether this principal is the owner, or of the owner's units."""
        return (self.recipient is not None and self.recipient == who.recipient) or not self.units.isdisjoint(who.units)


@dataclass(frozen=True, slots=True)
class File:
    """One file somebody handed in; its name is not kept, for it says who."""

    id: UUID
    sha256: bytes
    size: int
    media_type: str
    owner: Owner
    dossier: UUID | None = None

    def fits(self, who: Principal, dossier: UUID) -> bool:
        """Whether this principal may hand it in with this dossier; one of another dossier is no longer theirs to give."""
        return self.owner.is_(who) and self.dossier in {None, dossier}


def owner_of(who: Principal) -> Owner:
    """Whose a file is that this principal hands in: officers act for their units, citizens for themselves."""
    if who.units and who.roles - {"citizen"}:
        return Owner(units=who.units)
    if not who.has("citizen"):
        raise Forbidden
    if who.recipient is None:
        raise refusals.IdentityUnknown
    return Owner(recipient=who.recipient)
