"""What every route of complaints shares: the desk, the reader, one command under way, and how a case is shown."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from services.complaints import domain
from services.complaints.api.schemas import CaseView
from services.complaints.domain import Case
from services.complaints.domain.states import ROLES
from services.complaints.handlers.commands import Asked
from services.complaints.handlers.desk import Desk
from shared.kernel import Principal
from shared.web.auth import allow
from shared.web.commands import Command, given
from shared.web.cursor import Paging, paging
from shared.web.door import Door
from shared.web.language import Language, language


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


At = Annotated[Desk, Depends(_desk)]
Lang = Annotated[Language, Depends(language)]
Paged = Annotated[Paging, Depends(paging)]
CaseReader = Annotated[Principal, Depends(allow("head", "clerk", "handler", "inspector", "citizen"))]
LetterReader = Annotated[Principal, Depends(allow("screener", "head", "inspector", "citizen"))]


def span(page: Paging) -> dict[str, Any]:
    """Where to read; a cursor is signed, so its id is one of ours."""
    return {"after": UUID(page.after[0]) if page.after else None, "back": page.back, "limit": page.fetch}


def view(case: Case, who: Principal) -> CaseView:
    """A case as this principal is shown it."""
    return CaseView.model_validate(domain.snapshot(case, who))


def _replay(answer: bytes, _door: Door) -> CaseView:
    return CaseView.model_validate_json(answer)


@dataclass(frozen=True, slots=True)
class Doing:
    """One command on a case under way."""

    desk: Desk
    given: Command

    @property
    def asked(self) -> Asked:
        """Who gives it on which case, and which version they read."""
        return Asked(self.given.by, self.given.id, self.given.seen)

    def show(self, case: Case) -> CaseView:
        """The case after the command, with its version as ETag."""
        return self.given.answered(view(case, self.given.who))


def doing(command: str) -> Callable[..., Awaitable[Doing]]:
    """The dependency of a command's route on a case."""
    ask = given(ROLES[command], _replay)

    async def take(desk: At, it: Annotated[Command, Depends(ask)]) -> Doing:
        return Doing(desk, it)

    return take
