"""The inbox: pages, counts, marks.

Marks take `Idempotency-Key` like every command, but no `If-Match`: they can be repeated and reordered without harm.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.notifications import handlers, store
from services.notifications.api.context import PREFIX, Citizen, Own, Seq, Spoken, Store
from services.notifications.api.schemas import Count, InboxItem, InboxPage, Marked, ReadAll
from services.notifications.domain import Mark, Standing
from services.notifications.handlers import Asked
from shared.kernel import Once, Principal
from shared.store.unit_of_work import Works
from shared.web.auth import caller
from shared.web.etag import revalidate
from shared.web.idempotency import once, stamp

router = APIRouter(prefix=PREFIX, tags=["inbox"])

Command = Annotated[Once, Depends(once(200))]
Number = Annotated[int | None, Query(ge=0, le=store.LAST)]


async def _asked(
    limit: Annotated[int, Query(ge=1, le=100, description="Items per page.")] = 20,
    after: Annotated[Number, Query(description="Continue below this number: older items.")] = None,
    before: Annotated[Number, Query(description="What came after this number: newer items.")] = None,
    unread: Annotated[bool, Query(description="Only unread items.")] = False,  # noqa: FBT002 - a query parameter
    aggregate: Annotated[UUID | None, Query(description="Only items about this dossier.")] = None,
) -> Asked:
    return Asked(limit, after, None if after is not None else before, unread, aggregate)


@router.get("/me/inbox")
async def read_inbox(
    request: Request, works: Store, recipient: Own, asked: Annotated[Asked, Depends(_asked)], spoken: Spoken
) -> InboxPage:
    """Your notices, newest first; archived ones are left out."""
    standing, items, more = await handlers.inbox(works, recipient, asked, spoken)
    return InboxPage(
        items=[InboxItem.of(item) for item in items],
        **_links(request, asked, items, more=more),
        unread=standing.unread,
        version=standing.version,
    )


def _links(request: Request, asked: Asked, items: list[store.Item], *, more: bool) -> dict[str, str | None]:
    """Addresses of this page and its neighbours; going up there is always something below, and the other way round."""
    up = asked.before is not None
    older = items[-1].seq if items and (more or up) else None
    newer = items[0].seq if items and (more if up else asked.after is not None) else None
    return {
        "next": _link(request, asked, after=older) if older is not None else None,
        "prev": _link(request, asked, before=newer) if newer is not None else None,
        "self": _link(request, asked, after=asked.after, before=asked.before),
    }


def _link(request: Request, asked: Asked, **place: int | None) -> str:
    query: dict[str, Any] = {"limit": asked.limit, **{name: seq for name, seq in place.items() if seq is not None}}
    if asked.unread:
        query["unread"] = "true"
    if asked.aggregate is not None:
        query["aggregate"] = asked.aggregate
    return f"{request.scope['path']}?{urlencode(query)}"


@router.get("/me/inbox/count")
async def count_unread(request: Request, response: Response, works: Store, recipient: Own) -> Count:
    """How many notices are unread; answers 304 when `If-None-Match` names the version."""
    standing = await handlers.standing_of(works, recipient)
    revalidate(request, response, standing.version)
    return Count.of(standing)


@router.post("/me/inbox/read-all")
async def mark_all_read(
    request: Request, response: Response, works: Store, who: Citizen, key: Command, body: ReadAll
) -> Marked:
    """Mark every unread item up to a number as read."""
    return _marked(request, response, await handlers.read_all(works, caller(who, key), body.up_to_seq))


@router.post("/me/inbox/{seq}/read")
async def mark_read(request: Request, response: Response, works: Store, who: Citizen, key: Command, seq: Seq) -> Marked:
    """Mark one item as read; the first time is kept as proof that it was."""
    return _marked(request, response, await _mark(works, who, key, seq, Mark.READ))


@router.post("/me/inbox/{seq}/unread")
async def mark_unread(
    request: Request, response: Response, works: Store, who: Citizen, key: Command, seq: Seq
) -> Marked:
    """Mark one item as unread; an archived one comes back."""
    return _marked(request, response, await _mark(works, who, key, seq, Mark.UNREAD))


@router.post("/me/inbox/{seq}/archive")
async def archive(request: Request, response: Response, works: Store, who: Citizen, key: Command, seq: Seq) -> Marked:
    """Put one item out of sight; it no longer counts as unread."""
    return _marked(request, response, await _mark(works, who, key, seq, Mark.ARCHIVE))


async def _mark(works: Works, who: Principal, key: Once, seq: int, act: Mark) -> Standing:
    return await handlers.mark(works, caller(who, key), seq, act)


def _marked(request: Request, response: Response, standing: Standing) -> Marked:
    answer = Marked(unread=standing.unread, version=standing.version)
    stamp(request, response, answer)
    return answer
