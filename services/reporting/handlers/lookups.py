"""A dossier by the code and secret printed on its slip, from what the facts say alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from services.reporting import domain
from services.reporting.domain import DossierLine, LetterLine, Moment, NoticeLine
from services.reporting.handlers.letters import LetterStanding, letter_standing
from services.reporting.handlers.office import law_of
from services.reporting.handlers.reading import viewer_of
from services.reporting.store import case_reads, lookups, reads
from services.reporting.store.reads import Reader
from shared.kernel import NotFound, Principal, system
from shared.law import Office
from shared.store.lookups import check, typed_code, verifies
from shared.store.unit_of_work import Works


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
    code = typed_code(code)
    async with works.begin(system("reporting.lookup")) as work:
        reader = await reads.reader(work.db)
        found = await lookups.dossier_by_code(reader, code) or await case_reads.letter_by_code(reader, code)
        right = partial(verifies, works.keys, found.code, secret, found.lookup_verifier) if found else None
        refusal = await check(work, code, right)
        if refusal is None:
            if isinstance(found, LetterLine):
                return await letter_standing(reader, found, language)
            if found is None:
                raise AssertionError("only what is there has a right secret")
            return await standing(reader, found, language)
    raise refusal  # only now: what was counted above has to be committed


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
    office = (await law_of(reader)).office_at(line.received_at or line.submitted_at, line.unit)
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
