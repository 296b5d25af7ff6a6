"""What notifications does: one function = one use case = one transaction.

`telling` makes notices of facts, `marking` and `reading` serve inboxes, `contacts` keeps how to reach people, `sending` takes
deliveries out of the house, `muting` stops what may be stopped.
"""

from __future__ import annotations

from services.notifications.handlers.contacts import SealedContact, SealedForAnother, contact, keep_contacts
from services.notifications.handlers.marking import mark, read_all, standing_answer
from services.notifications.handlers.muting import check_stop, stop, wants_email
from services.notifications.handlers.reading import (
    Asked,
    attempts_of,
    explain,
    inbox,
    since,
    skeletons,
    standing_of,
    standings_of,
)
from services.notifications.handlers.sending import Mailroom, sweep
from services.notifications.handlers.telling import Heard, tell

__all__ = [
    "Asked",
    "Heard",
    "Mailroom",
    "SealedContact",
    "SealedForAnother",
    "attempts_of",
    "check_stop",
    "contact",
    "explain",
    "inbox",
    "keep_contacts",
    "mark",
    "read_all",
    "since",
    "skeletons",
    "standing_answer",
    "standing_of",
    "standings_of",
    "stop",
    "sweep",
    "tell",
    "wants_email",
]
