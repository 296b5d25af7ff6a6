"""For services and officers: the key contacts are sealed with, and which notices were made about a dossier."""

from __future__ import annotations

import base64
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.notifications import handlers
from services.notifications.api.context import PREFIX, Officer, Store
from services.notifications.api.schemas import ContactKey, Notices, NoticeSkeleton
from shared.store.vault import fingerprint
from shared.web.auth import public
from shared.web.door import door_of

router = APIRouter(prefix=PREFIX, tags=["notices"])


@router.get("/keys/contact", dependencies=[Depends(public)])
async def contact_key(request: Request, response: Response) -> ContactKey:
    """The public key that seals a contact for this service; the key id goes beside what was sealed."""
    public_key = door_of(request).keys.contact_public
    response.headers["cache-control"] = "public, max-age=3600"
    return ContactKey(key_id=fingerprint(public_key), public_key=base64.b64encode(public_key).decode())


@router.get("/notices")
async def find_notices(
    works: Store,
    who: Officer,
    reference: Annotated[UUID, Query(description="The dossier, letter or case the notices are about.")],
) -> Notices:
    """What was told about a dossier, how it went out and whether it was read; officers see their own units' notices."""
    told = await handlers.skeletons(works, who, reference)
    return Notices(
        items=[NoticeSkeleton.model_validate({**each.notice, "deliveries": each.deliveries}) for each in told]
    )
