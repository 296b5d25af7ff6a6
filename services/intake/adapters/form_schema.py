"""A form against the JSON Schema (draft 2020-12) of its procedure: every violation with its place, as the door tells wrong fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry

Finding = Mapping[str, Any]
"""`loc`, `type` and `ctx` of one wrong field, in the words of the door's sentences."""

_FORMATS = FormatChecker(formats=("date", "email"))
_TYPES = {
    "string": "string_type", "integer": "int_type", "number": "float_type", "boolean": "bool_type", "array": "list_type", "object": "dict_type",
}  # fmt: skip
_BOUNDS = {
    "minLength": ("string_too_short", "min_length"), "maxLength": ("string_too_long", "max_length"), "minItems": ("too_short", "min_length"),
    "maxItems": ("too_long", "max_length"), "minimum": ("greater_than_equal", "ge"), "maximum": ("less_than_equal", "le"),
    "exclusiveMinimum": ("greater_than", "gt"), "exclusiveMaximum": ("less_than", "lt"), "multipleOf": ("multiple_of", "multiple_of"),
    "pattern": ("string_pattern_mismatch", "pattern"),
}  # fmt: skip
_DATE = "date_parsing"


def compiled(schema: Mapping[str, Any]) -> Callable[[Any], list[Finding]]:
    """The check a schema stands for; a schema that is none is refused here, and nothing it names is fetched."""
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, registry=Registry(), format_checker=_FORMATS)

    def check(form: Any) -> list[Finding]:
        found = {
            (each["loc"], each["type"]): each for error in validator.iter_errors(form) for each in _findings(error)
        }
        return sorted(found.values(), key=lambda each: [str(part) for part in each["loc"]])

    return check


def is_schema(schema: Mapping[str, Any]) -> bool:
    """Whether forms can be checked by it."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError:
        return False
    return True


def _findings(error: ValidationError) -> Iterator[Finding]:
    """One place for each field that is missing or not known."""
    path = tuple(error.absolute_path)
    schema: Any = error.schema
    given: Any = error.instance
    if error.validator == "required":
        for name in schema["required"]:
            if name not in given:
                yield _finding((*path, name), "missing")
    elif error.validator == "additionalProperties":
        for name in given:
            if name not in schema.get("properties", {}):
                yield _finding((*path, name), "extra_forbidden")
    else:
        yield _finding(path, *_said(error))


def _said(error: ValidationError) -> tuple[str, dict[str, Any]]:
    word = error.validator
    value: Any = error.validator_value
    if word in _BOUNDS:
        kind, name = _BOUNDS[word]
        return kind, {name: value}
    if word in {"enum", "const"}:
        allowed = value if word == "enum" else [value]
        return "enum", {"expected": ", ".join(map(str, allowed)), "expected_tags": ""}
    if word == "type" and isinstance(value, str):
        return _TYPES.get(value, "*"), {}
    return (_DATE if word == "format" and value == "date" else "*"), {}


def _finding(path: tuple[Any, ...], kind: str, context: Mapping[str, Any] | None = None) -> Finding:
    return {"loc": ("body", "form", *path), "type": kind, "ctx": context or {}, "msg": ""}
