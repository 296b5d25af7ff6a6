"""A letter by the receipt number and secret on its receipt, without signing in: the only way back for who stays anonymous."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from math import ceil

from services.complaints.domain import Case, Submission
from services.complaints.handlers.desk import Desk, lookup_secret
from services.complaints.handlers.reading import explanation
from services.complaints.store import cases, lookups, submissions
from services.complaints.store.cases import CaseTexts
from shared.kernel import Refused, system
from shared.settings import Keys
from shared.store.unit_of_work import Work

MOST_TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
_UNKNOWN_CODES = 4096


class LookupRefused(Refused):
    """The receipt number and the secret do not fit together."""

    status = 404


class LookupLocked(Refused):
    """Too many wrong secrets were tried for this receipt number."""

    status = 429


@dataclass(frozen=True, slots=True)
class CaseStanding:
    """Where one case of the letter stands, what was written to its sender, and why its date is what it is."""

    case: Case
    texts: CaseTexts
    explanation: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody with the receipt is told."""

    submission: Submission
    reason: str | None
    cases: Sequence[CaseStanding]


async def look_up(desk: Desk, code: str, secret: str, lang: str) -> Standing:
    """Where a letter stands; five wrong secrets lock its number. One that does not exist is answered in the same words."""
    code = _typed(code)
    async with desk.works.begin(system("complaints.lookup")) as work:
        found = await submissions.by_receipt(work.db, code)
        name = code if found is not None else _unknown(code)
        left = await _try(work, name)
        if found is not None and _fits(desk.works.keys, found, secret):
            await lookups.unlock(work, name)
            texts = await submissions.texts(work.db, found.id)
            return Standing(found, texts.reason, await _standing(work, found, lang))
        if left == 0:
            await lookups.lock(work, name, work.now + LOCKED_FOR)
    raise LookupRefused(left=left)  # only now: what was counted above has to be committed


async def _standing(work: Work, submission: Submission, lang: str) -> Sequence[CaseStanding]:
    opened = await cases.of_letter(work.db, submission.id)
    return [CaseStanding(case, await cases.texts(work.db, case.id), explanation(case, lang)) for case in opened]


async def _try(work: Work, name: str) -> int:
    """Count this try; how many wrong ones are left after it."""
    tries, locked_until = await lookups.attempt(work, name)
    if locked_until is not None:
        raise LookupLocked(minutes=ceil((locked_until - work.now) / timedelta(minutes=1)))
    return max(0, MOST_TRIES - tries)


def _unknown(code: str) -> str:
    """What tries for a number that does not exist are counted under: as for a real one, in a bounded number of rows."""
    return f"?{int.from_bytes(sha256(code.encode()).digest()[:4], 'big') % _UNKNOWN_CODES}"


def _fits(keys: Keys, submission: Submission, secret: str) -> bool:
    right = lookup_secret(keys, submission.id, submission.lookup_number)
    return hmac.compare_digest(right.encode(), _crockford(secret).encode())


def _typed(text: str) -> str:
    """A code as people type it: small letters, spaces."""
    return text.upper().replace(" ", "")


def _crockford(secret: str) -> str:
    """A secret as people type it: also dashes, O for 0, I and L for 1."""
    return _typed(secret).replace("-", "").translate(str.maketrans("OIL", "011"))
