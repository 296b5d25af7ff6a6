"""From what a route raised to what the client reads: one small function per kind of exception."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from secrets import randbelow, token_hex
from typing import Any

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from shared.kernel import Forbidden, Invalid, NotFound, Refused, Repeated, StillRunning
from shared.web.edge import too_large
from shared.web.etag import NotModified
from shared.web.faults import fault_of, name, places
from shared.web.idempotency import repeated
from shared.web.problems import entry_of, language_of, problem, trace_id
from shared.web.validation import findings, pointer

_log = structlog.get_logger("shared.web")
_GENERIC = (Refused, Invalid)
"""Raised as such, they carry their own sentence; the catalogue only has general words for them."""
_METHOD_NOT_ALLOWED, _TOO_LARGE = 405, 413
_CODES = {
    400: "unreadable-body",
    404: "no-such-path",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "unsupported-media-type",
}


async def refused(request: Request, error: Refused) -> Response:
    """A handler or the door said no."""
    if isinstance(error, NotFound) or (isinstance(error, Forbidden) and request.path_params):
        # who may not see a resource must not learn that it exists: the same words for both
        return problem(request, "not-found")
    facts = dict(error.facts)
    errors = [_named(request, error, facts.pop("field"))] if "field" in facts else []
    errors += findings(facts.pop("findings", ()), language_of(request))
    detail = None if errors and type(error) is Invalid else _said(request, error)
    return problem(
        request, error.code, status=error.status, detail=detail, facts=facts, errors=errors, headers=_headers(error)
    )


def _headers(error: Refused) -> dict[str, str]:
    headers: dict[str, str] = getattr(error, "headers", {})
    return {"retry-after": "1", **headers} if isinstance(error, StillRunning) else headers


def _said(request: Request, error: Refused) -> str:
    sentence = (
        "" if type(error) in _GENERIC else entry_of(request, error.code).sentence(language_of(request), error.facts)
    )
    return sentence or str(error)


def _named(request: Request, error: Refused, field: str) -> dict[str, str]:
    path = field if field.startswith("/") else pointer([field])
    return {"in": "body", "pointer": path, "detail": _said(request, error), "code": error.code}


async def not_modified(_request: Request, error: NotModified) -> Response:
    """The client has this version already."""
    return Response(status_code=304, headers={"etag": error.tag})


async def invalid(request: Request, error: RequestValidationError) -> Response:
    """The request does not have the shape the route wants."""
    if isinstance(error.body, bytes) and any(tuple(each["loc"]) == ("body",) for each in error.errors()):
        return problem(request, "unsupported-media-type")
    return problem(request, "invalid", errors=findings(error.errors(), language_of(request)))


async def http_error(request: Request, error: HTTPException) -> ASGIApp:
    """What the framework itself refuses."""
    if error.status_code == _TOO_LARGE:
        return too_large(request)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    facts: dict[str, Any] = {}
    if error.status_code == _METHOD_NOT_ALLOWED:
        facts["allowed"] = headers["allow"] = ", ".join(sorted(_methods(request)))
    code = _CODES.get(error.status_code, "bad-request")
    return problem(request, code, status=error.status_code, facts=facts, headers=headers)


def _methods(request: Request) -> set[str]:
    """Every method some route takes at this path; the framework names those of the first match only."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    contexts = list(iter_route_contexts(request.app.routes))
    matching = [
        context for context in contexts if (regex := getattr(context, "path_regex", None)) and regex.match(path)
    ]
    return {method for context in matching for method in context.methods or ()}


async def failed(request: Request, error: Exception) -> Response:
    """Anything else: logged once, without what the request said nor the exception's words, and answered 500 or 503."""
    code, traced = fault_of(error), trace_id() or token_hex(16)
    known = {
        "problem": code,
        "error": name(error),
        "method": request.method,
        "route": _template(request),
        "trace": traced,
    }
    if code == "internal-error":
        _log.error("request failed", **known, places=places(error))
        return problem(request, code, traced=traced)
    if code == "nul-character":
        return problem(request, code)
    _log.warning("request failed", **known)
    return problem(request, code, traced=traced, headers={"retry-after": str(1 + randbelow(3))})


def _template(request: Request) -> str:
    """The route's path template, never the path itself: that may hold ids."""
    return getattr(request.scope.get("route"), "path", "")


HANDLERS: Mapping[Any, Callable[..., Any]] = {
    Refused: refused,
    Repeated: repeated,
    NotModified: not_modified,
    RequestValidationError: invalid,
    HTTPException: http_error,
    Exception: failed,
}
