"""A dossier by the code and secret printed on its slip, without signing in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from services.intake import store
from services.intake.domain import Dossier
from services.intake.handlers.desk import Desk
from services.intake.handlers.reading import explanation
from shared.kernel import system
from shared.store import lookups


@dataclass(frozen=True, slots=True)
class Standing:
    """What a citizen with the slip is told: the dossier and why its date is what it is."""

    dossier: Dossier
    explanation: tuple[str, ...]


async def look_up(desk: Desk, code: str, secret: str, lang: str) -> Standing:
    """Where a dossier stands; five wrong secrets lock its code. A code that does not exist is answered in the same words."""
    code = lookups.typed_code(code)
    async with desk.works.begin(system("intake.lookup")) as work:
        found = await store.dossier_by_code(work.db, code)
        right = partial(lookups.fits, desk.works.keys, found.id, found.lookup_number, secret) if found else None
        refusal = await lookups.check(work, code, right)
    if refusal is not None:
        raise refusal
    if found is None:
        raise AssertionError("only a dossier that is there has a right secret")
    return Standing(found, explanation(desk, found, lang))
