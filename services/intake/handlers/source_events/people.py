"""Whom an event names: their contact is opened, kept in the vault, and says where they are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.intake.domain.sources import Event, Reason, Rejected, Source
from services.intake.store import sources as store
from shared.store import vault
from shared.store.unit_of_work import Work


async def kept(work: Work, codes: Iterable[str]) -> Mapping[str, vault.Details]:
    """What the vault has of the people of these dossiers, by code."""
    keys, rows = work.works.keys, await store.people(work, codes)
    found = {code: vault.disclosed(keys, row) for code, row in rows.items()}
    return {code: details for code, details in found.items() if details is not None}


@dataclass(frozen=True, slots=True)
class People:
    """The people of one batch of one source."""

    work: Work
    source: Source

    def contact(self, event: Event) -> vault.Details | None:
        """What is in the box of an event; `Rejected` where it is not sealed for us."""
        if (sealed := event.data.get("contact_sealed")) is None:
            return None
        try:
            return vault.open_contact(self.work.works.keys.contact, sealed)
        except vault.NotSealedForUs:
            raise Rejected(Reason.SCHEMA, "/data/contact_sealed") from None

    def recipient(self, details: vault.Details | None) -> UUID | None:
        """The inbox of a person with a number; a sandbox puts nothing there."""
        number = details.identity_no if details is not None and not self.source.sandbox else None
        return vault.recipient_of(self.work.works.keys.people, number) if number else None

    def inbox(self, event: Event, known: UUID | None) -> UUID | None:
        """Where the person of an event is told, kept in the vault: `known` unless they have a number; None where it names nobody."""
        if (details := self.contact(event)) is None:
            return None
        recipient = self.recipient(details) or known or self.work.new_id()
        self.keep(recipient, details)
        return recipient

    def keep(self, recipient: UUID, details: vault.Details | None) -> UUID:
        """Into the vault; nobody is told where the contact is not known, or nothing may leave intake."""
        person, told = self.work.new_id(), details is not None and not self.source.sandbox
        self.work.keep(
            vault.enclose(self.work.works.keys, person, recipient, details or vault.Details("")), contact=told
        )
        return person
