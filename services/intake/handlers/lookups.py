"""A dossier by the code and secret printed on its slip, without signing in."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from math import ceil

from services.intake import store
from services.intake.domain import Dossier
from services.intake.handlers.desk import Desk, lookup_secret
from services.intake.handlers.reading import explanation
from shared.kernel import Refused, system
from shared.settings import Keys
from shared.store.unit_of_work import Work

MOST_TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
_UNKNOWN_CODES = 4096


class LookupRefused(Refused):
    """The code and the secret do not fit together."""

    status = 404


class LookupLocked(Refused):
    """Too many wrong secrets were tried for this code."""

    status = 429


@dataclass(frozen=True, slots=True)
class Standing:
    """What a citizen with the slip is told: the dossier and why its date is what it is."""

    dossier: Dossier
    explanation: tuple[str, ...]


async def look_up(desk: Desk, code: str, secret: str, lang: str) -> Standing:
    """Where a dossier stands; five wrong secrets lock its code. A code that does not exist is answered in the same words."""
    code = _typed(code)
    async with desk.works.begin(system("intake.lookup")) as work:
        found = await store.dossier_by_code(work.db, code)
        name = code if found is not None else _unknown(code)
        left = await _try(work, name)
        if found is not None and _fits(desk.works.keys, found, secret):
            await store.unlock(work, name)
        else:
            found = None
            if left == 0:
                await store.lock_lookup(work, name, work.now + LOCKED_FOR)
    if found is None:  # only now: what was counted above has to be committed
        raise LookupRefused(left=left)
    return Standing(found, explanation(found, lang))


async def _try(work: Work, name: str) -> int:
    """Count this try; how many wrong ones are left after it."""
    tries, locked_until = await store.try_lookup(work, name)
    if locked_until is not None:
        raise LookupLocked(minutes=ceil((locked_until - work.now) / timedelta(minutes=1)))
    return max(0, MOST_TRIES - tries)


def _unknown(code: str) -> str:
    """What tries for a code that does not exist are counted under: as for a real one, in a bounded number of rows."""
    return f"?{int.from_bytes(sha256(code.encode()).digest()[:4], 'big') % _UNKNOWN_CODES}"


def _fits(keys: Keys, dossier: Dossier, secret: str) -> bool:
    right = lookup_secret(keys, dossier.id, dossier.lookup_number)
    return hmac.compare_digest(right.encode(), _crockford(secret).encode())


def _typed(text: str) -> str:
    """A code as people type it: small letters, spaces."""
    return text.upper().replace(" ", "")


def _crockford(secret: str) -> str:
    """A secret as people type it: also dashes, O for 0, I and L for 1."""
    return _typed(secret).replace("-", "").translate(str.maketrans("OIL", "011"))
