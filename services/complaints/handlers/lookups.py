"""A letter by the receipt number and secret on its receipt, without signing in: the only way back for who stays anonymous."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from services.complaints.domain import Case, Submission
from services.complaints.handlers.desk import Desk
from services.complaints.handlers.reading import explanation
from services.complaints.store import cases, submissions
from services.complaints.store.cases import CaseTexts
from shared.kernel import system
from shared.store import lookups
from shared.store.db import Connection


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
    written: Sequence[Mapping[str, Any]]
    cases: Sequence[CaseStanding]


async def look_up(desk: Desk, code: str, secret: str, lang: str) -> Standing:
    """Where a letter stands; five wrong secrets lock its number. One that does not exist is answered in the same words."""
    found = await _found(desk, code, secret)
    async with desk.works.reading() as connection:
        texts = await submissions.texts(connection, found.id)
        return Standing(found, texts.reason, texts.written, await _standing(desk, connection, found, lang))


async def identify(desk: Desk, code: str, secret: str) -> UUID:
    """The letter a receipt belongs to, with the same lock."""
    return (await _found(desk, code, secret)).id


async def _found(desk: Desk, code: str, secret: str) -> Submission:
    code = lookups.typed_code(code)
    async with desk.works.begin(system("complaints.lookup")) as work:
        found = await submissions.by_receipt(work.db, code)
        right = partial(lookups.fits, desk.works.keys, found.id, found.lookup_number, secret) if found else None
        refusal = await lookups.check(work, code, right)
    if refusal is not None:
        raise refusal
    if found is None:
        raise AssertionError("only a letter that is there has a right secret")
    return found


async def _standing(desk: Desk, connection: Connection, submission: Submission, lang: str) -> Sequence[CaseStanding]:
    opened = await cases.of_letter(connection, submission.id)
    return [
        CaseStanding(case, await cases.texts(connection, case.id), explanation(desk, case, lang)) for case in opened
    ]
