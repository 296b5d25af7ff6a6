"""Door 2, Kafka: units, procedures and what acts changed of the law are copied from intake; contacts are sent sealed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from uuid import UUID

from services.complaints.handlers.contacts import contact_details
from services.complaints.handlers.reference import copy_law, copy_procedures, copy_units
from shared.bus.arrival import Arrival
from shared.bus.consumer import Listener
from shared.bus.relay import Outgoing, current, tombstone
from shared.contracts.complaints import CONTACTS, ContactSealed
from shared.contracts.envelope import Catalogue
from shared.contracts.intake import CALENDAR, LAW_FACTS, PROCEDURES, UNITS, ProcedureDescribed, UnitDescribed
from shared.store import vault
from shared.store.db import Connection
from shared.store.unit_of_work import Work, Works


async def on_units(work: Work, arrivals: Sequence[Arrival]) -> None:
    """Copy what intake says of its units."""
    last = {arrival.key: arrival for arrival in arrivals}.values()
    await copy_units(work, [a.fact for a in last if isinstance(a.fact, UnitDescribed)], _withdrawn(list(last)))


async def on_procedures(work: Work, arrivals: Sequence[Arrival]) -> None:
    """Copy what intake says of its procedures."""
    last = {arrival.key: arrival for arrival in arrivals}.values()
    described = [a.fact for a in last if isinstance(a.fact, ProcedureDescribed)]
    await copy_procedures(work, described, _withdrawn(list(last)))


async def on_calendar(work: Work, arrivals: Sequence[Arrival]) -> None:
    """Copy what acts changed of the law: days, office hours, rules."""
    last = {arrival.key: arrival for arrival in arrivals if not arrival.tombstone}.values()
    await copy_law(work, [arrival.fact for arrival in last if isinstance(arrival.fact, LAW_FACTS)])


def _withdrawn(arrivals: Sequence[Arrival]) -> list[str]:
    """The codes of records that ended with a tombstone."""
    return [(arrival.raw.key or b"").decode() for arrival in arrivals if arrival.tombstone]


LISTENERS = (
    Listener(
        "complaints.reference",
        Catalogue.of([UnitDescribed, ProcedureDescribed, *LAW_FACTS]),
        {UNITS: on_units, PROCEDURES: on_procedures, CALENDAR: on_calendar},
    ),
)


async def seal_contacts(works: Works, connection: Connection, recipients: Sequence[UUID]) -> dict[UUID, Outgoing]:
    """The contacts of these recipients, sealed now for notifications; a tombstone where the person was forgotten."""
    public = works.keys.contact_public
    found: dict[UUID, Outgoing] = {}
    for recipient, sequence, details in await contact_details(works, connection, recipients):
        if details is None:
            found[recipient] = tombstone(CONTACTS, str(recipient))
            continue
        sealed = base64.b64encode(vault.seal_contact(public, details)).decode()
        contact = ContactSealed(
            occurred_at=works.clock(), recipient=recipient, contact_sealed=sealed, key_id=vault.fingerprint(public)
        )
        found[recipient] = current(works, contact, sequence)
    return found
