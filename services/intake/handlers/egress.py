"""The way out: our own dossiers told to the national portal, each in the order of its facts, by a queue that survives everything."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from services.intake import store
from services.intake.data import portal as forms
from services.intake.domain import Dossier, egress
from services.intake.domain.egress import Declined, Gateway, InDoubt, Names, NotReached
from services.intake.domain.portal import SYNC, Applicant
from services.intake.handlers.desk import Desk
from services.intake.handlers.papers import corrected_request, people_of
from services.intake.store import portal as portal_store
from services.intake.store.portal import Owed, Sending
from shared.contracts.envelope import Fact
from shared.contracts.intake import IdentityRead
from shared.kernel import system
from shared.store import vault
from shared.store.unit_of_work import Work

log = logging.getLogger(__name__)

QUEUED, IN_DOUBT, REFUSED, SENT, DROPPED = "queued", "in-doubt", "refused", "sent", "dropped"
FORM: Final = "adapter"
AT_ONCE: Final = 8
LEASE_SECONDS: Final = 120.0
"""How long one is in hand: longer than its two calls may take."""
MOST_DECLINED: Final = 5
"""So often a refusal is tried again before a person has to look at it; silence is tried for ever."""


class _Forgotten(Exception):  # noqa: N818 - a signal between two functions here
    """The dossier's person was forgotten: nothing more goes out."""


def back_off(attempts: int) -> float:
    """Seconds until the next try: 5 s, doubled each time, a quarter of an hour at most."""
    return float(min(900, 5 * 2 ** min(attempts - 1, 8)))


@dataclass(frozen=True, slots=True)
class Egress:
    """How the portal is reached, and who is told how the queue stands."""

    desk: Desk
    open_gateway: Callable[[], AbstractAsyncContextManager[Gateway]]
    measure: Callable[[Mapping[str, tuple[int, float]]], None] = lambda _counts: None
    back_off: Callable[[int], float] = back_off


async def owe_portal(work: Work, stated: Sequence[tuple[UUID, int, Fact]]) -> None:
    """Queue what these facts tell the portal; of those another system owns it tells the portal itself."""
    steps = [(dossier, sequence, fact, egress.step(fact)) for dossier, sequence, fact in stated]
    await portal_store.owe(
        work,
        [
            Owed(dossier, sequence, told[0], told[1], fact.occurred_at)
            for dossier, sequence, fact, told in steps
            if told is not None
        ],
    )


async def send_due(way: Egress) -> bool:
    """Send what is due, one of each dossier; True when there may be more at once."""
    works = way.desk.works
    async with works.reading() as connection:
        way.measure(await portal_store.counts(connection, works.clock()))
        due = await portal_store.claim(connection, AT_ONCE, LEASE_SECONDS)
    if not due:
        return False
    async with way.open_gateway() as gateway:
        went = await asyncio.gather(*(_send(way, gateway, each) for each in due), return_exceptions=True)
    if (broken := next((each for each in went if isinstance(each, BaseException)), None)) is not None:
        raise broken
    return any(went)


async def _send(way: Egress, gateway: Gateway, sending: Sending) -> bool:
    """Send one and write down what came of it; whether it is done."""
    works = way.desk.works
    try:
        code, found = await _told(way.desk, gateway, sending)
    except (NotReached, InDoubt, Declined) as trouble:
        await _put_off(way, sending, trouble)
        return False
    except _Forgotten:
        code, found = None, False
    state = DROPPED if code is None else SENT
    async with works.reading() as connection:
        await portal_store.done(connection, sending, state, code, works.clock(), found=found)
    return True


async def _put_off(way: Egress, sending: Sending, trouble: NotReached | InDoubt | Declined) -> None:
    state, code = QUEUED, None
    if isinstance(trouble, InDoubt):
        state = IN_DOUBT
    elif isinstance(trouble, Declined):
        code = trouble.code
        state = REFUSED if sending.attempts >= MOST_DECLINED else QUEUED
    log.warning("egress %d: %s (%s)", sending.id, type(trouble).__name__, trouble)
    async with way.desk.works.reading() as connection:
        await portal_store.later(
            connection, sending, state, code=code, error=f"{type(trouble).__name__}: {trouble}"[:100],
            wait_seconds=way.back_off(sending.attempts),
        )  # fmt: skip


async def _told(desk: Desk, gateway: Gateway, sending: Sending) -> tuple[str, bool]:
    """Tell the portal; the code of its receipt, and whether it had it already.

    The whole dossier is looked up first and put in or changed; a step is looked up only in doubt, since twice would show.
    The vault is opened last: a portal that is away is tried again and again, and each opening is a fact.
    """
    agency, updating = await _agency(desk, sending), None
    if sending.service == SYNC:
        updating = await _knows(gateway, agency, sending)
    elif sending.doubt and await gateway.look_up(agency, sending.code) == sending.status:
        return "00", True
    return await gateway.send(agency, sending.service, await _item(desk, sending), updating=updating), False


async def _agency(desk: Desk, sending: Sending) -> str:
    """By which code the portal knows the dossier's unit."""
    async with desk.works.reading() as connection:
        dossier = await store.dossier(connection, sending.dossier)
    unit = desk.shelf.units.get(dossier.unit)
    return dossier.unit if unit is None else unit.agency


async def _knows(gateway: Gateway, agency: str, sending: Sending) -> bool:
    """Whether the portal has the dossier; one that answers a code it does not know with an error has it not."""
    try:
        return await gateway.look_up(agency, sending.code) is not None
    except Declined:
        return False


async def _item(desk: Desk, sending: Sending) -> Mapping[str, Any]:
    """The item; people are read from the vault for it, which is itself a fact."""
    async with desk.works.begin(system("intake.egress")) as work:
        dossier = await store.dossier(work.db, sending.dossier)
        row = await store.papers(work.db, dossier.id)
        names = _names(desk, dossier, row["procedure_name"])
        if sending.service != SYNC:
            return egress.progress_item(dossier, sending.status, sending.at, names)
        applicant = _applicant(desk, row)
        opened = IdentityRead(occurred_at=work.now, dossier=dossier.id, unit=dossier.unit, purpose="portal")
        work.record(opened, published=False)
    return egress.dossier_item(
        dossier,
        sending.status,
        sending.at,
        forms.form(FORM),
        names,
        applicant,
        corrected_request(row),
        row["components"],
    )


def _names(desk: Desk, dossier: Dossier, procedure_name: str) -> Names:
    procedure, unit = (
        desk.shelf.version(dossier.procedure, dossier.procedure_version),
        desk.shelf.units.get(dossier.unit),
    )
    return Names(procedure_name, "" if procedure is None else procedure.sector, "" if unit is None else unit.name)


def _applicant(desk: Desk, row: Mapping[str, Any]) -> Applicant:
    """Whoever the dossier is for: its owner, else who handed it in."""
    try:
        submitter, owner = people_of(desk.works.keys, row)
    except vault.Forgotten:
        raise _Forgotten from None
    person = owner or submitter
    return Applicant(person.name, person.identity_no, person.phone, person.email)


async def read_egress(
    desk: Desk, state: str | None, *, after: int | None, back: bool, limit: int
) -> Sequence[Mapping[str, Any]]:
    """The queue, newest first."""
    async with desk.works.reading() as connection:
        return await portal_store.listed(connection, state, after=after, back=back, limit=limit)
