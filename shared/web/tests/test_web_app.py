"""The app of a service and the root of a process: probes, documents, tracing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from shared.settings import Keys, Settings
from shared.web.app import Probes, Readiness, root_app, service_app
from shared.web.auth import public, routes_without_right
from shared.web.door import open_door
from shared.web.tests.service import ROUTER, Shelf


async def _ready(_service: str | None) -> Readiness:
    return Readiness("ready")


PROBES = Probes(_ready, lambda: b"")


async def test_a_process_and_a_service_are_alive(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/intake/healthz"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


@pytest.mark.parametrize(("state", "status"), [("ready", 200), ("degraded", 200), ("dead", 503)])
async def test_readiness_is_told_with_its_checks(
    client: httpx.AsyncClient, readiness: dict[str, Any], state: Any, status: int
) -> None:
    readiness["answer"] = Readiness(state, {"kafka": {"state": "down", "bootstrap": "127.0.0.1:9092"}})
    answer = await client.get("/readyz")
    assert answer.status_code == status
    assert answer.json() == {"status": state, "checks": {"kafka": {"state": "down", "bootstrap": "127.0.0.1:9092"}}}


async def test_readiness_is_asked_for_the_process_or_for_one_service(
    client: httpx.AsyncClient, readiness: dict[str, Any]
) -> None:
    await client.get("/readyz")
    await client.get("/intake/readyz")
    assert readiness["asked"] == [None, "intake"]


async def test_a_check_that_breaks_means_dead(client: httpx.AsyncClient, readiness: dict[str, Any]) -> None:
    readiness["error"] = RuntimeError("044085001234")
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "dead", "checks": {"error": "builtins.RuntimeError"}},
    )


async def test_metrics_are_prometheus_text(client: httpx.AsyncClient) -> None:
    for path in ("/metrics", "/intake/metrics"):
        answer = await client.get(path)
        assert (answer.content, answer.headers["content-type"]) == (
            b"up 1\n",
            "text/plain; version=0.0.4; charset=utf-8",
        )


@pytest.mark.parametrize("path", ["/tax/healthz", "/tax/readyz", "/tax/metrics", "/tax", "/", "/intakes/v1/dossiers"])
async def test_what_is_not_here_is_a_problem(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-path")


async def test_pages_own_everything_else(app: FastAPI) -> None:
    async def pages(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(scope["path"])(scope, receive, send)

    root = root_app({"intake": app}, probes=PROBES, pages=pages)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(root), base_url="http://test") as http:
        assert [(await http.get(path)).text for path in ("/", "/tra-cuu")] == ["/", "/tra-cuu"]
        assert (await http.get("/intake/v1/dossiers")).json()["items"]


async def test_the_lifespan_runs_around_the_process(app: FastAPI) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        seen.append("up")
        yield
        seen.append("down")

    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        seen.append(message["type"])

    await root_app({"intake": app}, probes=PROBES, lifespan=lifespan)(
        {"type": "lifespan", "app": None, "state": {}}, receive, send
    )
    assert seen == ["up", "lifespan.startup.complete", "down", "lifespan.shutdown.complete"]


async def test_routers_inside_a_router_are_found_and_documented(settings: Settings, keys: Keys) -> None:
    inner, outer = APIRouter(prefix="/things"), APIRouter(prefix="/v1")

    @inner.get("/{id}")
    async def read_thing(id: str, _: Annotated[None, Depends(public)]) -> dict[str, str]:
        return {"id": id}

    outer.include_router(inner)
    app = service_app("x", title="X", description="", routers=[outer], door=open_door(settings, keys))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        assert (await http.get("/v1/things/7")).json() == {"id": "7"}
        assert (await http.put("/v1/things/7")).headers["allow"] == "GET"
        assert (await http.get("/openapi.json")).json()["paths"]["/v1/things/{id}"]["get"]["security"] == []
    assert routes_without_right(app) == []


# ---- tracing


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def traced(
    settings: Settings, keys: Keys, shelf: Shelf, spans: InMemorySpanExporter
) -> AsyncIterator[httpx.AsyncClient]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    app = service_app(
        "intake",
        title="Intake",
        description="",
        routers=[ROUTER],
        door=open_door(settings, keys),
        telemetry={"tracer_provider": provider, "metrics": False},
    )
    app.state.shelf = shelf
    root = root_app({"intake": app}, probes=PROBES)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(root), base_url="http://test") as http:
        yield http
    provider.shutdown()


async def test_a_request_is_one_span_named_by_its_route(traced: httpx.AsyncClient, spans: InMemorySpanExporter) -> None:
    answer = await traced.get("/intake/v1/dossiers/7")
    (span,) = spans.get_finished_spans()
    assert span.name == "GET /intake/v1/dossiers/{id}"
    assert span.context is not None
    assert answer.headers["traceresponse"].split("-")[1] == f"{span.context.trace_id:032x}"


async def test_a_problem_carries_the_trace_of_its_request(
    traced: httpx.AsyncClient, spans: InMemorySpanExporter, shelf: Shelf
) -> None:
    shelf.next_error = RuntimeError("044085001234")
    answer = await traced.post("/intake/v1/breaks")
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert span.attributes is not None
    assert answer.json()["trace_id"] == f"{span.context.trace_id:032x}"
    assert span.attributes["error.type"] == "RuntimeError"
    assert "044085001234" not in span.to_json()


async def test_probes_and_documents_are_not_traced(traced: httpx.AsyncClient, spans: InMemorySpanExporter) -> None:
    for path in ("/healthz", "/intake/readyz", "/intake/openapi.json"):
        await traced.get(path)
    assert spans.get_finished_spans() == ()


async def test_without_providers_nothing_is_traced(client: httpx.AsyncClient) -> None:
    assert "traceresponse" not in (await client.get("/intake/v1/dossiers")).headers
