"""What a receipt's code and secret open without a sign-in: secrets made again, wrong ones counted, codes locked for a while.

A service that looks things up so has the table `lookup_lock (code, failures, locked_until)`, and the words of both refusals.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil
from uuid import UUID

from shared.kernel import Refused
from shared.settings import Keys
from shared.store.unit_of_work import Work

MOST_TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
_UNKNOWN_CODES = 4096
_LONGEST = 40
"""Of what people type, in characters; longer than any code."""
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_TRY = """INSERT INTO lookup_lock AS l (code, failures) VALUES ($1, 1) ON CONFLICT (code) DO UPDATE SET
failures = CASE WHEN l.locked_until <= $2 THEN 1 ELSE l.failures + 1 END,
locked_until = CASE WHEN l.locked_until > $2 THEN l.locked_until END RETURNING failures, locked_until"""
_LOCK = "UPDATE lookup_lock SET locked_until = $2 WHERE code = $1"
_UNLOCK = "DELETE FROM lookup_lock WHERE code = $1"


class LookupRefused(Refused):
    """The code and the secret do not fit together."""

    status = 404


class LookupLocked(Refused):
    """Too many wrong secrets were tried for this code."""

    status = 429


def lookup_secret(keys: Keys, id: UUID, number: int) -> str:
    """8 Crockford characters of HMAC(lookup key, id, n): made again for each reprint, never stored (decisions 12)."""
    bits = int.from_bytes(hmac.digest(keys.lookup, id.bytes + number.to_bytes(4, "big"), "sha256")[:5], "big")
    return "".join(_CROCKFORD[bits >> shift & 31] for shift in range(35, -1, -5))


def lookup_verifier(keys: Keys, code: str, secret: str) -> str:
    """What a fact carries so that reporting can check a secret alone."""
    return base64.urlsafe_b64encode(hmac.digest(keys.verifier, f"{code}|{secret}".encode(), "sha256")[:18]).decode()


def typed_code(text: str) -> str:
    """A code as people type it: small letters, spaces."""
    return "".join(text.upper().split())[:_LONGEST]


def typed_secret(text: str) -> str:
    """A secret as people type it: also dashes, O for 0, I and L for 1 (Crockford's alphabet)."""
    return typed_code(text).replace("-", "").translate(str.maketrans("OIL", "011"))


def fits(keys: Keys, id: UUID, number: int, secret: str) -> bool:
    """Whether a secret as people type it is the one of this id and number."""
    return hmac.compare_digest(lookup_secret(keys, id, number).encode(), typed_secret(secret).encode())


def verifies(keys: Keys, code: str, secret: str, verifier: str) -> bool:
    """Whether a secret as people type it is the one a fact carries the verifier of; a placeholder has none, and nothing fits it."""
    return hmac.compare_digest(lookup_verifier(keys, code, typed_secret(secret)).encode(), verifier.encode())


async def check(work: Work, code: str, right: Callable[[], bool] | None) -> LookupRefused | None:
    """Count a try of a code's secret; `right` is None for a code nobody has, which is counted and answered like any other.

    None when the secret is right. Else the refusal, to be raised only after the transaction: its count has to be committed.
    """
    name = code if right is not None else _unknown(code)
    left = await _try(work, name)
    if right is not None and right():
        await work.db.execute(_UNLOCK, name)
        return None
    if left == 0:
        await work.db.execute(_LOCK, name, work.now + LOCKED_FOR)
    return LookupRefused(left=left)


async def _try(work: Work, name: str) -> int:
    """Count this try before the secret is compared; how many wrong ones are left after it.

    The row stays locked until the transaction ends, so that many tries at once are made one after the other.
    """
    row = await work.db.fetchrow(_TRY, name, work.now)
    locked_until: datetime | None = row["locked_until"]
    if locked_until is not None:
        raise LookupLocked(minutes=ceil((locked_until - work.now) / timedelta(minutes=1)))
    return max(0, MOST_TRIES - int(row["failures"]))


def _unknown(code: str) -> str:
    """What tries for a code that does not exist are counted under: as for a real one, in a bounded number of rows."""
    return f"?{int.from_bytes(sha256(code.encode()).digest()[:4], 'big') % _UNKNOWN_CODES}"
