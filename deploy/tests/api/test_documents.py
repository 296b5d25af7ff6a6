"""The four documents are complete: every address says which methods it takes, every refusal has its words and its place."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter

from deploy.cli.contracts import described
from deploy.cli.up import SERVICES
from shared.kernel import Refused, kebab
from shared.runtime import Service
from shared.web.app import Probes, Readiness, root_app
from shared.web.problems import base_catalogue, missing_problem_texts, refusal_classes

ROOT = Path(__file__).parents[3]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")
AT_THE_COMMAND_LINE = {"rebuild-running", "different-read-model"}
"""What `gandan rebuild` says; no route rebuilds."""
VALUE = "01938f0e-7a3c-7b21-9c55-0a1b2c3d4e5f"


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    return described()


@pytest_asyncio.fixture
async def http(services: dict[str, Service]) -> AsyncIterator[httpx.AsyncClient]:
    async def ready(_service: str | None) -> Readiness:
        return Readiness("ready")

    root = root_app({name: service.api for name, service in services.items()}, probes=Probes(ready, lambda: b""))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(root), base_url="http://test") as client:
        yield client


def _paths(service: Service) -> Iterator[tuple[str, set[str]]]:
    """Every path, filled in, with the methods its document knows."""
    for path, item in service.api.openapi()["paths"].items():
        filled = "".join(
            part.partition("}")[2] if "}" in part else part for part in path.replace("{", f"{VALUE}{{").split("{")
        )
        yield f"/{service.name}{filled}", {method.upper() for method in item}


@pytest.mark.parametrize("name", SERVICES)
async def test_every_address_refuses_other_methods_and_names_those_it_takes(
    name: str, services: dict[str, Service], http: httpx.AsyncClient
) -> None:
    asked = 0
    for path, takes in _paths(services[name]):
        for method in set(METHODS) - takes:
            answer = await http.request(method, path)
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["allow"].split(", ")) == takes, (method, path)
            if method != "HEAD":
                assert answer.json()["code"] == "method-not-allowed"
            asked += 1
    assert asked > 50


def _refusals(name: str) -> list[type[Refused]]:
    """What a service says no with: its own, and those of the shared store it has words for; the law's all services share."""
    shared = [cls for cls in refusal_classes("shared.store") if cls().code in _own_texts(name)]
    return [*refusal_classes(f"services.{name}"), *shared]


def _own_texts(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "services" / name / "data" / "problems.toml").read_text("utf-8"))


@pytest.mark.parametrize("name", SERVICES)
def test_every_refusal_has_its_words_in_both_languages_and_the_status_of_its_class(
    name: str, services: dict[str, Service]
) -> None:
    known, said = services[name].api.state.catalogue, _refusals(name)
    assert missing_problem_texts(said, _own_texts(name)) == []
    assert {cls().code: known[cls().code].status for cls in said} == {cls().code: cls.status for cls in said}
    assert {kebab(cls.__name__) for cls in refusal_classes("shared.law")} <= base_catalogue().keys() < known.keys()


@pytest.mark.parametrize("name", SERVICES)
def test_no_words_are_kept_for_a_refusal_nobody_says(name: str, services: dict[str, Service]) -> None:
    assert services[name].api.state.catalogue.keys() - base_catalogue().keys() == {
        cls().code for cls in _refusals(name)
    }


@pytest.mark.parametrize("name", SERVICES)
def test_every_code_stands_in_the_document_with_a_status_some_operation_tells_of(
    name: str, services: dict[str, Service]
) -> None:
    document = services[name].api.openapi()
    codes = {cls().code for cls in refusal_classes(f"services.{name}")} - AT_THE_COMMAND_LINE
    assert codes <= set(document["components"]["schemas"]["Problem"]["properties"]["code"]["x-extensible-enum"])
    told = {
        status
        for item in document["paths"].values()
        for operation in item.values()
        for status in operation["responses"]
    }
    statuses = {str(document["x-problems"][code]["status"]) for code in codes}
    assert statuses - told == set()


@pytest.mark.parametrize("name", SERVICES)
def test_every_body_has_an_example_that_the_service_would_take(name: str, services: dict[str, Service]) -> None:
    document, tried = services[name].api.openapi(), 0
    for context in iter_route_contexts(services[name].api.routes):
        route: Any = context.original_route
        if isinstance(route, APIRoute) and route.body_field is not None:
            operation = document["paths"][context.path_format][next(iter(context.methods or ())).lower()]
            (content,) = operation["requestBody"]["content"].values()
            if "application/json" in operation["requestBody"]["content"]:
                shape: Any = route.body_field.field_info.annotation
                TypeAdapter(shape).validate_python(content["example"])
                tried += 1
    assert tried == sum(
        set(operation.get("requestBody", {}).get("content", {}))
        == {"application/json"}  # one that is read raw has more
        for item in document["paths"].values()
        for operation in item.values()
    )
