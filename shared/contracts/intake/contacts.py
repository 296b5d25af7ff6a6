"""Contacts, sealed for notifications: `intake.contacts`."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.envelope import Fact, fact

CONTACTS = "intake.contacts"


@fact(CONTACTS, "recipient")
class ContactSealed(Fact):
    """The newest contact of a recipient, sealed for notifications; sent, never kept as a fact (decisions 2)."""

    recipient: UUID
    contact_sealed: str
    key_id: str
