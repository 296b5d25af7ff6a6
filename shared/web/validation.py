"""pydantic's findings as sentences a person understands, with pointers; never the value that was sent."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from shared.web.language import Language

_DATA = Path(__file__).parent / "data" / "fields.toml"
_MOST_ERRORS = 50
_CHOICE = re.compile(r"'[^']*'|\b\d+\b")
"""pydantic lists what it expects in English: `'a', 'b' or 'c'`."""


@lru_cache(maxsize=1)
def _sentences() -> Mapping[str, Mapping[str, str]]:
    rows: dict[str, dict[str, str]] = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    return {kind: row for row in rows.values() for kind in row["kinds"].split()}


def pointer(parts: Sequence[object]) -> str:
    """An RFC 6901 JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def findings(errors: Sequence[Mapping[str, Any]], language: Language) -> list[dict[str, str]]:
    """`errors` of a problem: where, what is wrong, and a stable code."""
    return [_finding(error, language) for error in errors[:_MOST_ERRORS]]


def _finding(error: Mapping[str, Any], language: Language) -> dict[str, str]:
    place, *path = error["loc"] or ("body",)
    kind, context = error["type"], dict(error.get("ctx", {}))
    if kind == "json_invalid":
        context["position"], path = (path or ["?"])[0], []
    elif expected := context.get("expected", context.get("expected_tags")):
        context["choices"] = ", ".join(choice.strip("'") for choice in _CHOICE.findall(expected))
    return {
        "in": str(place),
        "pointer": pointer(path),
        "detail": _sentence(error, kind, context, language),
        "code": _code(kind),
    }


def _sentence(error: Mapping[str, Any], kind: str, context: Mapping[str, Any], language: Language) -> str:
    row = _sentences().get(kind)
    if row is not None:
        return row[language].format_map(_Context(context))
    own = context.get("error")
    return str(own) if isinstance(own, ValueError | AssertionError) else _fallback(error, kind, language)


def _fallback(error: Mapping[str, Any], kind: str, language: Language) -> str:
    # our own PydanticCustomError codes are kebab-case and their messages quote nothing; pydantic's own may quote input
    return str(error["msg"]) if "-" in kind else _sentences()["*"][language]


def _code(kind: str) -> str:
    row = _sentences().get(kind)
    return row["code"] if row is not None else kind.replace("_", "-")


class _Context(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"
