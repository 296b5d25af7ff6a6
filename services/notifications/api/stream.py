"""The live stream of an inbox: server-sent events, resumed without loss by `Last-Event-ID`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import BaseModel

from services.notifications import handlers, store
from services.notifications.api.context import PREFIX, Live, Own, Spoken, Store
from services.notifications.api.live import Stream
from services.notifications.api.schemas import InboxItem, Ticket
from services.notifications.api.tickets import Opened, TicketOrToken, issue, token_end
from services.notifications.domain import Standing
from shared.kernel import Principal
from shared.web.door import door_of

router = APIRouter(prefix=PREFIX, tags=["inbox"])

RETRY_MS = 3000
PING_SECONDS = 15.0
LIFE_SECONDS = 600.0
"""A stream ends after this, so that a deploy drains; the client comes back with `Last-Event-ID`."""
_CHUNK = 100


@router.post("/me/stream-tickets")
async def make_ticket(request: Request, recipient: Own) -> Ticket:
    """A ticket for `GET /me/inbox/stream?ticket=`, good for reconnects until the token ends; changes nothing."""
    until = token_end(request)
    ticket = issue(door_of(request).keys.cursor, recipient, until)
    return Ticket(ticket=ticket, expires_at=datetime.fromtimestamp(until, UTC))


@router.get(
    "/me/inbox/stream", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}}
)
async def follow_inbox(
    request: Request, works: Store, hub: Live, spoken: Spoken,
    _who: Annotated[Principal, Depends(TicketOrToken(("citizen",)))],
    last_event_id: Annotated[str | None, Header(include_in_schema=False)] = None,
    ticket: Annotated[str | None, Query(description="From `POST /me/stream-tickets`, where no header can be sent.")] = None,  # noqa: ARG001 - read by the right
) -> StreamingResponse:  # fmt: skip
    """Your inbox as it changes: `snapshot`, then `item`, `count` and `ping`; `bye` says why the stream ends."""
    opened: Opened = request.state.opened
    reader = Reader(
        standing=lambda: handlers.standing_of(works, opened.recipient),
        since=lambda seq: handlers.since(works, opened.recipient, seq, spoken, _CHUNK),
        life=min(LIFE_SECONDS, opened.until - time.time()),
    )

    async def frames() -> AsyncIterator[bytes]:
        with hub.stream(opened.recipient) as stream:
            async for frame in reader.frames(stream, place_of(last_event_id)):
                yield frame

    return StreamingResponse(frames(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


def place_of(last_event_id: str | None) -> int | None:
    """The number a client has seen; None for a client that begins, or says something else."""
    text = (last_event_id or "").strip()
    return (
        min(int(text), store.LAST) if text.isascii() and text.isdigit() and len(text) <= len(str(store.LAST)) else None
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns changes of one inbox into frames."""

    standing: Callable[[], Awaitable[Standing]]
    since: Callable[[int], Awaitable[list[store.Item]]]
    life: float = LIFE_SECONDS
    ping: float = PING_SECONDS

    async def frames(self, stream: Stream, place: int | None) -> AsyncIterator[bytes]:
        """A snapshot, what came after `place`, then whatever happens, until the stream's time is over."""
        ends = asyncio.get_running_loop().time() + self.life
        standing = await self.standing()
        place = standing.seq if place is None else min(place, standing.seq)
        # the snapshot's id is where the client stands, so that a stream cut right after it loses nothing
        yield _frame("snapshot", {**_counts(standing), "last_seq": standing.seq}, id_=place, retry=RETRY_MS)
        told = standing.version
        while True:
            async for item in self._items(place, standing.seq):
                place = item.seq
                yield _frame("item", InboxItem.of(item), id_=item.seq)
            place = standing.seq
            if standing.version > told:
                told = standing.version
                yield _frame("count", _counts(standing))
            changed = await self._wait(stream, ends)
            if changed is None:
                yield _frame("bye", {"reason": stream.ended or "age"})
                return
            if not changed:
                yield _frame("ping", {})
            standing = _later(standing, stream.standing)

    async def _items(self, place: int, last: int) -> AsyncIterator[store.Item]:
        """The items after `place` up to `last`, read in pieces; numbers are given in commit order, so none is missed."""
        while place < last:
            found = [item for item in await self.since(place) if item.seq <= last]
            for item in found:
                yield item
            place = found[-1].seq if len(found) == _CHUNK else last

    async def _wait(self, stream: Stream, ends: float) -> bool | None:
        """True when the inbox changed, False when it is time for a ping, None when the stream has to end."""
        left = ends - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(self.ping, left))):
                await stream.changed.wait()
        except TimeoutError:
            return None if left <= self.ping else False
        stream.changed.clear()
        return None if stream.ended is not None else True


def _later(known: Standing, heard: Standing | None) -> Standing:
    """What the hub heard may be older than what the stream has read itself."""
    return heard if heard is not None and heard.version > known.version else known


def _counts(standing: Standing) -> dict[str, int]:
    return {"unread": standing.unread, "capped": standing.badge, "version": standing.version}


def _frame(event: str, data: BaseModel | dict[str, Any], *, id_: int | None = None, retry: int | None = None) -> bytes:
    text = data.model_dump_json() if isinstance(data, BaseModel) else orjson.dumps(data).decode()
    return format_sse_event(data_str=text, event=event, id=None if id_ is None else str(id_), retry=retry)
