"""A dossier by the code and secret printed on its slip, from what the facts say alone."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from uuid import UUID

from services.reporting import domain
from services.reporting.domain import DossierLine, LetterLine, LookupLocked, LookupRefused, Moment, NoticeLine
from services.reporting.domain.reasons import Office
from services.reporting.handlers.letters import LetterStanding, letter_standing
from services.reporting.handlers.office import law_of, office_at
from services.reporting.handlers.reading import viewer_of
from services.reporting.store import case_reads, lookups, reads
from services.reporting.store.reads import Reader
from shared.kernel import NotFound, Principal, system
from shared.settings import Keys
from shared.store.unit_of_work import Work, Works


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a dossier stands: names of what it is about, what happened, and why its date is what it is."""

    line: DossierLine
    procedure: str
    unit: str
    moments: Sequence[Moment]
    reason: tuple[str, ...]
    office: Office
    notices: Sequence[NoticeLine]


async def look_up(works: Works, code: str, secret: str, language: str) -> Standing | LetterStanding:
    """Where a dossier or a letter stands; five wrong secrets lock its code. One that does not exist is answered in the same words."""
    code = domain.typed_code(code)
    async with works.begin(system("reporting.lookup")) as work:
        reader = await reads.reader(work.db)
        found = await lookups.dossier_by_code(reader, code) or await case_reads.letter_by_code(reader, code)
        name = code if found is not None else domain.unknown_name(code)
        left = await _try(work, name)
        if found is not None and _fits(works.keys, found.code, domain.typed_secret(secret), found.lookup_verifier):
            await lookups.unlock(work, name)
            if isinstance(found, LetterLine):
                return await letter_standing(reader, found, language)
            return await standing(reader, found, language)
        if left == 0:
            await lookups.lock(work, name, work.now + domain.LOCKED_FOR)
    raise LookupRefused(left=left)  # only now: what was counted above has to be committed


async def _try(work: Work, name: str) -> int:
    """Count this try; how many wrong ones are left after it."""
    tries, locked_until = await lookups.attempt(work, name)
    if locked_until is not None:
        raise LookupLocked(minutes=ceil((locked_until - work.now) / timedelta(minutes=1)))
    return max(0, domain.MOST_TRIES - tries)


def _fits(keys: Keys, code: str, secret: str, verifier: str) -> bool:
    """The facts carry an HMAC of code and secret (decisions 12); a placeholder has none and fits nothing."""
    made = hmac.digest(keys.verifier, f"{code}|{secret}".encode(), "sha256")[:18]
    return hmac.compare_digest(base64.urlsafe_b64encode(made), verifier.encode())


async def standing_of(works: Works, who: Principal, dossier: UUID, language: str) -> Standing:
    """Where a dossier stands, for somebody who may see it."""
    async with reads.looking(works) as reader:
        line = await reads.line(reader, viewer_of(who), dossier)
        if line is None:
            raise NotFound
        return await standing(reader, line, language)


async def standing(reader: Reader, line: DossierLine, language: str) -> Standing:
    """Everything that is told of one dossier."""
    procedure, limit = await lookups.procedure(reader, line.procedure)
    moments = await reads.moments(reader, line.id)
    office = office_at(await law_of(reader), line.received_at or line.submitted_at, line.unit)
    names = {unit["unit"]: unit["name"] for unit in await reads.units(reader, line.unit)}
    reason = _reason(line, limit, moments, office, language)
    notices = await case_reads.notices(reader, [line.id])
    return Standing(line, procedure, names.get(line.unit, line.unit), moments, reason, office, notices)


def _reason(
    line: DossierLine, limit: str | None, moments: Sequence[Moment], office: Office, language: str
) -> tuple[str, ...]:
    """Of the limit that runs now, or ran last."""
    if line.answer_due_at is not None:
        came = [
            line.received_at or line.submitted_at,
            *(m.occurred_at for m in moments if m.word == "supplement-supplied"),
        ]
        return domain.answer_reason(line, came, office, language)
    return domain.settlement_reason(line, limit, office, language)
