"""The documents under the linters other teams use: our conventions hold, and every rule of ours can say no."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.contracts import files
from deploy.tests.api import linters

pytestmark = pytest.mark.skipif(linters.NODE is None or linters.NPM is None, reason="there is no Node on this machine")

PROBLEM = {"description": "No.", "content": {"application/problem+json": {"schema": {"type": "object"}}}}
LATER = {**PROBLEM, "headers": {"Retry-After": {"schema": {"type": "string"}}}}


@pytest.fixture(scope="module")
def node() -> Path:
    try:
        return linters.installed()
    except linters.NotInstalled as reason:
        pytest.skip(f"the linters cannot be fetched: {reason}")


@pytest.fixture(scope="module")
def made() -> Mapping[str, Any]:
    return files()


Said = Mapping[str, list[dict[str, Any]]]
"""By file, what a linter said about it; starting Node costs more than a document."""


@pytest.fixture(scope="module")
def spectral(node: Path, made: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Said:
    services = {name: document for name, document in made.items() if name.startswith("openapi-")}
    assert len(services) == 4
    return _by_file(linters.spectral, node, {**services, "wrong.json": _wrong()}, tmp_path_factory.mktemp("openapi"))


@pytest.fixture(scope="module")
def parser(node: Path, made: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Said:
    broken = copy.deepcopy(made["asyncapi.json"])
    broken["operations"]["intake.sends.intake.dossiers"]["channel"] = {"$ref": "#/channels/nowhere"}
    both = {"asyncapi.json": made["asyncapi.json"], "wrong.json": broken}
    return _by_file(linters.asyncapi, node, both, tmp_path_factory.mktemp("asyncapi"))


def _by_file(
    linter: Callable[..., list[dict[str, Any]]], node: Path, documents: Mapping[str, Any], folder: Path
) -> Said:
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document), "utf-8")
    said: dict[str, list[dict[str, Any]]] = {name: [] for name in documents}
    for each in linter(node, *(folder / name for name in documents)):
        said[Path(each["source"]).name].append(each)
    return said


def _told(found: list[dict[str, Any]]) -> list[str]:
    return [f"{each['code']} at {'/'.join(map(str, each['path']))}: {each['message']}" for each in found]


def test_the_documents_of_the_services_keep_the_conventions(spectral: Said) -> None:
    assert {name: _told(found) for name, found in spectral.items() if name != "wrong.json" and found} == {}


def test_every_rule_of_ours_can_say_no(spectral: Said) -> None:
    assert _own_rules() - {each["code"] for each in spectral["wrong.json"]} == set()
    assert len(_own_rules()) >= 15


def test_the_document_of_the_topics_is_read_by_the_asyncapi_parser(parser: Said) -> None:
    assert _told([each for each in parser["asyncapi.json"] if each["severity"] < 2]) == []


def test_the_parser_finds_what_is_wrong(parser: Said) -> None:
    assert _told([each for each in parser["wrong.json"] if each["severity"] < 2])


def _own_rules() -> set[str]:
    """The names of the rules that are not the standard set's."""
    lines = linters.RULES.read_text("utf-8").splitlines()
    names = [line[2:-1] for line in lines if line.startswith("  ") and line[2] not in " #" and line.endswith(":")]
    return set(names)


def _operation(**changes: Any) -> dict[str, Any]:
    answers = {"200": {"description": "Yes."}, "429": LATER, "503": LATER, "default": PROBLEM}
    return {"operationId": "do_it", "summary": "Do it.", "description": "Does it.", "security": [], "responses": answers, **changes}  # fmt: skip


def _wrong() -> dict[str, Any]:
    """A document that breaks each rule in its own place."""
    answers = _operation()["responses"]
    listed = {"200": {"description": "Yes.", "content": {"application/json": {"schema": {"type": "array", "items": {}}}}}}  # fmt: skip
    plain = {"404": {"description": "No.", "content": {"text/plain": {"schema": {"type": "string"}}}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    query = {"name": "dueBefore", "in": "query", "schema": {"type": "string"}}
    paths = {
        "/v1/Things_here": {"get": _operation(operationId="readThings", parameters=[query])},
        "/v1/unstated": {"get": {name: value for name, value in _operation(operationId="a").items() if name != "security"}},
        "/v1/roles": {"get": _operation(operationId="b", security=[{"bearer": []}])},
        "/v1/plain": {"get": _operation(operationId="c", responses={**answers, **plain})},
        "/v1/empty": {"get": _operation(operationId="d", responses={**answers, "404": {"description": "No."}})},
        "/v1/never": {"get": _operation(operationId="e", responses={"200": {"description": "Yes."}})},
        "/v1/lists": {"get": _operation(operationId="f", responses={**answers, **listed})},
        "/v1/things": {"post": _operation(operationId="g", requestBody=body, responses={**answers, "201": {"description": "Made."}})},
        "/v1/things/{id}/close": {
            "post": _operation(operationId="h", parameters=[{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}])
        },
    }  # fmt: skip
    thing = {"type": "object", "properties": {"dueOn": {"type": "string"}}}
    scheme = {"bearer": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0", "info": {"title": "Wrong", "version": "1", "description": "Everything is wrong."}, "servers": [{"url": "/wrong"}],
        "paths": paths, "components": {"schemas": {"Thing": thing}, "securitySchemes": scheme},
    }  # fmt: skip
