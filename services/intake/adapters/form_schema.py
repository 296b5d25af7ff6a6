"""A form against the JSON Schema (draft 2020-12) of its procedure: every violation with its place, as the door tells wrong fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, EMPTY_REGISTRY

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
_REFERENCES = ("$ref", "$dynamicRef")
_OF_FIELDS = "dependentSchemas"
_BESIDE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", _OF_FIELDS})
"""Whatever is in these is checked against the same value, not against a field of it."""
Beside = dict[int, dict[int, str]]
"""Which parts of a schema, by `id()`, are checked against the same value as another, and the word or reference that says so."""


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
    """Whether forms can be checked by it: what it refers to are schemas, too, and stand in itself."""
    try:
        Draft202012Validator.check_schema(schema)
        _follow(schema)
    except (SchemaError, Unresolvable, ValueError, TypeError):  # the last two: a pointer into a list or a text
        return False
    except RecursionError:  # nested more deeply than can be read
        return False
    return True


def endless(schema: Mapping[str, Any]) -> str | None:
    """The reference by which a part comes back to itself before any field: its check would never end. None where a form ends somewhere."""
    beside = _follow(schema)
    try:
        TopologicalSorter(beside).prepare()
    except CycleError as error:
        circle: list[int] = error.args[1]
        words = [beside.get(one, {}).get(other) for other, one in pairwise(circle)]
        return next((word for word in words if word is not None and word not in _BESIDE), "")
    return None


def _follow(schema: Mapping[str, Any]) -> Beside:
    """Look up every reference as the check of a form does; nothing is fetched."""
    root = DRAFT202012.create_resource(schema)
    ahead: list[tuple[Any, Any]] = [(root, EMPTY_REGISTRY.resolver_with_root(root))]
    seen, beside = {id(schema)}, Beside()
    while ahead:
        part, resolver = ahead.pop()
        if isinstance(part.contents, bool):
            continue
        reached = [(each, resolver.in_subresource(each)) for each in part.subresources()]
        near = beside[id(part.contents)] = _beside(part.contents)
        for ref in (part.contents[word] for word in _REFERENCES if word in part.contents):
            found = resolver.lookup(ref)
            near[id(found.contents)] = ref
            if id(found.contents) not in seen:
                Draft202012Validator.check_schema(found.contents)
            reached.append((DRAFT202012.create_resource(found.contents), found.resolver))
        ahead += [each for each in reached if id(each[0].contents) not in seen]
        seen.update(id(each.contents) for each, _ in reached)
    return beside


def _beside(contents: Mapping[str, Any]) -> dict[int, str]:
    """The parts right in this one that are checked against the same value."""
    found: dict[int, str] = {}
    for word in contents.keys() & _BESIDE:
        held = contents[word]
        several = held if isinstance(held, list) else held.values() if word == _OF_FIELDS else [held]
        found |= {id(each): word for each in several if isinstance(each, dict)}
    return found


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
