"""Admission: how much of a service is at work at once; whoever is too many hears so before any work is done for them.

Beyond the bound some wait in turn. Once the first of them has waited for `CALM_SECONDS` there are more than can be served, and
the newest goes first: whoever came last still listens, and the waiting does not add up for everybody (adaptive LIFO, as in
B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015). Streams live for minutes and are counted apart.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from fastapi import Request
from opentelemetry.metrics import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.origins import shared_with
from shared.web.problems import problem

PATIENCE_SECONDS = 0.5
"""Nobody waits longer for a place."""

CALM_SECONDS = 0.05
"""As long as nobody has waited longer, everybody gets a place in turn."""

WAITING = 2
"""Who may wait, in multiples of the places."""

_RETRY_SECONDS = (1, 3)
"""Drawn between these, or all of a burst would be back in the same second."""

_STREAM = "/stream"
_GATE = "gandan.gate"
"""Where a request's scope says whose place it holds."""
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many requests and how many streams one service serves at once, and where refusals are counted."""

    requests: int
    streams: int
    refused: Counter
    origins: Sequence[str] = ()
    """Whose scripts may read a refusal, as they may any other answer."""


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Somebody who waits: whether a place was given, and since when."""

    given: asyncio.Future[bool]
    since: float


@dataclass(slots=True)
class Gate:
    """Places, and who waits for one: `most` at once, each at most `patience` seconds."""

    free: int
    most: int = 0
    patience: float = PATIENCE_SECONDS
    calm: float = CALM_SECONDS
    waiting: list[_Place] = field(default_factory=list)
    """Who waits, the first of them first."""

    async def enter(self) -> bool:
        """Whether a place was taken; each True is given back by `leave`."""
        if self.free > 0:
            self.free -= 1
            return True
        return await self._wait() if self.most else False

    async def _wait(self) -> bool:
        if len(self.waiting) >= self.most:
            self._give_up(self.waiting[0])
        loop = asyncio.get_running_loop()
        place = _Place(loop.create_future(), loop.time())
        self.waiting.append(place)
        timer = loop.call_later(self.patience, self._give_up, place)
        try:
            return await place.given
        except asyncio.CancelledError:
            self._forget(place)
            raise
        finally:
            timer.cancel()

    def _give_up(self, place: _Place) -> None:
        if place in self.waiting:
            self.waiting.remove(place)
            if not place.given.done():
                place.given.set_result(False)

    def _forget(self, place: _Place) -> None:
        """Whoever waited was cancelled, before or just after a place was given."""
        if place in self.waiting:
            self.waiting.remove(place)
        elif not place.given.cancelled() and place.given.result():
            self.leave()

    def leave(self) -> None:
        """Give a place back, to whoever is next."""
        self.free += 1
        while self.free > 0 and self.waiting:
            place = self._next()
            if not place.given.done():
                self.free -= 1
                place.given.set_result(True)

    def _next(self) -> _Place:
        """The first who waits, or the newest while there are more than can be served."""
        calm = asyncio.get_running_loop().time() - self.waiting[0].since < self.calm
        return self.waiting.pop(0 if calm else -1)

    def back(self) -> None:
        """Take a place again after a pause, even where none is free: what is half done is finished."""
        self.free -= 1


class Admission:
    """Pure ASGI around one service: 429 beyond its bounds, with no body read and nobody's token checked."""

    def __init__(self, app: ASGIApp, service: str, bounds: Bounds) -> None:
        self._app, self._service, self._refused = app, service, bounds.refused
        self._requests = Gate(bounds.requests, bounds.requests * WAITING)
        self._streams = Gate(bounds.streams)
        self._too_busy = shared_with(_too_busy, bounds.origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer that it is too many."""
        stream = scope["path"].endswith(_STREAM)
        gate = self._streams if stream else self._requests
        if not await gate.enter():
            self._refused.add(1, {"service": self._service, "reason": "streams" if stream else "requests"})
            await self._too_busy(scope, receive, send)
            return
        scope[_GATE] = gate
        try:
            await self._app(scope, _Body(gate, receive).receive, send)
        finally:
            gate.leave()


@contextmanager
def without_place(scope: Scope) -> Iterator[None]:
    """For a request that waits for something other than work of ours: it holds no place meanwhile."""
    gate: Gate | None = scope.get(_GATE)
    if gate is None:
        yield
        return
    gate.leave()
    try:
        yield
    finally:
        gate.back()


async def _too_busy(scope: Scope, receive: Receive, send: Send) -> None:
    seconds = random.randint(*_RETRY_SECONDS)  # noqa: S311 - spreads the returning, guards nothing
    headers = {**_HEADERS, "retry-after": str(seconds)}
    answer = problem(Request(scope), "too-busy", facts={"retry_after_seconds": seconds}, headers=headers)
    await answer(scope, receive, send)


@dataclass(slots=True)
class _Body:
    """The body on its way in: a client that sends slowly holds no place while it is waited for."""

    gate: Gate
    wire: Receive
    ended: bool = False

    async def receive(self) -> Message:
        if self.ended:
            return await self.wire()  # only a disconnect can follow
        self.gate.leave()
        try:
            message = await self.wire()
        finally:
            self.gate.back()
        self.ended = not message.get("more_body", False)
        return message
