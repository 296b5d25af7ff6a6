"""Composition: `service_app` makes one FastAPI app per service, `root_app` mounts them beside the probes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp, Scope

from shared.web import docs, openapi
from shared.web.answers import HANDLERS
from shared.web.door import Door
from shared.web.edge import Edge
from shared.web.limits import Buckets
from shared.web.origins import shared_with
from shared.web.problems import Texts, catalogue
from shared.web.rates import rated
from shared.web.root import Probes, Readiness, root_app

__all__ = ["MAX_BODY", "Probes", "Readiness", "root_app", "service_app"]

MAX_BODY = 1 << 20
"""Bytes; a route that takes files sets its own `max_body_size`."""

_UNTRACED = ("/stream", "/docs", "/openapi.json")


class ServiceApp(FastAPI):
    """FastAPI with our OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        """The document, built at its first reading."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi.document(self)
        return self.openapi_schema

    def build_middleware_stack(self) -> ASGIApp:
        """The framework's stack, with rates, our edge and the rules for other origins around it, the last outermost."""
        door: Door = self.state.door
        inner = rated(super().build_middleware_stack(), door.settings, door.verifier, lambda: self.state.buckets)
        return shared_with(Edge(inner), door.settings.origins)


def service_app(
    name: str,
    *,
    title: str,
    description: str,
    routers: Sequence[APIRouter],
    door: Door,
    problems: Texts | None = None,
    telemetry: TelemetryConfig | None = None,
    version: str = "1",
) -> FastAPI:
    """The app of one service, to be mounted at `/<name>`; its routers have the prefix `/v1`.

    `problems` holds the texts of the service's own refusals. Without `telemetry` (providers) nothing is traced.
    Routes stand on the app itself: included routers are matched twice, which costs more than the rest of a request.
    """
    app = ServiceApp(
        title=title,
        description=description,
        version=version,
        servers=[{"url": f"/{name}"}],
        root_path_in_servers=False,
        routes=[route for router in routers for route in router.routes],
        max_body_size=MAX_BODY,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=dict(HANDLERS),
        telemetry=_lean(telemetry),
    )
    app.add_route("/docs", _read, include_in_schema=False)
    app.state.name, app.state.door = name, door
    app.state.catalogue, app.state.buckets = catalogue(problems), Buckets()
    return app


async def _read(request: Request) -> HTMLResponse:
    headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return HTMLResponse(docs.page(request.app.openapi(), request.scope.get("root_path", "")), headers=headers)


def _lean(telemetry: TelemetryConfig | None) -> TelemetryConfig:
    """The framework's own tracing, one span per request; its logs would export messages and stacks."""
    if telemetry is None:
        return {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
    return {"operation_spans": False, "logs": False, "auto_configure": False, "exclude": _untraced, **telemetry}


def _untraced(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.endswith(_UNTRACED)
