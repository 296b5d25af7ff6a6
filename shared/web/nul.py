"""PostgreSQL text cannot hold a NUL character: a command with one anywhere is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError

Path = tuple[str | int, ...]


def refuse_nul(body: bytes) -> None:
    """Raise the 422 of a wrong field for each string of a JSON body with a NUL character."""
    if b"\\u0000" not in body:
        return
    try:
        found = [*_places(orjson.loads(body), ())]
    except orjson.JSONDecodeError:
        return  # a body that is not JSON meets the route's own validation
    if found:
        raise RequestValidationError([{"type": "nul-character", "loc": ("body", *path), "msg": ""} for path in found])


def _places(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, str) and "\0" in value:
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            if "\0" in name:
                yield path
            yield from _places(inner, (*path, name.replace("\0", "")))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places(inner, (*path, index))
