"""What every route of complaints shares: the desk, the reader, one command under way, and how a case is shown."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response

from services.complaints import domain
from services.complaints.api.schemas import CaseView
from services.complaints.domain import Case
from services.complaints.domain.states import ROLES
from services.complaints.handlers.commands import Asked
from services.complaints.handlers.desk import Desk
from shared.kernel import Once, Principal
from shared.web.auth import allow, caller
from shared.web.cursor import Paging, paging
from shared.web.door import Door
from shared.web.etag import seen, seen_or_any
from shared.web.idempotency import once, stamp
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
    """One command on a case: who gives it, which version they read, and where the answer goes."""

    desk: Desk
    asked: Asked
    who: Principal
    request: Request
    response: Response

    def show(self, case: Case) -> CaseView:
        """The case after the command, with its version as ETag."""
        shown = view(case, self.who)
        stamp(self.request, self.response, shown)
        return shown


def doing(command: str) -> Callable[..., Awaitable[Doing]]:
    """The dependency of a command's route: its right, the version read (citizens may say `*`), and its key."""
    roles = ROLES[command]
    version = seen_or_any if "citizen" in roles else seen

    async def take(
        id: UUID, desk: At, request: Request, response: Response, who: Annotated[Principal, Depends(allow(*roles))],
        read: Annotated[int | None, Depends(version)], key: Annotated[Once, Depends(once(200, render=_replay))],
    ) -> Doing:  # fmt: skip
        return Doing(desk, Asked(caller(who, key), id, read), who, request, response)

    return take
