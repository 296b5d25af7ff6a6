"""The only SQL of notifications: `inbox` (notices, items, contacts, look-ups) and `deliveries` (the ways out).

Hot statements are constants through asyncpg, the rest is built from the tables.
"""

from __future__ import annotations

from services.notifications.store.inbox import (
    LAST,
    Item,
    change,
    claim,
    contacts,
    first_read,
    forget_contacts,
    keep_contacts,
    lock,
    page,
    place_of,
    read_up_to,
    save_place,
    skeletons,
    standing,
    standings,
    tell,
    why,
)

__all__ = [
    "LAST",
    "Item",
    "change",
    "claim",
    "contacts",
    "first_read",
    "forget_contacts",
    "keep_contacts",
    "lock",
    "page",
    "place_of",
    "read_up_to",
    "save_place",
    "skeletons",
    "standing",
    "standings",
    "tell",
    "why",
]
