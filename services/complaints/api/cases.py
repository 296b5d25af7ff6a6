"""Cases: find and read, with history, limits and people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.complaints import domain
from services.complaints.api.bodies import CaseFilters
from services.complaints.api.common import At, CaseReader, Lang, Paged, span, view
from services.complaints.api.schemas import (
    CaseDetail,
    CaseView,
    Deadlines,
    DeadlineView,
    History,
    People,
    PersonView,
)
from services.complaints.domain import Case
from services.complaints.handlers import reading
from services.complaints.handlers.reading import Limit
from shared.kernel import Principal
from shared.web.auth import allow
from shared.web.cursor import Page
from shared.web.etag import revalidate
from shared.web.histories import fact_view

router = APIRouter(prefix="/v1")

_NOT_FOR_CITIZENS = frozenset({"officer", "recipient"})


@router.get("/cases")
async def list_cases(
    desk: At, who: CaseReader, page: Paged, filters: Annotated[CaseFilters, Query()]
) -> Page[CaseView]:
    """Cases of one's units and those assigned to one, newest first; a citizen sees their own."""
    rows = await reading.list_cases(desk, who, filters.wanted(), **span(page))
    return page.page(rows, lambda case: (str(case.id),), lambda case: view(case, who))


@router.get("/me/cases")
async def list_my_cases(
    desk: At, who: Annotated[Principal, Depends(allow("citizen"))], page: Paged, filters: Annotated[CaseFilters, Query()]
) -> Page[CaseView]:  # fmt: skip
    """The cases one is a party of, newest first."""
    rows = await reading.list_own_cases(desk, who, filters.wanted(), **span(page))
    return page.page(rows, lambda case: (str(case.id),), lambda case: view(case, who))


@router.get("/cases/{id}")
async def get_case(id: UUID, desk: At, who: CaseReader, request: Request, response: Response) -> CaseDetail:
    """A case with its extract and what was written; its people do not see what units write to each other."""
    case, texts = await reading.read_case(desk, who, id)
    revalidate(request, response, case.version)
    shown = asdict(texts) | {"written": written_for(case, who, texts.written)}
    return CaseDetail.model_validate({**domain.snapshot(case, who), **shown})


def written_for(case: Case, who: Principal, written: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What a reader is shown of what was written."""
    hidden = domain.is_party(case, who)
    return [each for each in written if not hidden or each["command"] in domain.LETTERS]


@router.get("/cases/{id}/history")
async def get_history(id: UUID, desk: At, who: CaseReader) -> History:
    """Everything that happened, in order."""
    case, rows = await reading.read_history(desk, who, id)
    hidden = _NOT_FOR_CITIZENS if domain.is_party(case, who) else frozenset[str]()
    return History(items=[fact_view(row, hidden) for row in rows])


@router.get("/cases/{id}/deadlines")
async def get_deadlines(id: UUID, desk: At, who: CaseReader, lang: Lang) -> Deadlines:
    """Every limit of a case with its rule and its explanation, day by day."""
    return Deadlines(items=[_deadline(limit) for limit in await reading.read_deadlines(desk, who, id, lang)])


def _deadline(limit: Limit) -> DeadlineView:
    rule, due = limit.rule, limit.due
    return DeadlineView(
        kind=limit.kind, due_at=limit.due_at, due_on=limit.due_on, remaining_days=due.remaining_days, provisional=due.provisional,
        revision=limit.revision, announced=limit.announced, completed_at=limit.completed_at, rule=rule.id, rule_version=rule.version,
        legal_basis=rule.legal_basis, verified=rule.verified, steps=list(limit.steps),
    )  # fmt: skip


@router.get("/cases/{id}/people", responses={410: {"description": "The people of this letter were forgotten."}})
async def get_people(
    id: UUID, desk: At, who: Annotated[Principal, Depends(allow("head"))],
    purpose: Annotated[Literal["delivery", "dialogue", "verification"], Query(description="Why the names are opened; kept.")],
) -> People:  # fmt: skip
    """The people of a case, for the head of the accountable unit alone; each opening is kept with its purpose."""
    opened = await reading.open_people(desk, who, id, purpose)
    return People(items=[PersonView(role=each.role, **asdict(each.details)) for each in opened])
