"""Cases and a citizen's matters; acts on them are taken in complaints and intake."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from services.reporting import domain, handlers
from services.reporting.api.common import OFFICERS, UNIT, Code, Reader, Spoken, Store, Subject, Word
from services.reporting.api.dossiers import dossier_shown
from services.reporting.api.schemas import DossierShown, MomentShown
from services.reporting.domain import CaseFilter, CaseLine, LetterLine
from services.reporting.handlers import CaseStanding
from shared.kernel import Principal
from shared.web.auth import allow
from shared.web.cursor import Page, Paging, paging
from shared.web.etag import revalidate
from shared.web.fields import Day, Instant

router = APIRouter(prefix="/v1")


class CaseShown(BaseModel):
    """A case as the read model knows it: codes and dates, nothing of its content."""

    id: UUID
    submission: UUID | None
    code: str
    kind: str
    level: int
    unit: str
    state: str
    phase: str
    version: int = Field(description="Sequence of the newest fact applied; also the ETag.")
    received_on: date
    accepted_at: Instant | None
    contents: int
    about_dossier: UUID | None
    deadline: str | None = Field(description="The limit whose day `due_on` is.")
    due_on: date | None
    first_due_on: date | None
    provisional: bool
    to_unit: str | None
    warned: bool
    breached: bool
    dialogue_at: Instant | None
    resolved_on: date | None
    outcome: str | None
    timing: str | None
    delivered_on: date | None
    appeal_until: date | None
    rounds: int
    reopened: int
    published: bool
    score: int | None
    reason_class: str | None
    ended_on: date | None
    officer: str | None = Field(description="Directory id of the handler; shown to officers only.")
    as_of: Instant = Field(description="When the newest fact applied to this case was recorded.")
    actions: list[dict[str, Any]] = Field(description="Always empty: reporting only shows.")


class CasePage(Page[CaseShown]):
    """A page of cases, newest first."""

    as_of: Instant | None


class LimitShown(BaseModel):
    """One limit of a case, and why it ends when it does; `reason` is empty where that cannot be told from the facts."""

    kind: str
    rule: str
    rule_version: int | None
    started_at: Instant
    due_on: date | None
    first_due_on: date | None
    warned_at: Instant | None
    breached_at: Instant | None
    ended_on: date | None
    times: int = Field(description="How often it began.")
    reason: list[str]


class NoticeShown(BaseModel):
    """What was told, and when it was read."""

    id: UUID
    code: str
    created_at: Instant | None
    read_at: Instant | None


class CaseDetail(CaseShown):
    """A case with its limits, its timeline and the notices sent about it."""

    limits: list[LimitShown]
    timeline: list[MomentShown]
    notices: list[NoticeShown]


class LetterShown(BaseModel):
    """A letter of one's own."""

    id: UUID
    code: str
    unit: str
    state: str
    phase: str
    version: int
    received_on: date
    due_on: date | None
    cases: int


class MattersShown(BaseModel):
    """A citizen's dossiers, letters and cases together, newest first."""

    dossiers: list[DossierShown]
    letters: list[LetterShown]
    cases: list[CaseShown]
    as_of: Instant | None


async def asked(
    works: Store,
    unit: Annotated[Code | None, UNIT] = None,
    kind: Annotated[list[Word], Query(description="complaint, feedback, petition.")] = [],  # noqa: B006 - FastAPI copies it
    state: Annotated[list[Word], Query(description="One or more states.")] = [],  # noqa: B006 - as above
    phase: Annotated[list[Word], Query(description="One or more phases.")] = [],  # noqa: B006 - as above
    open: Annotated[bool | None, Query(description="Something is still owed.")] = None,
    overdue: Annotated[bool, Query(description="Open, and due before today.")] = False,  # noqa: FBT002 - a query parameter
    breached: Annotated[bool | None, Query(description="A breach of the present limit was announced.")] = None,
    due_on: Annotated[Day | None, Query(description="Due on this day.")] = None,
    due_before: Annotated[Day | None, Query(description="Due before this day.")] = None,
    timing: Annotated[list[Word], Query(description="Resolved before, on or over the due day.")] = [],  # noqa: B006 - as above
    resolved_from: Annotated[Day | None, Query(description="Decided or answered on this day or later.")] = None,
    resolved_to: Annotated[Day | None, Query(description="Decided or answered on this day or earlier.")] = None,
    received_from: Annotated[Day | None, Query(description="Received on this day or later.")] = None,
    received_to: Annotated[Day | None, Query(description="Received on this day or earlier.")] = None,
    officer: Annotated[Subject | None, Query(description="With this officer.")] = None,
    assigned: Annotated[bool | None, Query(description="With an officer, or with nobody.")] = None,
) -> CaseFilter:
    """A dependency: the filter a list of cases was asked with."""
    if overdue:
        today = domain.day_of(works.clock())
        open, due_before = True, min(due_before or today, today)  # noqa: A001 - as above
    return CaseFilter(
        unit, tuple(kind), tuple(state), tuple(phase), open, breached, due_on, due_before, tuple(timing), resolved_from, resolved_to, received_from,
        received_to, officer, assigned,
    )  # fmt: skip


