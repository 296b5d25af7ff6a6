"""Lists and search: of one's units or of oneself, what a clerk begins the day with, and who else has the same open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from services.intake import domain
from services.intake.domain import Dossier
from services.intake.handlers.desk import Desk
from services.intake.store import lists
from services.intake.store.lists import Wanted, Whose
from shared.kernel import Invalid, Principal
from shared.law import ZONE
from shared.store import vault

MINE: Final = "me"
"""Stands for whoever asks, as the handler of a dossier."""
MOST_FOUND: Final = 50
_IDENTITY: Final = re.compile(r"\d{9}|\d{12}")
"""The number of today, and of the cards before it."""

LISTS: Final[Mapping[str, Wanted]] = {
    "to-answer": Wanted(state="submitted", sort="due"),
    "due-today": Wanted(due_today=True, sort="due"),
    "warned": Wanted(warned=True, sort="due"),
    "overdue": Wanted(overdue=True, sort="due"),
    "waiting": Wanted(waiting=True, sort="due"),
    "unassigned": Wanted(state="accepted", assigned=False, sort="due"),
    "mine": Wanted(handler=MINE, open=True, sort="due"),
    "open": Wanted(open=True, sort="due"),
}
"""What a clerk begins the day with; each is a list of open dossiers, the most urgent first."""


class IdentityInAddress(Invalid):
    """An identity number does not belong into an address; search for it with `POST /searches`."""


async def list_dossiers(desk: Desk, who: Principal, wanted: Wanted, **page: Any) -> Sequence[Dossier]:
    """Dossiers of one's units (an admin: of all); a citizen's own."""
    if who.acting == "citizen":
        return await list_own_dossiers(desk, who, wanted, **page)
    return await _listed(desk, who, _units(who), wanted, **page)


async def list_own_dossiers(desk: Desk, who: Principal, wanted: Wanted, **page: Any) -> Sequence[Dossier]:
    """What this person filed, in whatever role they are here."""
    if who.recipient is None:
        raise domain.IdentityUnknown
    return await _listed(desk, who, who.recipient, wanted, **page)


async def count_lists(desk: Desk, who: Principal) -> Mapping[str, int]:
    """How many dossiers of one's units each of `LISTS` holds."""
    named = {name: _meant(wanted, who) for name, wanted in LISTS.items()}
    async with desk.works.reading() as connection:
        return await lists.counted(connection, _units(who), named, **_now(desk))


def identity_in(asked: str) -> str | None:
    """The identity number that was typed into a search, in groups or not; what has a dash is a dossier's code."""
    digits = re.sub(r"[\s.]", "", asked)
    return digits if _IDENTITY.fullmatch(digits) else None


async def find_of_person(desk: Desk, who: Principal, identity_no: str) -> Sequence[Dossier]:
    """The newest dossiers of one's units that the person with this number filed or owns; the number is compared blindly."""
    index = vault.blind_index(desk.works.keys, "identity_no", identity_no)
    if index is None:
        return ()
    async with desk.works.reading() as connection:
        return await lists.of_person(connection, _units(who), index, MOST_FOUND)


def _units(who: Principal) -> frozenset[str] | None:
    return None if who.has("admin") else who.units


def _meant(wanted: Wanted, who: Principal) -> Wanted:
    return replace(wanted, handler=who.subject) if wanted.handler == MINE else wanted


def _now(desk: Desk) -> dict[str, Any]:
    now = desk.works.clock()
    return {"at": now, "today": now.astimezone(ZONE).date()}


async def _listed(desk: Desk, who: Principal, whose: Whose, wanted: Wanted, **page: Any) -> Sequence[Dossier]:
    """`page`: `after` (a place in the order, or None), `back`, `limit`."""
    if wanted.q is not None and identity_in(wanted.q):
        raise IdentityInAddress(field="/q")
    async with desk.works.reading() as connection:
        return await lists.listed(connection, whose, _meant(wanted, who), **_now(desk), **page)
