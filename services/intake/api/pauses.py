"""Sources that sent faster than their quota: asked to wait before their next request costs more than its answer (RFC 6585, 4)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Scope

from services.intake.domain.sources import pause
from shared.web.admission import without_place
from shared.web.auth import allow
from shared.web.refusals import TooManyRequests

MOST_WAITING = 16
"""Requests of one account behind the one at work."""


@dataclass(slots=True)
class Line:
    """The requests of one account that are here: the one at work has the lock, the others wait for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    here: int = 0


class Pauses:
    """Until when each account waits. In this process's memory: what it forgets is judged event by event, by the source's bucket in the database."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.lines: dict[str, Line] = {}
        """Of accounts that have requests here."""
        self._spans: dict[str, tuple[datetime, datetime]] = {}
        self._seconds: dict[str, float] = {}
        """How long those waited whose last request was too fast."""

    @asynccontextmanager
    async def turn(self, account: str, scope: Scope) -> AsyncIterator[None]:
        """One request of an account at a time; a few wait for it, without a connection of the database and without a place. `TooManyRequests`."""
        self.heed(account)
        line = self.lines.setdefault(account, Line())
        if line.here > MOST_WAITING:
            raise _wait(1)
        line.here += 1
        try:
            with nullcontext() if line.here == 1 else without_place(scope):
                await line.lock.acquire()
            try:
                self.heed(account)
                yield
            finally:
                line.lock.release()
        finally:
            line.here -= 1
            if not line.here:
                del self.lines[account]

    def begin(self, account: str, wait: float) -> None:
        """Where events came too fast, and there is room for them again in so many seconds."""
        if seconds := pause(wait, self._seconds.pop(account, 0.0)):
            now = self._clock()
            self._seconds[account], self._spans[account] = seconds, (now, now + timedelta(seconds=seconds))

    def heed(self, account: str) -> None:
        """`TooManyRequests` while it waits. A clock that was set back ends the pause."""
        if (span := self._spans.get(account)) is None:
            return
        now, (began, until) = self._clock(), span
        if began <= now < until:
            raise _wait(math.ceil((until - now).total_seconds()))
        del self._spans[account]


def _wait(seconds: int) -> TooManyRequests:
    return TooManyRequests(retry_after_seconds=seconds, headers={"retry-after": str(seconds)})


def pauses_of(request: Request) -> Pauses:
    """Those of this app."""
    pauses: Pauses = request.app.state.pauses
    return pauses


class InTurn(APIRoute):
    """A route of source systems: a request is let in when the one before it is done and its account need not wait.

    No dependency, since the framework reads and decodes a declared body before it asks the first of them.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As any other route, in turn."""
        handle = super().get_route_handler()

        async def in_turn(request: Request) -> Response:
            who = await _publisher(request)
            async with pauses_of(request).turn(who.subject, request.scope):
                return await handle(request)

        return in_turn


_publisher = allow("publisher")
WAIT = "Events came faster than the source's quota, or many requests at once: all of the request again after `Retry-After` seconds."
"""What a 429 of such a route says."""
