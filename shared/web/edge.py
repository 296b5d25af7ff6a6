"""The outermost layer of a service's app: headers of every answer, the plain 413 as a problem, nothing thrown at the server."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fastapi import Request
from opentelemetry import trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import problem

_TOO_LARGE = 413
_FIXED = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
_NO_STORE = (b"cache-control", b"no-store")
DRAINED_BYTES = 8 << 20
DRAINED_SECONDS = 2
"""So much of a refused body is read and dropped: a connection closed on unread bytes is reset, and the reset takes the answer with it."""


class CutOff(Exception):  # noqa: N818 - reads as the sentence a server logs
    """The request failed after its answer had begun; the connection is closed. The reason was logged before."""


class Edge:
    """Pure ASGI around the framework's whole stack, inside its request span."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request; an exception was answered and logged further in, and ends here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if b"%00" in scope.get("raw_path", b"") or b"%00" in scope["query_string"]:
            await problem(Request(scope), "nul-character")(scope, receive, _Answer(scope, receive, send).send)
            return
        answer = _Answer(scope, receive, send)
        try:
            await self.app(scope, answer.receive, answer.send)
        except Exception:  # noqa: BLE001 - the door: nothing is thrown at the server
            if not answer.ended:
                raise CutOff from None
            # the framework throws on what it has answered; a server would log it a second time, with its message


class _Answer:
    """One answer on its way out, and the request's body on its way in."""

    __slots__ = ("drains", "ended", "incoming", "read", "replaced", "scope", "wire")

    def __init__(self, scope: Scope, receive: Receive, wire: Send) -> None:
        self.scope, self.incoming, self.wire = scope, receive, wire
        self.ended = self.replaced = self.read = self.drains = False

    async def receive(self) -> Message:
        """The next piece of the request, remembering whether it was the last."""
        message = await self.incoming()
        self.read = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Pass a message on, with the headers of every answer; swap the framework's plain 413 for a problem."""
        if self.replaced:
            return
        if message["type"] == "http.response.start":
            if message["status"] == _TOO_LARGE and _is_plain(message):
                await self._too_large()
                return
            self.drains = message["status"] == _TOO_LARGE
            _dress(message)
        elif not message.get("more_body", False):
            self.ended = True
            if self.drains and not self.read:
                await self.wire({**message, "more_body": True})
                await self._drain()
                message = {"type": "http.response.body", "body": b""}
        await self.wire(message)

    async def _too_large(self) -> None:
        response = too_large(Request(self.scope))
        await response(self.scope, self.incoming, self.send)
        self.replaced = True

    async def _drain(self) -> None:
        """Read and drop the rest of the body, up to the bounds; a client that reads while it sends has its answer already."""
        dropped = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAINED_SECONDS):
                while not self.read and dropped <= DRAINED_BYTES:
                    dropped += len((await self.receive()).get("body", b""))


def too_large(request: Request) -> ASGIApp:
    """The problem of a body over its limit; the connection ends with it, for the body may have no end."""
    limit = request.scope.get("starlette.max_body_size")
    return problem(request, "body-too-large", facts={"limit_bytes": limit}, headers={"connection": "close"})


def _is_plain(message: Message) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/plain") for name, value in message["headers"])


def _dress(message: Message) -> None:
    headers = [*message["headers"], *_FIXED]
    if not any(name == b"cache-control" for name, _ in headers):
        headers.append(_NO_STORE)
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        headers.append(
            (b"traceresponse", b"00-%032x-%016x-%02x" % (context.trace_id, context.span_id, context.trace_flags))
        )
    message["headers"] = headers
