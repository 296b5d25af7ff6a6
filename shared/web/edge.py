"""The outermost layer of a service's app: headers of every answer, the limit of a body as a problem, the last resort."""

from __future__ import annotations

from secrets import randbelow, token_hex
from typing import cast

import structlog
from fastapi import Request
from opentelemetry import trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web import faults, problems

_TOO_LARGE = 413
_LIMIT_KEY = "starlette.max_body_size"
_FIXED = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
_NO_STORE = (b"cache-control", b"no-store")
_log = structlog.get_logger("shared.web")


class CutOff(Exception):  # noqa: N818 - reads as the sentence a server logs
    """The answer had begun when the request failed; the connection is closed."""


class Edge:
    """Pure ASGI; sits inside the body limit of routes only, so it sees and rewrites its plain 413."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, whatever happens inside."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(scope, receive, send)
        try:
            await self.app(scope, receive, answer.send)
        except Exception as error:  # noqa: BLE001 - the door: nothing beyond it may see an exception
            await answer.fail(error)


class _Answer:
    """One answer on its way out."""

    __slots__ = ("begun", "inner", "receive", "replaced", "scope")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self.receive, self.inner = scope, receive, send
        self.begun = self.replaced = False

    async def send(self, message: Message) -> None:
        """Pass a message on, with the headers of every answer; swap the framework's plain 413 for a problem."""
        if self.replaced:
            return
        if message["type"] == "http.response.start":
            if message["status"] == _TOO_LARGE and _is_plain(message):
                self.replaced = True
                await self._too_large()
                return
            self.begun = True
            message["headers"] = _dressed(list(message["headers"]))
        await self.inner(message)

    async def fail(self, error: Exception) -> None:
        """Log it once, without anything the request said, and answer 500 or 503."""
        code = faults.fault_of(error)
        identifier = problems.trace_id() or token_hex(16)
        trace.get_current_span().set_attribute("exception.type", faults.name(error))
        level = _log.error if code == "internal-error" else _log.warning
        places = {"places": faults.places(error)} if code == "internal-error" else {}
        level(
            "request failed",
            problem=code,
            error=faults.name(error),
            method=self.scope["method"],
            trace=identifier,
            route=_route(self.scope),
            **places,
        )
        if self.begun:
            raise CutOff(identifier) from None
        headers = {"retry-after": str(1 + randbelow(3))} if code != "internal-error" else {}
        response = problems.problem(Request(self.scope), code, headers=headers, traced=identifier)
        await response(self.scope, self.receive, self.send)

    async def _too_large(self) -> None:
        limit = cast("int | None", self.scope.get(_LIMIT_KEY))
        facts = {"limit_bytes": limit} if limit is not None else {}
        response = problems.problem(Request(self.scope), "body-too-large", facts=facts, headers={"connection": "close"})
        await response(self.scope, self.receive, self._send_dressed)

    async def _send_dressed(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = _dressed(list(message["headers"]))
        await self.inner(message)


def _is_plain(message: Message) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/plain") for name, value in message["headers"])


def _dressed(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    headers += _FIXED
    if not any(name == b"cache-control" for name, _ in headers):
        headers.append(_NO_STORE)
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        headers.append(
            (b"traceresponse", b"00-%032x-%016x-%02x" % (context.trace_id, context.span_id, context.trace_flags))
        )
    return headers


def _route(scope: Scope) -> str:
    """The route's template, never the path: paths may hold ids."""
    return getattr(scope.get("route"), "path", "")
