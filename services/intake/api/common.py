"""What the routes share: their dependencies, and a dossier as this principal sees it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request, Response

from services.intake import domain, handlers
from services.intake.api.schemas import DossierView
from services.intake.domain import Dossier
from services.intake.handlers import Desk
from shared.kernel import Once, Principal
from shared.web.auth import allow
from shared.web.door import Door
from shared.web.etag import seen, seen_or_any
from shared.web.idempotency import once, stamp
from shared.web.language import Language, language


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def view(dossier: Dossier, who: Principal) -> DossierView:
    """A dossier for this principal."""
    return DossierView.model_validate(domain.snapshot(dossier, who))


def view_filed(snapshot: dict[str, Any], door: Door) -> DossierView:
    """A dossier just filed, with the secret of its slip."""
    secret = handlers.lookup_secret(door.keys, snapshot["id"], snapshot["lookup_number"])
    return DossierView.model_validate({**snapshot, "lookup": {"code": snapshot["code"], "secret": secret}})


def changed(request: Request, response: Response, dossier: Dossier, who: Principal) -> DossierView:
    """The answer to a command."""
    shown = view(dossier, who)
    stamp(request, response, shown)
    return shown


def _replay(answer: bytes, _door: Door) -> DossierView:
    return DossierView.model_validate(msgspec.json.decode(answer))


At = Annotated[Desk, Depends(_desk)]
Lang = Annotated[Language, Depends(language)]
Version = Annotated[int, Depends(seen)]
AnyVersion = Annotated[int | None, Depends(seen_or_any)]
Command = Annotated[Once, Depends(once(200, render=_replay))]
Reader = Annotated[Principal, Depends(allow("clerk", "handler", "head", "inspector", "admin", "citizen"))]
