"""The OpenAPI document: rights, headers, problems and examples, as other teams' tools read them."""

from __future__ import annotations

import re
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from shared.settings import Keys, Settings
from shared.web.app import service_app
from shared.web.auth import SCHEME, allow, public
from shared.web.door import open_door
from shared.web.examples import example_of
from shared.web.fields import Day, Instant, text
from shared.web.tests.service import ROUTER, TEXTS


def _problems(operation: dict[str, Any]) -> set[str]:
    return {
        status
        for status, answer in operation["responses"].items()
        if "application/problem+json" in answer.get("content", {})
    }


async def test_the_document_tells_rights_headers_and_problems(client: httpx.AsyncClient) -> None:
    found = (await client.get("/intake/openapi.json")).json()
    assert found["openapi"].startswith("3.1")
    assert found["servers"] == [{"url": "/intake"}]
    assert found["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    submit = found["paths"]["/v1/dossiers"]["post"]
    assert submit["operationId"] == "submit_dossier"
    assert submit["security"] == [{"bearer": []}]
    assert submit["x-roles"] == ["citizen", "clerk"]
    assert [(row["name"], row["required"]) for row in submit["parameters"]] == [("Idempotency-Key", True)]
    assert {"Location", "Idempotent-Replayed"} <= submit["responses"]["201"]["headers"].keys()
    assert _problems(submit) == {"400", "401", "403", "409", "413", "415", "422", "429", "500", "503", "default"}
    correct = found["paths"]["/v1/dossiers/{id}"]["put"]
    assert "If-Match" in [row["name"] for row in correct["parameters"]]
    assert {"404", "412", "428"} <= _problems(correct)
    look_up = found["paths"]["/v1/lookups"]["post"]
    assert (look_up["security"], "429" in _problems(look_up)) == ([], True)


async def test_the_document_knows_no_other_form_of_error(client: httpx.AsyncClient) -> None:
    found = (await client.get("/intake/openapi.json")).json()
    assert "HTTPValidationError" not in str(found)
    for path in found["paths"].values():
        for operation in path.values():
            assert "security" in operation
            for status, answer in operation["responses"].items():
                if status[0] not in "23":
                    assert list(answer["content"]) == ["application/problem+json"]


async def test_the_document_is_read_in_a_browser_without_any_other_host(client: httpx.AsyncClient) -> None:
    answer = await client.get("/intake/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "//" not in answer.text.replace("<!doctype html>", "")
    assert all(
        word in answer.text
        for word in ("POST", "/intake/v1/dossiers", "Idempotency-Key", "citizen", "received_at", "openapi.json")
    )


async def test_texts_of_the_document_cannot_bring_markup(settings: Settings, keys: Keys) -> None:
    app = service_app(
        "x",
        title="<b>X</b>",
        description="<script>alert(1)</script>",
        routers=[ROUTER],
        door=open_door(settings, keys),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        page = (await http.get("/docs")).text
    assert "<script" not in page
    assert "&lt;b&gt;X" in page


# ---- examples


class Paper(BaseModel):
    kind: Annotated[str, Field(examples=["copy"])]


class Everything(BaseModel):
    unit: Annotated[str, text(max_length=10)]
    at: Instant
    on: Day | None
    papers: list[Paper]
    contents: list[str]
    score: Annotated[int, Field(ge=3)]
    sure: bool
    left_out: str = ""


def _example(shape: type[BaseModel]) -> Any:
    schema = shape.model_json_schema(ref_template="#/components/schemas/{model}")
    return example_of(schema, schema.get("$defs", {}))


def test_an_example_is_made_of_the_required_fields_by_their_names_and_is_valid() -> None:
    made = _example(Everything)
    assert made["unit"] == "19360"
    assert made["papers"] == [{"kind": "copy"}]
    assert (made["score"], made["sure"], "left_out" in made) == (3, False, False)
    assert Everything.model_validate(made).contents


def test_an_example_is_missing_where_a_text_has_a_name_nobody_knows() -> None:
    class Strange(BaseModel):
        frobnicated: str

    class Holds(BaseModel):
        inner: Strange

    assert _example(Strange) is None
    assert _example(Holds) is None


def test_the_words_of_a_schema_come_first() -> None:
    class Own(BaseModel):
        model_config = {"json_schema_extra": {"examples": [{"unit": "44"}]}}

        unit: str

    assert _example(Own) == {"unit": "44"}
    assert example_of({"enum": ["granted", "rejected"]}, {}) == "granted"
    assert example_of({"const": 3}, {}) == 3


# ---- what routes add, and what is true of all


async def _document(router: APIRouter, settings: Settings, keys: Keys) -> dict[str, Any]:
    app = service_app("x", title="X", description="", routers=[router], door=open_door(settings, keys), problems=TEXTS)
    return app.openapi()


class Thing(BaseModel):
    id: str
    version: int


async def test_a_route_names_its_own_refusals_and_an_optional_sign_in(settings: Settings, keys: Keys) -> None:
    router = APIRouter(prefix="/v1")

    @router.get(
        "/things/{id}", dependencies=[Depends(public)], openapi_extra={"security": [{SCHEME: []}, {}]},
        responses={410: {"description": "It was forgotten."}},
    )  # fmt: skip
    async def read_thing(id: str) -> Thing:
        return Thing(id=id, version=1)

    operation = (await _document(router, settings, keys))["paths"]["/v1/things/{id}"]["get"]
    assert operation["security"] == [{"bearer": []}, {}]
    assert operation["responses"]["410"]["description"] == "It was forgotten."
    assert "application/problem+json" in operation["responses"]["410"]["content"]


async def test_one_thing_with_a_version_is_revalidated_and_a_list_is_not(settings: Settings, keys: Keys) -> None:
    router = APIRouter(prefix="/v1")

    @router.get("/things/{id}", dependencies=[Depends(allow("clerk"))])
    async def read_thing(id: str) -> Thing:
        return Thing(id=id, version=1)

    @router.get("/things", dependencies=[Depends(allow("clerk"))])
    async def list_things() -> dict[str, list[Thing]]:
        return {"items": []}

    paths = (await _document(router, settings, keys))["paths"]
    one, many = paths["/v1/things/{id}"]["get"], paths["/v1/things"]["get"]
    assert one["responses"]["304"] == {"description": "You have this version already."}
    assert "ETag" in one["responses"]["200"]["headers"]
    assert ("If-None-Match", False) in [(row["name"], row["required"]) for row in one["parameters"]]
    assert "304" not in many["responses"]


async def test_every_operation_may_be_too_often_or_too_early_and_says_when_to_come_again(
    client: httpx.AsyncClient,
) -> None:
    for path, item in (await client.get("/intake/openapi.json")).json()["paths"].items():
        for operation in item.values():
            assert all("Retry-After" in operation["responses"][status]["headers"] for status in ("429", "503")), path


async def test_the_codes_of_a_service_are_listed_with_their_meaning(client: httpx.AsyncClient) -> None:
    found = (await client.get("/intake/openapi.json")).json()
    codes = found["components"]["schemas"]["Problem"]["properties"]["code"]["x-extensible-enum"]
    assert {"already-settled", "stale", "too-many-requests"} <= set(codes)
    assert found["x-problems"].keys() == set(codes)
    told = found["x-problems"]["already-settled"]
    assert told == {"status": 409, "title": {"vi": "Đã có kết quả", "en": "Already settled"}}


async def test_a_list_tells_of_a_damaged_cursor(client: httpx.AsyncClient) -> None:
    found = (await client.get("/intake/openapi.json")).json()
    assert "400" in found["paths"]["/v1/dossiers"]["get"]["responses"]


@pytest.mark.parametrize(
    ("name", "header", "fits"),
    [
        ("Idempotency-Key", "0198f0e7-7b21", True), ("Idempotency-Key", '"0198f0e7-7b21"', True), ("Idempotency-Key", "", False),
        ("Idempotency-Key", "two words", False), ("Idempotency-Key", '"open', False), ("Idempotency-Key", "x" * 201, False),
        ("If-Match", '"3"', True), ("If-Match", "*", False), ("If-Match", "3", False), ("If-Match", 'W/"3"', False),
    ],
)  # fmt: skip
async def test_the_document_says_what_the_door_takes_as_a_header(
    client: httpx.AsyncClient, clerk: dict[str, str], body: dict[str, Any], name: str, header: str, fits: bool  # noqa: FBT001 - a column of the table
) -> None:  # fmt: skip
    document = (await client.get("/intake/openapi.json")).json()
    path, method = ("/v1/dossiers", "post") if name == "Idempotency-Key" else ("/v1/dossiers/{id}", "put")
    (row,) = [each for each in document["paths"][path][method]["parameters"] if each["name"] == name]
    assert bool(re.search(row["schema"]["pattern"], header)) is fits
    there = f"/intake{path}".replace("{id}", "01938f0e-7a3c-7b21-9c55-0a1b2c3d4e5f")
    answer = await client.request(
        method, there, json=body if method == "post" else None, headers={**clerk, name: header}
    )
    assert (answer.status_code == 400) is not fits
