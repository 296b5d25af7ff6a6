"""Sources that sent faster than their quota: asked to wait before their next request costs more than its answer (RFC 6585, 4)."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from fastapi import Request

from services.intake.api.common import Publisher
from services.intake.domain.sources import pause
from shared.web.operations import Operation, fails
from shared.web.refusals import TooManyRequests

MOST_WAITING = 16
"""Requests of one account behind the one at work: more of them would take the places of others."""


class Pauses:
    """Until when each account waits. In this process's memory: what it forgets is judged event by event, by the source's bucket in the database."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._here: Counter[str] = Counter()
        """Requests of each account: the one at work, and those behind it."""
        self._until: dict[str, datetime] = {}
        self._seconds: dict[str, float] = {}
        """How long those waited whose last request was too fast."""

    @asynccontextmanager
    async def turn(self, account: str) -> AsyncIterator[None]:
        """One request of an account at a time; a few wait for it, without a connection of the database. `TooManyRequests`."""
        self.heed(account)
        if self._here[account] > MOST_WAITING:
            raise _wait(1)
        self._here[account] += 1
        try:
            async with self._turns[account]:
                self.heed(account)
                yield
        finally:
            self._here[account] -= 1

    def begin(self, account: str, wait: float) -> None:
        """Where events came too fast, and there is room for them again in so many seconds."""
        if seconds := pause(wait, self._seconds.pop(account, 0.0)):
            self._seconds[account], self._until[account] = seconds, self._clock() + timedelta(seconds=seconds)

    def heed(self, account: str) -> None:
        """`TooManyRequests` while it waits."""
        if (until := self._until.get(account)) is None:
            return
        left = (until - self._clock()).total_seconds()
        if left > 0:
            raise _wait(math.ceil(left))
        del self._until[account]


def _wait(seconds: int) -> TooManyRequests:
    return TooManyRequests(retry_after_seconds=seconds, headers={"retry-after": str(seconds)})


def pauses_of(request: Request) -> Pauses:
    """Those of this app."""
    pauses: Pauses = request.app.state.pauses
    return pauses


class _InTime:
    """A dependency: lets a source's request in when the one before it is done and it need not wait, before its body is read."""

    async def __call__(self, request: Request, who: Publisher) -> AsyncIterator[None]:
        async with pauses_of(request).turn(who.subject):
            yield

    def describe(self, operation: Operation) -> None:
        fails(
            operation,
            s429="Events came faster than the source's quota, or many requests at once: all of the request again after `Retry-After` seconds.",
        )


in_time = _InTime()
