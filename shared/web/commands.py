"""One command under way, as every route of one takes it: who gives it, on what, which version they read, and where its answer goes."""

# No `from __future__ import annotations`: FastAPI reads the annotations of `take`, which name what `given` was told.

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Request, Response

from shared.kernel import Caller, Once, Principal
from shared.web.auth import allow, caller
from shared.web.etag import seen, seen_or_any
from shared.web.idempotency import Rendered, Renderer, once, stamp

Shown = TypeVar("Shown", bound=Rendered)


@dataclass(frozen=True, slots=True)
class Command:
    """A command on the resource `id`; `seen` is the version its giver read, None: whatever it is now."""

    by: Caller
    id: UUID
    seen: int | None
    request: Request
    response: Response

    @property
    def who(self) -> Principal:
        """Who gives it."""
        return self.by.principal

    def answered(self, shown: Shown) -> Shown:
        """The answer, with its version as ETag."""
        stamp(self.request, self.response, shown)
        return shown


def given(roles: Sequence[str], render: Renderer) -> Callable[..., Awaitable[Command]]:
    """The dependency of a command's route: its right, the version read (citizens may say `*`), and its key."""
    version = seen_or_any if "citizen" in roles else seen

    async def take(
        id: UUID, request: Request, response: Response, who: Annotated[Principal, Depends(allow(*roles))],
        read: Annotated[int | None, Depends(version)], key: Annotated[Once, Depends(once(200, render=render))],
    ) -> Command:  # fmt: skip
        return Command(caller(who, key), id, read, request, response)

    return take
