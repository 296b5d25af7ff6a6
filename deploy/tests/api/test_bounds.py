"""No body takes a text of any length: a name of 5 000 letters meets a limit the document tells of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from deploy.cli.up import SERVICES
from shared.web.people import IdentityNumber, PhoneNumber

CONTRACTS = Path(__file__).parents[2] / "contracts"
LONG = 5_000
LONG_ONES = {"complaints": {"text", "minutes"}}
"""Where people tell their whole story, and officers answer it."""
FORMED = {"identity_no", "phone"}
"""Refused by their form alone, see below."""


def committed(service: str) -> Any:
    """The document of a service; `gandan contracts check` sees that it is the one it serves."""
    return json.loads((CONTRACTS / f"openapi-{service}.json").read_text("utf-8"))


def texts(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every text of every body that is JSON: where it stands, and its schema."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for kind, body in operation.get("requestBody", {}).get("content", {}).items():
                if "json" in kind:
                    yield from _within(body["schema"], document["components"]["schemas"], f"{method} {path} ", ())


def _within(
    node: Any, schemas: Mapping[str, Any], where: str, above: tuple[str, ...]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    name = node.get("$ref", "").rpartition("/")[2]
    if name and name not in above:
        yield from _within(schemas[name], schemas, where, (*above, name))
    for inner in (*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())):
        yield from _within(inner, schemas, where, above)
    for field, inner in node.get("properties", {}).items():
        yield from _within(inner, schemas, f"{where}/{field}", above)
    if "items" in node:
        yield from _within(node["items"], schemas, f"{where}/*", above)
    if node.get("type") == "string" and not {"enum", "const", "format"} & set(node):
        yield where, node


def _is_endless(pattern: str) -> bool:
    return bool({"*", "+"} & set(pattern))


@pytest.mark.parametrize("name", SERVICES)
def test_every_text_of_every_body_has_a_limit_or_a_form(name: str) -> None:
    found = list(texts(committed(name)))
    loose = [
        where
        for where, node in found
        if "maxLength" not in node and _is_endless(node.get("pattern", "*")) and where.rpartition("/")[2] not in FORMED
    ]
    assert not loose
    assert len(found) >= {"intake": 80, "complaints": 40}.get(name, 0)


@pytest.mark.parametrize("name", SERVICES)
def test_only_a_story_may_be_as_long_as_5_000_letters(name: str) -> None:
    long = {where.rpartition("/")[2] for where, node in texts(committed(name)) if node.get("maxLength", 0) >= LONG}  # fmt: skip
    assert long == LONG_ONES.get(name, set())


@pytest.mark.parametrize("kind", [IdentityNumber, PhoneNumber])
@pytest.mark.parametrize("text", ["0" * LONG, "Ă" * LONG, f"0912345678{' ' * LONG}x"])
def test_a_number_of_5_000_signs_is_refused_and_not_repeated(kind: Any, text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(text)
    assert text not in str(caught.value.errors(include_input=False))
