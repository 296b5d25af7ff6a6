"""Words for the OpenAPI document: a dependency of the door describes itself with these."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, runtime_checkable

Operation: TypeAlias = dict[str, Any]
"""An OpenAPI operation object."""


@runtime_checkable
class Describes(Protocol):
    """A dependency that adds its headers and problems to the operations using it."""

    def describe(self, operation: Operation) -> None:
        """Change the operation in place."""


def takes_header(
    operation: Operation,
    name: str,
    description: str,
    *,
    example: str,
    required: bool = True,
    pattern: str | None = None,
) -> None:
    """The operation reads this request header; `pattern` is what it must look like."""
    row = {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string", **({"pattern": pattern} if pattern else {})},
        "example": example,
    }
    operation.setdefault("parameters", []).append(row)


def gives_header(operation: Operation, name: str, description: str) -> None:
    """The operation's good answers carry this response header."""
    for status, response in operation["responses"].items():
        if str(status).startswith("2"):
            response.setdefault("headers", {})[name] = {"description": description, "schema": {"type": "string"}}


def fails(operation: Operation, **statuses: str) -> None:
    """The operation may answer these problems: `fails(op, s404="Not found.")`."""
    for key, description in statuses.items():
        operation["responses"].setdefault(key.removeprefix("s"), problem_response(description))


def problem_response(description: str) -> dict[str, Any]:
    """A response object with problem+json."""
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
