"""Pages of a list: opaque signed cursors over sort values, bound to the filters they were made for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

import orjson
from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field

from shared.web.door import door_of
from shared.web.refusals import BadCursor

Item = TypeVar("Item")
Row = TypeVar("Row")

_MAC = 16
_PAGING = {"cursor", "limit"}
_LONGEST = 1000


class Page(BaseModel, Generic[Item]):
    """One page of a list; follow `next` and `prev` as they are."""

    model_config = ConfigDict(populate_by_name=True)

    items: list[Item]
    next: str | None = None
    prev: str | None = None
    here: str = Field(alias="self")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after (or before, going back) the row with these sort values."""

    values: tuple[Any, ...]
    back: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """Writes and reads cursors with one key."""

    key: bytes

    def encode(self, place: Place, asked: object) -> str:
        """The cursor's text; sort values are text, numbers, None, UUIDs or instants (the last two are read back as text)."""
        body = orjson.dumps([place.back, *place.values])
        return base64.urlsafe_b64encode(self._mac(body, asked) + body).rstrip(b"=").decode()

    def decode(self, text: str, asked: object) -> Place:
        """Read a cursor back; `BadCursor` when it is damaged or was made for another question (list and filters)."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise BadCursor from None
        mac, body = raw[:_MAC], raw[_MAC:]
        if len(text) > _LONGEST or not compare_digest(mac, self._mac(body, asked)):
            raise BadCursor
        back, *values = orjson.loads(body)
        return Place(tuple(values), back)

    def _mac(self, body: bytes, asked: object) -> bytes:
        question = sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).digest()
        return digest(self.key, b"cursor" + question + body, "sha256")[:_MAC]


@dataclass(frozen=True, slots=True)
class Paging:
    """What a list route hands to its store (`place`, `fetch`) and how it turns the rows into a page."""

    cursor: Cursor
    path: str
    filters: Mapping[str, Any]
    limit: int
    place: Place | None
    asked: str | None

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than shown tells whether there are more."""
        return self.limit + 1

    @property
    def after(self) -> tuple[Any, ...] | None:
        """Sort values to start from; None on the first page."""
        return self.place.values if self.place else None

    @property
    def back(self) -> bool:
        """Whether to read towards the beginning (rows in descending order of the list)."""
        return self.place is not None and self.place.back

    def page(self, rows: Sequence[Row], key: Callable[[Row], Sequence[Any]], show: Callable[[Row], Item]) -> Page[Item]:
        """A page of rows read in reading direction (`fetch` of them at most); `key` gives a row's sort values."""
        more, kept = len(rows) > self.limit, list(rows[: self.limit])
        if self.back:
            kept.reverse()
        ahead, behind = (True, more) if self.back else (more, self.place is not None)
        return Page(
            items=[show(row) for row in kept],
            next=self._url(Place(tuple(key(kept[-1])))) if kept and ahead else None,
            prev=self._url(Place(tuple(key(kept[0])), back=True)) if kept and behind else None,
            here=self._link(self.asked),
        )

    def _url(self, place: Place) -> str:
        return self._link(self.cursor.encode(place, [self.path, self.filters]))

    def _link(self, cursor: str | None) -> str:
        pairs = [(name, value) for name, values in self.filters.items() for value in values]
        return f"{self.path}?{urlencode([*pairs, ('limit', self.limit), *([('cursor', cursor)] if cursor else [])])}"


async def paging(
    request: Request,
    cursor: Annotated[
        str | None, Query(description="From `next` or `prev` of another page.", max_length=_LONGEST)
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Items per page.")] = 50,
) -> Paging:
    """A dependency of list routes; raises `BadCursor`."""
    query = request.query_params
    filters = {name: query.getlist(name) for name in sorted(query.keys()) if name not in _PAGING}
    reader = Cursor(door_of(request).keys.cursor)
    path = request.scope["path"]
    place = reader.decode(cursor, [path, filters]) if cursor is not None else None
    return Paging(reader, path, filters, limit, place, cursor)
