"""Contacts on their way to notifications: sealed when they are sent, never kept as facts (decisions 2)."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from uuid import UUID

from shared.bus.relay import Outgoing, current, tombstone
from shared.contracts import complaints, intake
from shared.store import vault
from shared.store.unit_of_work import Works


def sealed_contacts(
    works: Works,
    contacts: Iterable[tuple[UUID, int, vault.Details | None]],
    kind: type[intake.ContactSealed | complaints.ContactSealed],
) -> dict[UUID, Outgoing]:
    """Contacts (recipient, sequence, details), sealed now for notifications alone; a tombstone where the person was forgotten."""
    public = works.keys.contact_public
    found: dict[UUID, Outgoing] = {}
    for recipient, sequence, details in contacts:
        if details is None:
            found[recipient] = tombstone(kind.topic, str(recipient))
            continue
        sealed = base64.b64encode(vault.seal_contact(public, details)).decode()
        contact = kind(
            occurred_at=works.clock(), recipient=recipient, contact_sealed=sealed, key_id=vault.fingerprint(public)
        )
        found[recipient] = current(works, contact, sequence)
    return found
