"""Door 2: facts of intake become notices, sealed contacts are kept or forgotten."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from services.notifications import handlers
from services.notifications.data import book
from services.notifications.handlers import Heard, SealedContact, SealedForAnother
from shared.bus.arrival import Arrival
from shared.bus.consumer import Listener
from shared.contracts import intake
from shared.contracts.envelope import Catalogue
from shared.store.unit_of_work import Work


async def on_dossier_facts(work: Work, arrivals: Sequence[Arrival]) -> None:
    """Tell the citizens concerned."""
    await handlers.tell(
        work, [Heard(a.type, a.fact, a.sequence, a.cause(work.now)) for a in arrivals if a.fact is not None]
    )


async def on_intake_contacts(work: Work, arrivals: Sequence[Arrival]) -> None:
    """Keep intake's contacts; a tombstone's key names whom to forget."""
    await handlers.keep_contacts(work, intake.CONTACTS, [_contact(arrival) for arrival in arrivals])


def _contact(arrival: Arrival) -> SealedContact:
    if not isinstance(arrival.fact, intake.ContactSealed):
        return SealedContact(arrival.key, None)
    try:
        return SealedContact(arrival.fact.recipient, base64.b64decode(arrival.fact.contact_sealed, validate=True))
    except binascii.Error:
        raise SealedForAnother from None


def _read_by_rules() -> Catalogue:
    """Only the types some rule names are decoded; the others are counted as ignored."""
    return Catalogue({type_: kind for type_, kind in intake.CATALOGUE.kinds.items() if type_ in book().rules})


LISTENERS = (
    Listener("notifications.dossiers", _read_by_rules(), {intake.DOSSIERS: on_dossier_facts}),
    Listener("notifications.contacts", Catalogue.of([intake.ContactSealed]), {intake.CONTACTS: on_intake_contacts}),
)
"""Two consumer groups: a damaged contact never delays a notice."""
