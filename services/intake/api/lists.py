"""Lists of dossiers, what a clerk begins the day with, and search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from services.intake import handlers
from services.intake.api.common import At, Reader, view
from services.intake.api.schemas import DeskView, DossierView, Filters, Found, ListCount, PersonSearch
from services.intake.domain import Dossier
from services.intake.store.lists import Wanted, place_of
from shared.kernel import Principal
from shared.web.auth import allow
from shared.web.cursor import Page, Paging, paging

router = APIRouter(prefix="/v1")

Paged = Annotated[Paging, Depends(paging)]
Asked = Annotated[Filters, Query()]
Officer = Annotated[Principal, Depends(allow("clerk", "handler", "head", "inspector", "admin"))]


@router.get("/dossiers")
async def list_dossiers(desk: At, who: Reader, page: Paged, filters: Asked) -> Page[DossierView]:
    """Dossiers of one's units, newest first or the most urgent first; a citizen sees their own."""
    wanted = filters.wanted()
    return _shown(page, wanted, await handlers.list_dossiers(desk, who, wanted, **_span(page)), who)


@router.get("/me/dossiers")
async def list_my_dossiers(
    desk: At, who: Annotated[Principal, Depends(allow("citizen"))], page: Paged, filters: Asked
) -> Page[DossierView]:
    """One's own dossiers, newest first or the most urgent first."""
    wanted = filters.wanted()
    return _shown(page, wanted, await handlers.list_own_dossiers(desk, who, wanted, **_span(page)), who)


def _span(page: Paging) -> dict[str, Any]:
    """Where to read; a cursor is signed and bound to its order, so its values are ours."""
    if page.after is None:
        return {"after": None, "back": page.back, "limit": page.fetch}
    *due, id_ = page.after
    return {"after": (*map(datetime.fromisoformat, due), UUID(id_)), "back": page.back, "limit": page.fetch}


def _shown(page: Paging, wanted: Wanted, rows: Sequence[Dossier], who: Principal) -> Page[DossierView]:
    def place(dossier: Dossier) -> tuple[str, ...]:
        return tuple(
            each.isoformat() if isinstance(each, datetime) else str(each) for each in place_of(wanted, dossier)
        )

    return page.page(rows, place, lambda dossier: view(dossier, who))


@router.get("/desk")
async def get_desk(desk: At, who: Officer, request: Request) -> DeskView:
    """What a clerk begins the day with: how many dossiers wait in each list of their units, and where each list is."""
    counts = await handlers.count_lists(desk, who)
    root = f"{request.scope.get('root_path', '')}/v1/dossiers"
    return DeskView(
        items=[
            ListCount(name=name, count=counts[name], href=f"{root}?{_query(wanted)}")
            for name, wanted in handlers.LISTS.items()
        ]
    )


def _query(wanted: Wanted) -> str:
    asked = {each.name: getattr(wanted, each.name) for each in fields(wanted)}
    return urlencode({name: str(value).lower() for name, value in asked.items() if value is not None})


@router.post("/searches")
async def search_person(body: PersonSearch, desk: At, who: Officer) -> Found:
    """Dossiers of one's units that a person filed or owns, by the exact identity number; it is compared blindly and kept nowhere."""
    found = await handlers.find_of_person(desk, who, body.identity_no)
    return Found(items=[view(dossier, who) for dossier in found])
