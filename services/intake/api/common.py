"""What the routes share: their dependencies, and a dossier as this principal sees it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Depends, Request

from services.intake import domain, handlers
from services.intake.api.schemas import DossierView
from services.intake.domain import Dossier
from services.intake.handlers import Desk
from shared.kernel import Caller, Principal
from shared.web.auth import allow
from shared.web.commands import Command, given
from shared.web.door import Door
from shared.web.etag import seen, seen_or_any
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


def _replay(answer: bytes, _door: Door) -> DossierView:
    return DossierView.model_validate(msgspec.json.decode(answer))


At = Annotated[Desk, Depends(_desk)]
Lang = Annotated[Language, Depends(language)]
Version = Annotated[int, Depends(seen)]
AnyVersion = Annotated[int | None, Depends(seen_or_any)]
Reader = Annotated[Principal, Depends(allow("clerk", "handler", "head", "inspector", "admin", "citizen"))]
Publisher = Annotated[Principal, Depends(allow("publisher"))]


@dataclass(frozen=True, slots=True)
class Doing:
    """One command on a dossier under way."""

    desk: Desk
    given: Command

    @property
    def asked(self) -> tuple[Desk, Caller, UUID, int | None]:
        """What the handler of every command begins with: who gives it on which dossier, and which version they read."""
        return self.desk, self.given.by, self.given.id, self.given.seen

    def show(self, dossier: Dossier) -> DossierView:
        """The dossier after the command, with its version as ETag."""
        return self.given.answered(view(dossier, self.given.who))


def doing(command: str) -> Callable[..., Awaitable[Doing]]:
    """The dependency of a command's route on a dossier."""
    ask = given(domain.roles_of(command), _replay)

    async def take(desk: At, it: Annotated[Command, Depends(ask)]) -> Doing:
        return Doing(desk, it)

    return take
