"""The live stream of counters by unit: server-sent events, resumed by `Last-Event-ID`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from services.reporting.api.common import Store
from services.reporting.api.live import Hub, Watcher
from services.reporting.handlers import Counters
from shared.law.zone import local
from shared.web.auth import public

router = APIRouter(prefix="/v1")

RETRY_MS: Final = 3000
PING_SECONDS: Final = 15.0
LIFE_SECONDS: Final = 600.0
"""A stream ends after this, so that a deploy drains; the client comes back with `Last-Event-ID`."""


async def hub_of(request: Request) -> Hub:
    """Who watches in this process."""
    hub: Hub = request.app.state.hub
    return hub


@router.get(
    "/stream", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}}, dependencies=[Depends(public)]
)  # fmt: skip
async def follow_counters(
    works: Store,
    hub: Annotated[Hub, Depends(hub_of)],
    last_event_id: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> StreamingResponse:
    """The figures of the province and of every unit as they change: `snapshot`, then `figures` of the units that changed.

    A client that comes back with the id of the last event it saw is sent what changed since, or a new snapshot. `bye` says
    why the stream ends, and `ping` that it has not.
    """
    teller = Teller(hub, works.clock)

    async def frames() -> AsyncIterator[bytes]:
        with hub.watching() as watcher:
            async for frame in teller.frames(watcher, last_event_id):
                yield frame

    return StreamingResponse(frames(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


@dataclass(frozen=True, slots=True)
class Teller:
    """Turns moments of the counters into frames."""

    hub: Hub
    clock: Callable[[], datetime]
    life: float = LIFE_SECONDS
    ping: float = PING_SECONDS

    async def frames(self, watcher: Watcher, seen: str | None) -> AsyncIterator[bytes]:
        """What changed since the moment `seen`, or everything; then whatever changes, until the stream's time is over."""
        ends = asyncio.get_running_loop().time() + self.life
        yield format_sse_event(comment="counters by unit", retry=RETRY_MS)
        told = self.hub.moments.get(seen or "")
        while True:
            # what is known here from before may be older than the page its reader has just been shown
            now = self.hub.now if watcher.fresh or told is not None else None
            if now is not None:
                if now is not told and now.place != seen:
                    yield _frame(told, now, self.clock())
                told, seen = now, None
            changed = await self._wait(watcher, ends)
            if changed is None:
                yield format_sse_event(event="bye", data_str=_text({"reason": watcher.ended or "age"}))
                return
            if not changed:
                yield format_sse_event(event="ping", data_str=_text({"now": local(self.clock())}))

    async def _wait(self, watcher: Watcher, ends: float) -> bool | None:
        """True when something moved, False when it is time for a ping, None when the stream has to end."""
        left = ends - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(self.ping, left))):
                await watcher.changed.wait()
        except TimeoutError:
            return None if left <= self.ping else False
        watcher.changed.clear()
        return None if watcher.ended is not None else True


def _frame(told: Counters | None, now: Counters, at: datetime) -> bytes:
    """A snapshot for whoever was told nothing, else the units that changed; one with nothing left is told as empty."""
    head = {"today": now.today, "now": local(at), "as_of": local(now.as_of) if now.as_of else None, "whole": now.whole}
    if told is None:
        return format_sse_event(event="snapshot", id=now.place, data_str=_text({**head, "units": now.units}))
    codes = sorted(code for code in told.units.keys() | now.units.keys() if told.units.get(code) != now.units.get(code))
    units = {code: now.units.get(code, {}) for code in codes}
    return format_sse_event(event="figures", id=now.place, data_str=_text({**head, "units": units}))


def _text(data: dict[str, Any]) -> str:
    return orjson.dumps(data).decode()
