"""An example for every body of the OpenAPI document: the schema's own, else made of its required fields by their names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

_DATA: Final = Path(__file__).parent / "data" / "examples.toml"
_FORMATS: Final = {
    "date-time": "2026-11-23T08:15:00+07:00",
    "date": "2026-11-23",
    "uuid": "01938f0e-7a3c-7b21-9c55-0a1b2c3d4e5f",
}

Schema = Mapping[str, Any]


@lru_cache(maxsize=1)
def words() -> Mapping[str, str]:
    """What stands in a text field of this name."""
    return tomllib.loads(_DATA.read_text(encoding="utf-8"))


def example_of(schema: Schema, schemas: Mapping[str, Schema], name: str = "") -> Any:
    """A value of this schema, or None where a text has a name nobody has an example for; `schemas` are the document's."""
    schema = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    if "examples" in schema:
        return schema["examples"][0]
    if "const" in schema or "enum" in schema:
        return schema.get("const", [*schema.get("enum", ()), None][0])
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return example_of(schema[choice][0], schemas, name)
    return _of_type(schema, schemas, name)


def _of_type(schema: Schema, schemas: Mapping[str, Schema], name: str) -> Any:
    match schema.get("type"):
        case "object":
            return _object(schema, schemas)
        case "array":
            item = example_of(schema["items"], schemas, name)
            return None if item is None else [item]
        case "string":
            return _FORMATS.get(schema.get("format", ""), words().get(name))
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
    return None


def _object(schema: Schema, schemas: Mapping[str, Schema]) -> dict[str, Any] | None:
    fields = schema.get("properties", {})
    made = {name: example_of(fields[name], schemas, name) for name in schema.get("required", ())}
    return None if None in made.values() else made
