"""What is sent sealed to notifications: the newest contact of a person."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.intake import store
from shared.store import vault
from shared.store.db import Connection
from shared.store.unit_of_work import Works


async def contact_details(
    works: Works, connection: Connection, recipients: Sequence[UUID]
) -> Sequence[tuple[UUID, int, vault.Details | None]]:
    """(recipient, sequence, details) of the newest contacts; None where the person was forgotten."""
    rows = await store.contacts(connection, recipients)
    return [(row["recipient"], row["sequence"], vault.disclosed(works.keys, row)) for row in rows]
