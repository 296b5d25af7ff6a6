"""Types for schemas: instants with an offset, days a person could mean, and text that is clean Unicode."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, PlainSerializer
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from shared.law.zone import local

_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_FULL_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)?")


def _written_as_text(value: object) -> object:
    # pydantic also reads numbers as seconds since 1970; on the wire an instant is RFC 3339 text and nothing else
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        return value
    raise PydanticCustomError("bad-instant", "not an RFC 3339 instant")


def _with_offset(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise PydanticCustomError("instant-without-offset", "the instant has no offset")
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise PydanticCustomError("instant-out-of-range", "the year is out of range")
    return value


def _written(value: datetime) -> str:
    return local(value).isoformat()


Instant = Annotated[
    datetime,
    BeforeValidator(_written_as_text),
    AfterValidator(_with_offset),
    PlainSerializer(_written, return_type=str, when_used="json"),
]
"""RFC 3339 with an offset on the way in; `+07:00` on the way out."""


def _full_date(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _FULL_DATE.fullmatch(value)):
        return value
    raise PydanticCustomError("bad-date", "not an RFC 3339 full-date")


def _near(value: date) -> date:
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise PydanticCustomError("instant-out-of-range", "the year is out of range")
    return value


Day = Annotated[date, BeforeValidator(_full_date), AfterValidator(_near)]
"""A day a person could mean; the year 1 would overflow a calendar, or keep it counting for a while."""


@dataclass(frozen=True, slots=True)
class Text:
    """Metadata for `Annotated[str, text(...)]`: NFC, trimmed, no NUL, of limited length."""

    max_length: int
    min_length: int
    pattern: str | None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Clean first, then measure: a composed letter counts once however it was typed."""
        plain = core_schema.str_schema(min_length=self.min_length, max_length=self.max_length, pattern=self.pattern)
        return core_schema.no_info_before_validator_function(_clean, plain)


def text(*, max_length: int, min_length: int = 1, pattern: str | None = None) -> Text:
    """Limit and clean a string; stands beside `str` inside `Annotated`."""
    return Text(max_length, min_length, pattern)


def _clean(value: object) -> object:
    if not isinstance(value, str):
        return value
    if "\0" in value:
        raise PydanticCustomError("nul-character", "a NUL character")
    return (value if value.isascii() else unicodedata.normalize("NFC", value)).strip()
