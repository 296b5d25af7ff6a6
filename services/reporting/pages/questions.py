"""A filter as a page's address, read back and told in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from services.reporting import domain
from services.reporting.domain import CaseFilter, Filter
from shared.web.pages.writing import day_text

LISTS: Final[Mapping[type, str]] = {Filter: "/ho-so", CaseFilter: "/vu-viec"}
Asked = TypeVar("Asked", Filter, CaseFilter)
_CODE: Final = re.compile(r"[0-9A-Za-z._-]{1,60}")
_WORD: Final = re.compile(r"[a-z-]{1,40}")


def address(asked: Filter | CaseFilter, **also: str) -> str:
    """The page of the list behind a figure."""
    pairs = [*also.items(), *(pair for pair in asked.pairs() if pair[0] not in also)]
    path = LISTS[type(asked)]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def read(kind: type[Asked], query: QueryParams) -> Asked:
    """The filter of an address; raises `BadQuestion` where a value cannot be understood."""
    values: dict[str, Any] = {}
    for each in fields(kind):
        if given := [text for text in query.getlist(each.name) if text]:
            try:
                values[each.name] = _READ[str(each.type)](given)
            except ValueError:
                raise domain.BadQuestion(field=each.name) from None
    return kind(**values)


def _one(given: list[str]) -> str:
    if not _CODE.fullmatch(given[0]):
        raise ValueError(given[0])
    return given[0]


def _many(given: list[str]) -> tuple[str, ...]:
    if not all(map(_WORD.fullmatch, given)):
        raise ValueError(given)
    return tuple(given)


def _truth(given: list[str]) -> bool:
    return {"true": True, "false": False}[given[0]] if given[0] in {"true", "false"} else bool(int(given[0]))


_READ: Final[Mapping[str, Callable[[list[str]], Any]]] = {
    "str | None": _one,
    "tuple[str, ...]": _many,
    "bool | None": _truth,
    "date | None": lambda given: date.fromisoformat(given[0]),
}


def told(asked: Filter | CaseFilter, words: Mapping[str, str], names: Mapping[str, str]) -> list[str]:
    """What a list is of, part by part."""
    parts = []
    for each in fields(asked):
        value = getattr(asked, each.name)
        if value is None or value == ():
            continue
        parts.append(_part(each.name, value, words, names))
    return parts


def _part(name: str, value: Any, words: Mapping[str, str], names: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return words[f"asked-{name}-{'yes' if value else 'no'}"]
    if isinstance(value, date):
        return words[f"asked-{name}"].format(value=day_text(value))
    if isinstance(value, tuple):
        return words[f"asked-{name}"].format(value=", ".join(words.get(f"asked-{name}.{each}", each) for each in value))
    return words[f"asked-{name}"].format(value=names.get(value, value))
