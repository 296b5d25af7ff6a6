"""For services and officers: the key contacts are sealed with, and which notices were made about a dossier."""

from __future__ import annotations

import base64
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.notifications import handlers
from services.notifications.api.context import PREFIX, Store
from services.notifications.api.schemas import ContactKey, Notices, NoticeSkeleton
from shared.kernel import Principal
from shared.store.vault import fingerprint
from shared.web.auth import allow, public
from shared.web.door import door_of

router = APIRouter(prefix=PREFIX, tags=["notices"])

Officer = Annotated[Principal, Depends(allow("ops", "admin", "head", "handler", "clerk", "front", "inspector"))]


@router.get("/keys/contact", dependencies=[Depends(public)])
async def contact_key(request: Request, response: Response) -> ContactKey:
    """The public key that seals a contact for this service; the key id goes beside what was sealed."""
    public_key = door_of(request).keys.contact_public
    response.headers["cache-control"] = "public, max-age=3600"
    return ContactKey(key_id=fingerprint(public_key), public_key=base64.b64encode(public_key).decode())


@router.get("/notices")
async def find_notices(
    works: Store, who: Officer, reference: Annotated[UUID, Query(description="The dossier the notices are about.")]
) -> Notices:
    """What was told about a dossier, and whether it was read; officers see the notices of their own units."""
    rows = await handlers.skeletons(works, who, reference)
    return Notices(items=[NoticeSkeleton.model_validate(dict(row)) for row in rows])
