"""RFC 9457 problems from a committed catalogue: a stable code, its status, and what to say in Vietnamese and English."""

from __future__ import annotations

import inspect
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeAlias
from urllib.parse import quote

import orjson
from fastapi import Request
from fastapi.responses import Response
from opentelemetry import trace

from shared.kernel import Refused
from shared.law.zone import local
from shared.web.language import Language, preferred

MEDIA_TYPE = "application/problem+json"
_DATA = Path(__file__).parent / "data" / "problems.toml"
_SERVER_ERROR = 500
_PLAIN_IN_PATHS = "/:@!$&'()*+,;=~"
"""What stands for itself in a path (RFC 3986 section 3.3)."""

Texts: TypeAlias = Path | Mapping[str, Any]
"""A service's own problem texts: a TOML file, or its content."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the catalogue; `advice` says what to do."""

    code: str
    status: int
    title: Mapping[str, str] = field(default_factory=dict)
    detail: Mapping[str, str] = field(default_factory=dict)
    advice: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, language: Language, facts: Mapping[str, Any]) -> str:
        """Detail and advice, with the facts of this occurrence in place."""
        parts = (self.detail.get(language, ""), self.advice.get(language, ""))
        return " ".join(part for part in parts if part).format_map(_Facts(facts))


class _Facts(dict[str, Any]):
    """Facts for a sentence; one that is not there leaves an ellipsis instead of an error."""

    def __missing__(self, key: str) -> str:
        return "…"


Catalogue: TypeAlias = Mapping[str, Entry]


def _entries(texts: Texts) -> dict[str, Entry]:
    raw = tomllib.loads(texts.read_text(encoding="utf-8")) if isinstance(texts, Path) else texts
    return {code: Entry(code, **{"status": Refused.status, **row}) for code, row in raw.items()}


@lru_cache(maxsize=1)
def base_catalogue() -> Catalogue:
    """The problems every service shares."""
    return _entries(_DATA)


def catalogue(own: Texts | None = None) -> Catalogue:
    """The shared problems and a service's own."""
    return {**base_catalogue(), **(_entries(own) if own else {})}


def refusal_classes(package: str) -> list[type[Refused]]:
    """Every refusal class defined in the loaded modules of this package."""
    modules = [module for name, module in sys.modules.items() if name == package or name.startswith(f"{package}.")]
    found = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Refused)
    }
    return sorted((cls for cls in found if cls.__module__.startswith(package)), key=lambda cls: cls.__qualname__)


def missing_problem_texts(classes: Iterable[type[Refused]], own: Texts | None = None) -> list[str]:
    """Codes without a title or detail in one of the languages; a docstring serves as the English detail."""
    known = catalogue(own)
    return [f"{cls().code}: {part}" for cls in classes for part in _missing(known.get(cls().code), cls)]


def _missing(entry: Entry | None, cls: type[Refused]) -> list[str]:
    title, detail = (entry.title, entry.detail) if entry else ({}, {})
    wanted = {
        "title.vi": title.get("vi"),
        "title.en": title.get("en"),
        "detail.vi": detail.get("vi"),
        "detail.en": detail.get("en") or cls.__doc__,
    }
    return [name for name, text in wanted.items() if not text]


def trace_id() -> str | None:
    """The current trace's id in hexadecimal."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def language_of(request: Request) -> Language:
    """The language of this request's problem."""
    return preferred(request.headers.get("accept-language", ""))


def entry_of(request: Request, code: str) -> Entry:
    """The catalogue's row for this code; an unknown one gets the plain words of a refusal."""
    app = request.scope.get("app")
    known: Catalogue = getattr(app.state, "catalogue", base_catalogue()) if app is not None else base_catalogue()
    return known.get(code) or Entry(code, Refused.status)


def problem(
    request: Request,
    code: str,
    *,
    status: int | None = None,
    detail: str | None = None,
    facts: Mapping[str, Any] | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    traced: str | None = None,
) -> Response:
    """The answer to a request that failed; `detail` replaces the catalogue's sentence."""
    language, entry = language_of(request), entry_of(request, code)
    status = status or entry.status
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": entry.title.get(language) or base_catalogue()["refused"].title[language],
        "status": status,
        "detail": detail or entry.sentence(language, facts or {}),
        "instance": quote(request.scope["path"], safe=_PLAIN_IN_PATHS),
        "code": code,
    }
    if errors:
        body["errors"] = errors
    if facts:
        body["facts"] = facts
    if identifier := traced or trace_id() or (token_hex(16) if status >= _SERVER_ERROR else None):
        body["trace_id"] = identifier
    spoken = {"content-language": language, "vary": "Accept-Language", **(headers or {})}
    return Response(
        orjson.dumps(body, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME), status, spoken, MEDIA_TYPE
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return local(value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else str(value)
