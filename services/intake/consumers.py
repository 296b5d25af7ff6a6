"""Door 2, Kafka: what intake sends that is no fact, the contacts; it listens to nobody yet."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from uuid import UUID

from services.intake import handlers
from shared.bus.relay import Outgoing, current, tombstone
from shared.contracts.intake import CONTACTS, ContactSealed
from shared.store import vault
from shared.store.db import Connection
from shared.store.unit_of_work import Works


async def seal_contacts(works: Works, connection: Connection, recipients: Sequence[UUID]) -> dict[UUID, Outgoing]:
    """The contacts of these recipients, sealed now for notifications; a tombstone where the person was forgotten."""
    public = works.keys.contact_public
    found: dict[UUID, Outgoing] = {}
    for recipient, sequence, details in await handlers.contact_details(works, connection, recipients):
        if details is None:
            found[recipient] = tombstone(CONTACTS, str(recipient))
            continue
        sealed = base64.b64encode(vault.seal_contact(public, details)).decode()
        contact = ContactSealed(
            occurred_at=works.clock(), recipient=recipient, contact_sealed=sealed, key_id=vault.fingerprint(public)
        )
        found[recipient] = current(works, contact, sequence)
    return found
