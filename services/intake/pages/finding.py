"""Finding a dossier, and the lists of the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from services.intake import handlers
from services.intake.domain import Dossier
from services.intake.handlers import LISTS, Desk
from services.intake.pages.counter import days_late, officer, procedure_of, side, today_of
from services.intake.pages.entering import entered
from services.intake.store.lists import Wanted, place_of
from shared.kernel import NotFound
from shared.law.zone import local
from shared.web.pages import Visit

PER_PAGE: Final = 30
LONGEST: Final = 100


async def show(desk: Desk, visit: Visit) -> Response:
    """The form, or what it found; what was typed travels in the form and never in an address, since it may be a person's number."""
    if visit.request.method != "POST":
        return await _page(desk, visit, "", None)
    asked = " ".join((await entered(visit))["q"].split())[:LONGEST]
    return await _page(desk, visit, asked, await _found(desk, visit, asked) if asked else None)


async def _found(desk: Desk, visit: Visit, asked: str) -> Sequence[Dossier]:
    if number := handlers.identity_in(asked):
        return await handlers.find_of_person(desk, officer(visit), number)
    return await handlers.list_dossiers(desk, officer(visit), Wanted(q=asked), after=None, back=False, limit=handlers.MOST_FOUND)  # fmt: skip


async def _page(desk: Desk, visit: Visit, asked: str, found: Sequence[Dossier] | None) -> Response:
    rows = [row(desk, visit, each) for each in found] if found is not None else None
    full = found is not None and len(found) >= handlers.MOST_FOUND
    return visit.page(
        "find.html", "counter", q=asked, rows=rows, full=full, most=handlers.MOST_FOUND, lists=await side(desk, visit)
    )


async def show_list(desk: Desk, visit: Visit) -> Response:
    """One of the lists of the day, the most urgent first."""
    name = visit.request.path_params["name"]
    if name not in LISTS:
        raise NotFound
    wanted, paging = LISTS[name], visit.paging(PER_PAGE)
    rows = await handlers.list_dossiers(desk, officer(visit), wanted, after=_after(paging.after), back=paging.back, limit=paging.fetch)  # fmt: skip
    page = paging.page(rows, lambda each: _place(wanted, each), lambda each: row(desk, visit, each))
    lists = await side(desk, visit)
    count = next(each["count"] for each in lists if each["name"] == name)
    return visit.page("list.html", "counter", name=name, rows=page.items, next=page.next, prev=page.prev, lists=lists, count=count, q="")  # fmt: skip


def _after(place: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    return None if place is None else (*map(datetime.fromisoformat, place[:-1]), UUID(place[-1]))


def _place(wanted: Wanted, dossier: Dossier) -> tuple[str, ...]:
    return tuple(each.isoformat() if isinstance(each, datetime) else str(each) for each in place_of(wanted, dossier))


def row(desk: Desk, visit: Visit, dossier: Dossier) -> dict[str, Any]:
    """A dossier as a line of a list."""
    words, today = visit.words("states"), today_of(desk)
    due = dossier.due_on or (local(dossier.answer_due_at).date() if dossier.answer_due_at else None)
    return {
        "path": f"/quay/ho-so/{dossier.id}", "code": dossier.code, "what": procedure_of(desk, dossier),
        "unit": desk.shelf.units[dossier.unit].name, "state": words.get(dossier.state, dossier.state), "received": local(dossier.received_at).date(),
        "officer": dossier.handler, "due": due or dossier.promised_on, "late": days_late(dossier, today), "timing": "", "still": due is None and dossier.closed_at is None,
        "source": dossier.source,
    }  # fmt: skip
