"""The root of one process: services mounted by name, probes at the root and per service, the meaning of problem types."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
import structlog
from fastapi import Request
from fastapi.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from shared.web import faults
from shared.web.admission import Admission, Bounds
from shared.web.problems import Catalogue, Entry, base_catalogue, problem

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_log = structlog.get_logger("shared.web")


@dataclass(frozen=True, slots=True)
class Readiness:
    """How a process or one of its services is: `degraded` still takes work, `dead` does not."""

    state: Literal["ready", "degraded", "dead"]
    checks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probes:
    """Where the root asks: readiness of a service (None = of the process), and metrics as Prometheus text."""

    ready: Callable[[str | None], Awaitable[Readiness]]
    metrics: Callable[[], bytes]


class _Root:
    """Finds the service by the first word of the path; everything else goes to the router.

    A mount of the framework would leave the service out of the span's name, and tries its patterns one by one.
    """

    def __init__(self, apps: Mapping[str, ASGIApp], router: Router, own: frozenset[str]) -> None:
        self._apps, self._router, self._own = apps, router, own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            root = scope.get("root_path", "")
            path = scope["path"].removeprefix(root)
            name = path[1:].partition("/")[0]
            app = self._apps.get(name)
            if app is not None and path not in self._own:
                await app({**scope, "root_path": f"{root}/{name}"}, receive, send)
                return
        await self._router(scope, receive, send)


def root_app(
    apps: Mapping[str, ASGIApp],
    *,
    probes: Probes,
    pages: ASGIApp | None = None,
    lifespan: Lifespan[Any] | None = None,
    bounds: Bounds | None = None,
) -> ASGIApp:
    """What uvicorn serves: `apps` at `/<name>`, `pages` at `/` for everything else; `bounds` hold for each, not for probes."""
    asked = [route for name in (None, *apps) for route in _probe_routes(name, probes)]
    rest = [*_problem_routes(_all_problems(apps)), *_mounted(pages, bounds)]
    router = Router([*asked, *rest], redirect_slashes=False, default=_nothing_here, lifespan=lifespan)
    inside = {name: _bounded(app, name, bounds) for name, app in apps.items()}
    return _Root(inside, router, frozenset(route.path for route in asked))


def pages_by_path(places: Mapping[str, ASGIApp]) -> ASGIApp | None:
    """The pages of several services as one app: each has what is below its place; the shortest place also has the rest."""
    if not places:
        return None
    rest = places[min(places, key=len)]

    async def find(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        below = (app for at, app in places.items() if at != "/" and (path == at or path.startswith(f"{at}/")))
        await next(below, rest)(scope, receive, send)

    return find


def _mounted(pages: ASGIApp | None, bounds: Bounds | None) -> list[BaseRoute]:
    return [Mount("/", _bounded(pages, "pages", bounds))] if pages is not None else []


def _bounded(app: ASGIApp, name: str, bounds: Bounds | None) -> ASGIApp:
    return app if bounds is None else Admission(app, name, bounds)


def _probe_routes(service: str | None, probes: Probes) -> list[Route]:
    async def healthz(_request: Request) -> Response:
        return _json({"status": "alive"})

    async def readyz(_request: Request) -> Response:
        found = await _readiness(probes, service)
        return _json({"status": found.state, "checks": found.checks}, 503 if found.state == "dead" else 200)

    async def metrics(_request: Request) -> Response:
        return Response(probes.metrics(), headers=_HEADERS, media_type=_METRICS_TYPE)

    prefix = f"/{service}" if service else ""
    return [Route(f"{prefix}/{endpoint.__name__}", endpoint) for endpoint in (healthz, readyz, metrics)]


async def _readiness(probes: Probes, service: str | None) -> Readiness:
    try:
        return await probes.ready(service)
    except Exception as error:  # noqa: BLE001 - the door: a check that breaks means not ready
        _log.error("readiness check failed", error=faults.name(error), places=faults.places(error))
        return Readiness("dead", {"error": faults.name(error)})


def _json(content: object, status: int = 200) -> Response:
    return Response(orjson.dumps(content, default=str), status, _HEADERS, "application/json")


def _all_problems(apps: Mapping[str, ASGIApp]) -> Catalogue:
    own = [app.state.catalogue for app in apps.values() if hasattr(app, "state") and hasattr(app.state, "catalogue")]
    return {code: entry for known in (base_catalogue(), *own) for code, entry in known.items()}


def _problem_routes(known: Catalogue) -> list[BaseRoute]:
    """`type` of a problem is a link: it leads to what the code means, in both languages."""

    async def every(_request: Request) -> Response:
        return _json({"items": [_shown(known[code]) for code in sorted(known)]})

    async def one(request: Request) -> Response:
        entry = known.get(request.path_params["code"])
        return _json(_shown(entry)) if entry else problem(request, "not-found")

    return [Route("/problems", every), Route("/problems/{code}", one)]


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "code": entry.code,
        "status": entry.status,
        "title": entry.title,
        "detail": entry.detail,
        "advice": entry.advice,
    }


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await problem(Request(scope), "no-such-path", headers=_HEADERS)(scope, receive, send)
