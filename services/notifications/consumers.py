"""Door 2: facts of intake and of complaints become notices, sealed contacts are kept or forgotten."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from services.notifications import handlers
from services.notifications.data import book
from services.notifications.handlers import Heard, SealedContact, SealedForAnother
from shared.bus.arrival import Arrival
from shared.bus.consumer import Listener
from shared.contracts import complaints, intake
from shared.contracts.envelope import Catalogue
from shared.store.unit_of_work import Work


async def on_dossier_facts(work: Work, arrivals: Sequence[Arrival]) -> None:
    """Tell the applicants."""
    await _tell(work, arrivals)


async def on_case_facts(work: Work, arrivals: Sequence[Arrival]) -> None:
    """Tell who wrote the letter; an anonymous one has nobody."""
    await _tell(work, arrivals)


async def _tell(work: Work, arrivals: Sequence[Arrival]) -> None:
    await handlers.tell(
        work, [Heard(a.type, a.fact, a.sequence, a.cause(work.now)) for a in arrivals if a.fact is not None]
    )


async def on_intake_contacts(work: Work, arrivals: Sequence[Arrival]) -> None:
    """Keep intake's contacts; a tombstone's key names whom to forget."""
    await handlers.keep_contacts(work, intake.CONTACTS, [_contact(arrival) for arrival in arrivals])


async def on_complaints_contacts(work: Work, arrivals: Sequence[Arrival]) -> None:
    """Keep what complaints knows, beside what intake knows; each forgets for itself."""
    await handlers.keep_contacts(work, complaints.CONTACTS, [_contact(arrival) for arrival in arrivals])


def _contact(arrival: Arrival) -> SealedContact:
    if not isinstance(arrival.fact, intake.ContactSealed | complaints.ContactSealed):
        return SealedContact(arrival.key, None)
    try:
        return SealedContact(arrival.fact.recipient, base64.b64decode(arrival.fact.contact_sealed, validate=True))
    except binascii.Error:
        raise SealedForAnother from None


def _read_by_rules(topic: str, known: Catalogue) -> Catalogue:
    """Only the types some rule names on this topic are decoded; the others are counted as ignored."""
    return Catalogue({type_: kind for type_, kind in known.kinds.items() if (topic, type_) in book().rules})


LISTENERS = (
    Listener(
        "notifications.dossiers", _read_by_rules(intake.DOSSIERS, intake.CATALOGUE), {intake.DOSSIERS: on_dossier_facts}
    ),
    Listener(
        "notifications.contacts",
        Catalogue.of([intake.ContactSealed, complaints.ContactSealed]),
        {intake.CONTACTS: on_intake_contacts, complaints.CONTACTS: on_complaints_contacts},
    ),
    Listener(
        "notifications.cases", _read_by_rules(complaints.CASES, complaints.CATALOGUE), {complaints.CASES: on_case_facts}
    ),
)
"""Three consumer groups: a damaged contact never delays a notice, and a letter never a dossier."""
