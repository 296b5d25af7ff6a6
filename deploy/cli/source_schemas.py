"""JSON Schemas of what source systems send, made from the rule book that judges it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.intake.domain import source_shapes as rules
from services.intake.domain.source_shapes import Count, Read, Shape, Text

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_INSTANT = {
    "type": "string", "format": "date-time", "pattern": "[Tt].*([Zz]|[+-][0-9]{2}:?[0-9]{2})$",
    "description": "RFC 3339 with its zone, such as 2026-11-23T08:15:00+07:00.",
}  # fmt: skip
_READ: Final[Mapping[Read, Mapping[str, Any]]] = {
    rules.read_instant: _INSTANT,
    rules.read_status: {"type": "integer", "minimum": 1, "maximum": 10, "description": "The national portal's number of the status."},
    rules.read_flag: {"type": "boolean"},
    rules.read_sealed: {
        "type": "string", "contentEncoding": "base64", "maxLength": 8192,
        "description": "A libsodium sealed box over UTF-8 JSON {name, phone, email, identity_no}; sealing.json has test vectors.",
    },
    rules.read_day: {"type": "string", "format": "date"},
    rules.read_letter_code: {"type": "string", "maxLength": 40, "pattern": f"^(?:{rules.LETTER.pattern})$"},
    rules.read_code: {"type": "string", "maxLength": 40, "pattern": f"^(?:{rules.CODE.pattern})$"},
}  # fmt: skip
"""A reader that is new in the rule book and missing here is a KeyError, so that nobody adds one unseen."""


def files() -> dict[str, Any]:
    """File name -> schema of a whole event, of every type."""
    return {f"sources/{name}.json": schema_of(shape) for name, shape in rules.SHAPES.items()}


def schema_of(shape: Shape) -> dict[str, Any]:
    """The JSON Schema (2020-12) of an event in structured mode. `subject` repeats a field of `data`; extensions are free."""
    return {
        "$schema": _DIALECT, "$id": f"/schemas/sources/{shape.type}.json", "title": shape.kind, "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "pattern": f"^{rules.EVENT_ID.pattern}$", "description": "Counts once within its source; never a person's number."},
            "source": {"type": "string", "pattern": "^/sources/[a-z][a-z0-9-]*$", "description": "/sources/ and your id in the registry."},
            "type": {"const": shape.type},
            "subject": {"type": "string", "description": f"The same as data.{shape.about}."},
            "time": _INSTANT,
            "datacontenttype": {"type": "string", "pattern": f"^(?:{rules.JSON.pattern})$"},
            "data": _data(shape),
        },
    }  # fmt: skip


def _data(shape: Shape) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "object", "additionalProperties": False, "required": sorted(shape.required),
        "properties": {name: _field(shape, name, read) for name, read in shape.fields.items()},
    }  # fmt: skip
    if "correction" in shape.fields:
        made |= {
            "if": {"properties": {"correction": {"const": True}}, "required": ["correction"]},
            "then": {"required": ["reason_class"]},
        }
    return made


def _field(shape: Shape, name: str, read: Read) -> dict[str, Any]:
    """A field's schema; one that is not required may be null."""
    made = dict(_schema_of(read))
    return made if name in shape.required else {"anyOf": [made, {"type": "null"}]}


def _schema_of(read: Read) -> Mapping[str, Any]:
    if isinstance(read, Count):
        return {"type": "integer", "minimum": 0, "maximum": read.most}
    return _text(read) if isinstance(read, Text) else _READ[read]


def _text(read: Text) -> Mapping[str, Any]:
    if read.words:
        return {"type": "string", "enum": list(read.words)}
    return {"type": "string", "pattern": f"^(?:{read.form.pattern})$"}
