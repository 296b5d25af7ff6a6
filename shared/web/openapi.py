"""The OpenAPI 3.1 document of a service: problems instead of the framework's own errors, rights, and our headers."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from shared.web.auth import SCHEME, dependencies_of
from shared.web.operations import Describes, Operation, fails, problem_response

_ERROR = {
    "type": "object",
    "required": ["in", "pointer", "detail", "code"],
    "properties": {
        "in": {"type": "string", "examples": ["body", "query", "path", "header"]},
        "pointer": {
            "type": "string",
            "description": "JSON Pointer (RFC 6901) to the value.",
            "examples": ["/submitter/name"],
        },
        "detail": {"type": "string"},
        "code": {"type": "string", "examples": ["missing", "too-long"]},
    },
}
PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457); `code` is stable, `title` and `detail` follow Accept-Language (vi, en).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "examples": ["/problems/not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "code": {"type": "string", "examples": ["not-found", "stale", "invalid"]},
        "errors": {"type": "array", "items": _ERROR},
        "facts": {
            "type": "object",
            "description": "What the sentence speaks of, for programs.",
            "additionalProperties": True,
        },
        "trace_id": {"type": "string", "description": "Tell it to the operators."},
    },
}


def document(app: FastAPI) -> dict[str, Any]:
    """Build the document from the app's routes."""
    schema = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        servers=app.servers,
    )
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM
    components["securitySchemes"] = {SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute) and context.include_in_schema:
            for method in context.methods or ():
                _complete(schema["paths"][context.path_format][method.lower()], context)
    return schema


def _complete(operation: Operation, context: Any) -> None:
    operation["operationId"] = context.name
    if "422" in operation["responses"]:
        operation["responses"]["422"] = problem_response(
            "Some information is not right; each place is named in `errors`."
        )
    for call in dependencies_of(context):
        if isinstance(call, Describes):
            call.describe(operation)
    if "{" in context.path_format:
        fails(operation, s404="No such resource, or it is not for you.")
    if "requestBody" in operation:
        fails(operation, s400="The body cannot be read.", s413="The body is too large.", s415="The body must be JSON.")
    if "422" in operation["responses"]:
        fails(operation, s422="Some information is not right.")
    operation["responses"]["default"] = problem_response("Any other problem; 503 carries Retry-After.")
    operation["responses"] = dict(sorted(operation["responses"].items()))
