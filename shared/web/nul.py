"""PostgreSQL text cannot hold a NUL character: a request with one is refused by name, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

_WITH_BODY = {"POST", "PUT", "PATCH"}


async def refuse_nul(request: Request) -> None:
    """A dependency of every route; raises the 422 of a wrong field."""
    places: list[tuple[str | int, ...]] = [*_in_address(request)]
    if request.method in _WITH_BODY and "json" in request.headers.get("content-type", ""):
        body = await request.body()
        if b"\\u0000" in body or b"\0" in body:
            places += [("body", *path) for path in _in_json(await request.json(), ())]
            if not places:
                raise HTTPException(400)  # UTF-16 or UTF-32: JSON travels as UTF-8 (RFC 8259 section 8.1)
    if places:
        raise RequestValidationError([{"type": "nul-character", "loc": place, "msg": ""} for place in places])


def _in_address(request: Request) -> Iterator[tuple[str, ...]]:
    if "\0" in request.scope["path"]:
        yield ("path",)
    if b"%00" in request.scope["query_string"]:
        yield from (
            ("query", name.replace("\0", ""))
            for name, value in request.query_params.multi_items()
            if "\0" in name + value
        )


def _in_json(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str) and "\0" in value:
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            if "\0" in name:
                yield path
            yield from _in_json(inner, (*path, name.replace("\0", "")))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _in_json(inner, (*path, index))
