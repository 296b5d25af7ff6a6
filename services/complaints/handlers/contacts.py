"""What is sent sealed to notifications: the newest contact of a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.complaints.store import people
from shared.store import vault
from shared.store.db import Connection
from shared.store.unit_of_work import Works


async def contact_details(
    works: Works, connection: Connection, recipients: Sequence[UUID]
) -> Sequence[tuple[UUID, int, vault.Details | None]]:
    """(recipient, sequence, details) of the newest contacts; None where the person was forgotten."""
    rows = await people.contacts(connection, recipients)
    return [(row["recipient"], row["sequence"], disclosed(works, row)) for row in rows]


def disclosed(works: Works, row: Any) -> vault.Details | None:
    """A person opened from the vault; None where they were forgotten."""
    try:
        return vault.disclose(works.keys, row)
    except vault.Forgotten:
        return None
