"""Which of the two languages an answer speaks: Vietnamese, unless the client prefers English."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, TypeAlias

from fastapi import Request

Language: TypeAlias = Literal["vi", "en"]
_LONGEST_HEADER = 200


@lru_cache(maxsize=256)
def preferred(header: str) -> Language:
    """The language of an `Accept-Language` header; of two with equal weight, the one named first."""
    best: tuple[float, Language] = (0.0, "vi")
    for part in header[:_LONGEST_HEADER].split(","):
        name, _, weight = part.partition(";")
        spoken = _spoken(name.strip().lower())
        if spoken is not None and (quality := _quality(weight)) > best[0]:
            best = (quality, spoken)
    return best[1]


def _spoken(name: str) -> Language | None:
    primary = name.partition("-")[0]
    return "en" if primary == "en" else "vi" if primary in {"vi", "*"} else None


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


async def language(request: Request) -> Language:
    """A dependency: the language the client wants plain sentences in."""
    return preferred(request.headers.get("accept-language", ""))
