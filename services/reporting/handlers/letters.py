"""Letters and cases as they are shown: lists, one case with its limits explained, a citizen's matters together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from services.reporting import domain
from services.reporting.domain import (
    CaseFilter,
    CaseLine,
    CaseMoment,
    DeadlineLine,
    DossierLine,
    Filter,
    LetterLine,
    NoticeLine,
)
from services.reporting.handlers.office import law_of
from services.reporting.store import case_reads, reads
from services.reporting.store.case_reads import CaseViewer
from services.reporting.store.reads import Reader, Viewer
from shared.kernel import TENANT, NotFound, Principal
from shared.law import Law
from shared.store.unit_of_work import Works

UNIT_READERS: Final = ("head", "clerk", "inspector")
MOST_MATTERS: Final = 200


def case_viewer_of(who: Principal) -> CaseViewer:
    """Their people; officers of the accountable unit; a handler what is assigned to them; the province's heads and inspectors all."""
    return CaseViewer(
        everything=who.has("head", "inspector") and TENANT in who.units,
        units=who.units if who.has(*UNIT_READERS) else frozenset(),
        officer=who.subject if who.has("handler") else None,
        recipient=who.recipient if who.has("citizen") else None,
    )


@dataclass(frozen=True, slots=True)
class CasesListed:
    """Cases of a list, with the names of their units; how many this viewer may see, and where everybody may know it, how many there are."""

    lines: Sequence[CaseLine]
    as_of: datetime | None
    units: Mapping[str, str] = field(default_factory=dict)
    mine: int = 0
    whole: int | None = None


async def find_cases(
    works: Works, who: Principal, asked: CaseFilter, *, after: UUID | None, back: bool, most: int
) -> CasesListed:
    """One page of the cases this principal may see, newest first."""
    viewer = case_viewer_of(who)
    async with reads.looking(works) as reader:
        return CasesListed(
            await case_reads.listed(reader, viewer, asked, after=after, back=back, most=most),
            await reads.newest_at(reader),
            {unit["unit"]: unit["name"] for unit in await reads.units(reader)},
            (await case_reads.counts(reader, viewer, {"mine": asked}))["mine"],
            await _whole(reader, asked, domain.day_of(works.clock())),
        )


async def _whole(reader: Reader, asked: CaseFilter, today: date) -> int | None:
    """How many cases a figure of the public pages counts; None for any other question."""
    if replace(asked, unit=None) not in domain.case_figures(today).values():
        return None
    return (await case_reads.counts(reader, CaseViewer(everything=True), {"whole": asked}))["whole"]


@dataclass(frozen=True, slots=True)
class LimitShown:
    """A limit with why it ends when it does."""

    line: DeadlineLine
    reason: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseStanding:
    """Where one case stands: limits explained, what happened, what was told."""

    line: CaseLine
    unit: str
    limits: Sequence[LimitShown]
    moments: Sequence[CaseMoment]
    notices: Sequence[NoticeLine]


@dataclass(frozen=True, slots=True)
class LetterStanding:
    """Where a letter stands, and the cases it became."""

    line: LetterLine
    unit: str
    limits: Sequence[LimitShown]
    moments: Sequence[CaseMoment]
    cases: Sequence[CaseStanding]


async def show_case(works: Works, who: Principal, case: UUID, language: str) -> CaseStanding:
    """One case, for somebody who may see it; anything else is not found."""
    async with reads.looking(works) as reader:
        line = await case_reads.line(reader, case_viewer_of(who), case)
        if line is None:
            raise NotFound
        return await _case(reader, line, await _names(reader), language)


async def _names(reader: Reader) -> dict[str, str]:
    return {unit["unit"]: unit["name"] for unit in await reads.units(reader)}


async def _case(reader: Reader, line: CaseLine, names: Mapping[str, str], language: str) -> CaseStanding:
    return CaseStanding(
        line,
        names.get(line.unit, line.unit),
        _explained(await law_of(reader), await case_reads.limits(reader, line.id), line.received_on, language),
        await case_reads.moments(reader, line.id),
        await case_reads.notices(reader, [line.id]),
    )


def _explained(law: Law, limits: Sequence[DeadlineLine], received_on: date, language: str) -> list[LimitShown]:
    return [
        LimitShown(line, domain.limit_reason(line, received_on, law.office_at(line.started_at), language))
        for line in limits
    ]


async def letter_standing(reader: Reader, line: LetterLine, language: str) -> LetterStanding:
    """Everything that is told of one letter."""
    names = await _names(reader)
    return LetterStanding(
        line,
        names.get(line.unit, line.unit),
        _explained(await law_of(reader), await case_reads.limits(reader, line.id), line.received_on, language),
        await case_reads.moments(reader, line.id),
        [await _case(reader, case, names, language) for case in await case_reads.of_letter(reader, line.id)],
    )


@dataclass(frozen=True, slots=True)
class Matters:
    """A citizen's dossiers, letters and cases together."""

    dossiers: Sequence[DossierLine]
    letters: Sequence[LetterLine]
    cases: Sequence[CaseLine]
    as_of: datetime | None
    units: Mapping[str, str] = field(default_factory=dict)
    procedures: Mapping[str, str] = field(default_factory=dict)


async def matters(works: Works, who: Principal) -> Matters:
    """What this person has with the province, newest first, the newest two hundred of each; nothing without an identity."""
    if who.recipient is None:
        return Matters([], [], [], None)
    dossiers, cases = Viewer(frozenset(), who.recipient), CaseViewer(recipient=who.recipient)
    async with reads.looking(works) as reader:
        lines = await reads.listed(reader, dossiers, Filter(), after=None, back=False, most=MOST_MATTERS)
        return Matters(
            lines,
            await case_reads.own_letters(reader, who.recipient, MOST_MATTERS),
            await case_reads.listed(reader, cases, CaseFilter(), after=None, back=False, most=MOST_MATTERS),
            await reads.newest_at(reader),
            await _names(reader),
            await reads.procedure_names(reader, sorted({line.procedure for line in lines})),
        )
