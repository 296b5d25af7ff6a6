"""The OpenAPI 3.1 document of a service: problems instead of the framework's own errors, rights, and our headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from shared.web.auth import SCHEME, dependencies_of
from shared.web.cursor import paging
from shared.web.examples import example_of
from shared.web.operations import Describes, Operation, fails, gives_header, problem_response, takes_header
from shared.web.problems import Catalogue

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
PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "description": "An error (RFC 9457); `code` is stable, `title` and `detail` follow Accept-Language (vi, en).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "examples": ["/problems/not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "code": {"type": "string"},
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
    schemas["Problem"] = _problem(app.state.catalogue)
    schema["x-problems"] = _problems(app.state.catalogue)
    components["securitySchemes"] = {SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute) and context.include_in_schema:
            for method in context.methods or ():
                _complete(schema["paths"][context.path_format][method.lower()], context, schemas)
    if named := _tags(schema["paths"]):
        schema.setdefault("tags", [{"name": name} for name in named])
    return schema


def _problem(known: Catalogue) -> dict[str, Any]:
    """The schema of a problem, with every code this service knows; more may come."""
    code = {"type": "string", "examples": ["not-found", "stale", "invalid"], "x-extensible-enum": sorted(known)}
    return {**PROBLEM, "properties": {**PROBLEM["properties"], "code": code}}


def _problems(known: Catalogue) -> dict[str, Any]:
    """What each code means, for whoever writes a client; the same as the page `/problems/<code>` says."""
    return {code: {"status": known[code].status, "title": dict(known[code].title)} for code in sorted(known)}


def _tags(paths: Mapping[str, Any]) -> list[str]:
    return sorted({tag for item in paths.values() for operation in item.values() for tag in operation.get("tags", ())})


def _complete(operation: Operation, context: Any, schemas: Mapping[str, Any]) -> None:
    operation["operationId"] = context.name
    if "422" in operation["responses"]:
        operation["responses"]["422"] = problem_response(
            "Some information is not right; each place is named in `errors`."
        )
    _tell_problems(operation)
    for call in dependencies_of(context):
        if isinstance(call, Describes):
            call.describe(operation)
        if call is paging:
            fails(operation, s400="The cursor is damaged, or belongs to another list.")
    if "{" in context.path_format:
        fails(operation, s404="No such resource, or it is not for you.")
    if "requestBody" in operation:
        fails(operation, s400="The body cannot be read.", s413="The body is too large.", s415="The body must be JSON.")
        _exemplify(operation["requestBody"], schemas)
    if "422" in operation["responses"]:
        fails(operation, s422="Some information is not right.")
    if "GET" in context.methods and _is_versioned(operation, schemas):
        _revalidates(operation)
    _at_any_time(operation)
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _tell_problems(operation: Operation) -> None:
    """A route names its own refusals as `responses={404: {"description": ...}}`; that they are problems goes without saying."""
    for status, answer in operation["responses"].items():
        if status[0] in "45" and "content" not in answer:
            operation["responses"][status] = problem_response(answer["description"])


def _exemplify(body: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    for content in body["content"].values():
        example = example_of(content["schema"], schemas)
        if example is not None:
            content["example"] = example


def _is_versioned(operation: Operation, schemas: Mapping[str, Any]) -> bool:
    """Whether the answer is one resource with a version, which is its ETag."""
    schema = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return "version" in schemas.get(schema.get("$ref", "").rpartition("/")[2], {}).get("properties", {})


def _revalidates(operation: Operation) -> None:
    known = "The ETag you have; the answer is 304 and empty when it is still the version."
    takes_header(operation, "If-None-Match", known, example='"3"', required=False)
    gives_header(operation, "ETag", "The version, to be sent as If-Match with a change.")
    operation["responses"]["304"] = {"description": "You have this version already."}


def _at_any_time(operation: Operation) -> None:
    """What every operation may answer, whatever it does."""
    fails(
        operation,
        s429="Too many requests, of yours or of all together; nothing was done.",
        s500="A fault of ours; it has been recorded.",
        s503="Busy, or reconnecting to the store; nothing was changed half-way.",
    )
    for status in ("429", "503"):
        wait = {"description": "Seconds to wait before sending the same again.", "schema": {"type": "string"}}
        operation["responses"][status]["headers"] = {"Retry-After": wait}
    operation["responses"]["default"] = problem_response("Any other problem.")
