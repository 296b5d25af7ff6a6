"""The queue of what the national portal is to hear of our own dossiers, for those who run the installation."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.intake import handlers
from services.intake.api.common import At
from services.intake.api.sources import Registrar
from shared.web.cursor import Page, Paging, paging
from shared.web.fields import Instant

router = APIRouter(prefix="/v1")

State = Literal["queued", "sending", "in-doubt", "refused", "sent", "dropped"]


class EgressView(BaseModel):
    """One thing to be told: what, how it stands, what the portal answered last; nobody's name."""

    id: int
    dossier: UUID
    sequence: int
    code: str
    service: str
    status: int | None
    at: Instant
    state: str
    attempts: int
    next_at: Instant
    doubt: bool
    answer_code: str | None
    error: str | None
    found: bool | None
    queued_at: Instant
    sent_at: Instant | None


@router.get("/egress")
async def list_egress(
    desk: At, who: Registrar, page: Annotated[Paging, Depends(paging)], state: State | None = None,  # noqa: ARG001 - the right is the point
) -> Page[EgressView]:  # fmt: skip
    """What goes to the national portal, newest first; `gandan egress retry` tries again what was refused."""
    after = int(page.after[0]) if page.after else None
    rows = await handlers.read_egress(desk, state, after=after, back=page.back, limit=page.fetch)
    return page.page(rows, lambda row: (row["id"],), lambda row: EgressView.model_validate(dict(row)))