@router.get("/cases")
async def cases(
    works: Store,
    who: Annotated[Principal, Reader],
    wanted: Annotated[CaseFilter, Depends(asked)],
    page: Annotated[Paging, Depends(paging)],
) -> CasePage:
    """Cases of your units, those assigned to you, or your own, newest first."""
    after = UUID(page.after[0]) if page.after else None
    found = await handlers.find_cases(works, who, wanted, after=after, back=page.back, most=page.fetch)
    made = page.page(found.lines, lambda line: (str(line.id),), lambda line: _case(line, who))
    return CasePage(items=made.items, next=made.next, prev=made.prev, here=made.here, as_of=found.as_of)


@router.get("/cases/{id}")
async def case(
    request: Request, response: Response, works: Store, who: Annotated[Principal, Reader], spoken: Spoken, id: UUID
) -> CaseDetail:
    """One case with its limits explained day by day, what happened, and what was told."""
    found = await handlers.show_case(works, who, id, spoken)
    revalidate(request, response, found.line.version)
    response.headers["content-language"] = spoken
    officer = who.has(*OFFICERS)
    return CaseDetail(
        **_case(found.line, who).model_dump(),
        limits=_limits(found),
        timeline=[_moment(moment, spoken, officer=officer) for moment in found.moments],
        notices=[NoticeShown(**{name: getattr(n, name) for name in NoticeShown.model_fields}) for n in found.notices],
    )


@router.get("/me/matters")
async def matters(works: Store, who: Annotated[Principal, Depends(allow("citizen"))]) -> MattersShown:
    """Your dossiers, letters and cases together; the newest two hundred of each."""
    found = await handlers.matters(works, who)
    return MattersShown(
        dossiers=[dossier_shown(line, who) for line in found.dossiers],
        letters=[_letter(line) for line in found.letters],
        cases=[_case(line, who) for line in found.cases],
        as_of=found.as_of,
    )


def _case(line: CaseLine, who: Principal) -> CaseShown:
    values = {name: value for name, value in line._asdict().items() if name in CaseShown.model_fields}
    officer = line.officer if who.has(*OFFICERS) else None
    return CaseShown(**{**values, "officer": officer}, phase=line.phase, as_of=line.last_at, actions=[])


def _letter(line: LetterLine) -> LetterShown:
    values = {name: value for name, value in line._asdict().items() if name in LetterShown.model_fields}
    return LetterShown(**values, phase=domain.LETTER_PHASES[line.state])


def _limits(found: CaseStanding) -> list[LimitShown]:
    names = [name for name in LimitShown.model_fields if name != "reason"]
    return [
        LimitShown(**{name: getattr(each.line, name) for name in names}, reason=list(each.reason))
        for each in found.limits
    ]


def _moment(moment: domain.CaseMoment, spoken: str, *, officer: bool) -> MomentShown:
    day = f"{moment.day:%d/%m/%Y}" if moment.day else ""
    return MomentShown(
        sequence=moment.sequence, occurred_at=moment.occurred_at, recorded_at=moment.recorded_at, word=moment.word,
        text=domain.case_sentence(moment.word, day, spoken), day=moment.day, type=moment.type if officer else None,
        trace_id=moment.trace if officer else None,
    )  # fmt: skip
