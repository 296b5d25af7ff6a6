"""What the routes of notifications share: the store, the hub, the caller's inbox."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import Depends, Path, Request

from services.notifications import domain, store
from services.notifications.api.live import Hub
from shared.kernel import Principal
from shared.store.unit_of_work import Works
from shared.web.auth import allow
from shared.web.language import Language, language

PREFIX = "/v1"


async def _works(request: Request) -> Works:
    works: Works = request.app.state.works
    return works


async def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


Store: TypeAlias = Annotated[Works, Depends(_works)]
Live: TypeAlias = Annotated[Hub, Depends(_hub)]
Spoken: TypeAlias = Annotated[Language, Depends(language)]
Officer: TypeAlias = Annotated[
    Principal, Depends(allow("ops", "admin", "head", "handler", "clerk", "front", "inspector"))
]
Citizen: TypeAlias = Annotated[Principal, Depends(allow("citizen"))]
"""The recipient always comes from the token, never from the path."""


async def _own_inbox(who: Citizen) -> UUID:
    return domain.inbox_of(who)


Own: TypeAlias = Annotated[UUID, Depends(_own_inbox)]
Seq: TypeAlias = Annotated[int, Path(ge=1, le=store.LAST, description="The item's number in your inbox.")]
