"""A source's promised dates beside the lawful ones, as data: in sum, and dossier by dossier with the explanation."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.intake import handlers
from services.intake.api.common import At, Lang
from services.intake.api.sources import SourceId
from services.intake.domain.comparison import KINDS, SPANS, Compared, Comparison
from services.intake.handlers import Desk
from services.intake.store.comparison import Wanted
from shared.kernel import Principal
from shared.law.zone import local
from shared.web.auth import allow
from shared.web.cursor import Page, Paging, paging

router = APIRouter(prefix="/v1")

Reader = Annotated[Principal, Depends(allow("publisher", "admin"))]
Kind = Annotated[str | None, Query(pattern=f"^({'|'.join(KINDS)})$", description=f"One of: {', '.join(KINDS)}.")]
Span = Annotated[
    str | None, Query(pattern=f"^({'|'.join(SPANS)})$", description=f"A bar of the chart: {', '.join(SPANS)}.")
]


class ComparedProcedureView(BaseModel):
    """The dossiers of one procedure by kind, and the difference in days most of them have."""

    procedure: str = Field(examples=["1.004873"])
    later: int
    same: int
    earlier: int
    unpromised: int
    standing: int
    uncounted: int
    usual_days: int | None


class ComparisonView(BaseModel):
    """All dossiers of a source: how their promised days stand to the lawful ones."""

    source: str
    dossiers: int
    kinds: dict[str, int] = Field(
        description="later, same, earlier: promised so. unpromised: no day was named. standing: the clock stands still. uncounted: no clock runs yet, or none ever did."
    )
    differences: dict[str, int] = Field(
        description="The bars of the chart: by days the promise lies behind the lawful date (p1, p2, p3: 3 to 5, p6: 6 to 10, p11: more; m: before it)."
    )
    late_by_slip: int
    late_by_law: int
    late_by_law_alone: int = Field(description="Late by law, and on time by the slip or without one.")
    procedures: list[ComparedProcedureView] = Field(description="Those with most differences first.")


class ComparedView(BaseModel):
    """One dossier: both dates, their difference in days, when it was done, and the lawful date explained day by day."""

    code: str
    dossier: UUID
    unit: str
    procedure: str
    state: str
    received_on: date
    promised_on: date | None
    lawful_on: date | None
    days: int | None = Field(description="By so many the promise lies behind the lawful date.")
    kind: str
    done_on: date | None
    late_by_slip: bool
    late_by_law: bool
    explanation: list[str]


def comparison_view(source: str, total: Comparison) -> ComparisonView:
    """As it is written."""
    procedures = [
        ComparedProcedureView(procedure=each.procedure, usual_days=each.usual_days, **each.counts)
        for each in total.procedures
    ]
    return ComparisonView(
        source=source, dossiers=total.number, kinds=dict(total.counts), differences=dict(total.spans), late_by_slip=total.late_by_slip,
        late_by_law=total.late_by_law, late_by_law_alone=total.hidden, procedures=procedures,
    )  # fmt: skip


def _row(desk: Desk, each: Compared, lang: str) -> ComparedView:
    dossier = each.dossier
    return ComparedView(
        code=dossier.code, dossier=dossier.id, unit=dossier.unit, procedure=dossier.procedure, state=dossier.state.value,
        received_on=local(dossier.received_at).date(), promised_on=each.promised_on, lawful_on=each.lawful_on, days=each.days, kind=each.kind,
        done_on=each.done_on, late_by_slip=each.late_by_slip, late_by_law=each.late_by_law,
        explanation=list(handlers.explanation(desk, dossier, lang)),
    )  # fmt: skip


@router.get("/sources/{id}/comparison")
async def get_comparison(id: SourceId, desk: At, who: Reader) -> ComparisonView:
    """A source's promised dates beside the lawful ones, in sum."""
    source = await handlers.read_compared_source(desk, who, id)
    return comparison_view(source.id, await handlers.read_comparison(desk, source))


@router.get("/sources/{id}/comparison/dossiers")
async def list_compared(
    id: SourceId, desk: At, who: Reader, lang: Lang, page: Annotated[Paging, Depends(paging)], kind: Kind = None, span: Span = None
) -> Page[ComparedView]:  # fmt: skip
    """Its dossiers one by one, in the order of their codes."""
    source = await handlers.read_compared_source(desk, who, id)
    after = str(page.after[0]) if page.after else None
    found = await handlers.read_compared(
        desk, source, Wanted(kind, span), after=after, back=page.back, limit=page.fetch
    )
    return page.page(found, lambda each: (each.dossier.code,), lambda each: _row(desk, each, lang))
