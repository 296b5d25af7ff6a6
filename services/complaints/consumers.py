"""Door 2, Kafka: units, procedures and what acts changed of the law are copied from intake, letters other systems keep are followed; contacts are sent sealed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from services.complaints.handlers.contacts import contact_details
from services.complaints.handlers.desk import Desk
from services.complaints.handlers.mirroring import Heard, follow_letters
from services.complaints.handlers.reference import copy_law, copy_procedures, copy_units
from shared.bus.arrival import Arrival
from shared.bus.consumer import Listener
from shared.bus.contacts import sealed_contacts
from shared.bus.relay import Outgoing
from shared.contracts.complaints import ContactSealed
from shared.contracts.envelope import Catalogue
from shared.contracts.intake import (
    CALENDAR,
    LAW_FACTS,
    LETTERS,
    PROCEDURES,
    UNITS,
    LetterFollowed,
    ProcedureDescribed,
    UnitDescribed,
)
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


async def on_letters(desk: Desk, work: Work, arrivals: Sequence[Arrival]) -> None:
    """Follow the letters of source systems."""
    followed = [Heard(a.fact, a.cause(work.now)) for a in arrivals if isinstance(a.fact, LetterFollowed)]
    await follow_letters(desk, work, followed)


LISTENERS = (
    Listener(
        "complaints.reference",
        Catalogue.of([UnitDescribed, ProcedureDescribed, *LAW_FACTS]),
        {UNITS: on_units, PROCEDURES: on_procedures, CALENDAR: on_calendar},
    ),
)
"""Listeners that need no desk; `listeners` has all."""


def listeners(desk: Desk) -> Sequence[Listener]:
    """All of complaints: what is copied, and letters, whose limits are counted by the law the desk knows."""
    letters = Listener("complaints.letters", Catalogue.of([LetterFollowed]), {LETTERS: partial(on_letters, desk)})
    return (*LISTENERS, letters)


async def seal_contacts(works: Works, connection: Connection, recipients: Sequence[UUID]) -> dict[UUID, Outgoing]:
    """The contacts of these recipients, sealed now for notifications; a tombstone where the person was forgotten."""
    return sealed_contacts(works, await contact_details(works, connection, recipients), ContactSealed)
