"""Pages of a list, and cursors nobody can forge."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.cursor import Cursor, Place
from shared.web.refusals import BadCursor

LIST = "/intake/v1/dossiers"
CURSOR = Cursor(b"k" * 32)


def _numbers(page: dict[str, Any]) -> list[int]:
    return [item["n"] for item in page["items"]]


async def _walk(client: httpx.AsyncClient, start: str, direction: str) -> list[list[int]]:
    pages, url = [], start
    while url:
        page = (await client.get(url)).json()
        pages.append(_numbers(page))
        url = page[direction]
    return pages


async def test_following_next_shows_every_row_once(client: httpx.AsyncClient) -> None:
    assert await _walk(client, f"{LIST}?limit=3", "next") == [[1, 2, 3], [4, 5, 6], [7]]


async def test_following_prev_from_the_end_comes_back_to_the_start(client: httpx.AsyncClient) -> None:
    page = (await client.get(f"{LIST}?limit=3")).json()
    while page["next"]:
        page = (await client.get(page["next"])).json()
    assert await _walk(client, page["self"], "prev") == [[7], [4, 5, 6], [1, 2, 3]]


async def test_going_back_one_page_offers_the_next_again(client: httpx.AsyncClient) -> None:
    second = (await client.get((await client.get(f"{LIST}?limit=3")).json()["next"])).json()
    first = (await client.get(second["prev"])).json()
    assert _numbers(first) == [1, 2, 3]
    assert first["prev"] is None
    assert _numbers((await client.get(first["next"])).json()) == [4, 5, 6]


async def test_filters_travel_with_the_links(client: httpx.AsyncClient) -> None:
    assert await _walk(client, f"{LIST}?limit=2&state=odd", "next") == [[1, 3], [5, 7]]


async def test_a_page_names_itself(client: httpx.AsyncClient) -> None:
    page = (await client.get(f"{LIST}?state=odd&limit=2")).json()
    assert page["self"] == f"{LIST}?state=odd&limit=2"
    assert (await client.get(page["self"])).json() == page


async def test_a_short_list_has_no_other_pages(client: httpx.AsyncClient) -> None:
    page = (await client.get(LIST)).json()
    assert (_numbers(page), page["next"], page["prev"]) == ([1, 2, 3, 4, 5, 6, 7], None, None)


async def test_a_cursor_of_other_filters_is_refused(client: httpx.AsyncClient) -> None:
    url = (await client.get(f"{LIST}?limit=2&state=odd")).json()["next"]
    for other in (url.replace("state=odd", "state=even"), url.replace("state=odd&", "")):
        answer = await client.get(other)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor")


async def test_a_cursor_stays_good_with_another_limit(client: httpx.AsyncClient) -> None:
    url = (await client.get(f"{LIST}?limit=2")).json()["next"]
    assert _numbers((await client.get(url.replace("limit=2", "limit=4"))).json()) == [3, 4, 5, 6]


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", "!!!", "é", "a" * 999, base64.urlsafe_b64encode(b"\0" * 40).decode()]
)
async def test_a_cursor_made_up_is_400(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.get(LIST, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many", "1e3"])
async def test_a_limit_outside_1_to_200_is_refused_by_name(client: httpx.AsyncClient, limit: str) -> None:
    answer = await client.get(LIST, params={"limit": limit})
    assert answer.status_code == 422
    assert (answer.json()["errors"][0]["in"], answer.json()["errors"][0]["pointer"]) == ("query", "/limit")


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=7))
def test_any_changed_bit_is_noticed(position: int, bit: int) -> None:
    text = CURSOR.encode(Place(("2026-11-23", 5)), ["/a", {}])
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[position % len(raw)] ^= 1 << bit
    with pytest.raises(BadCursor):
        CURSOR.decode(base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode(), ["/a", {}])


@given(st.lists(st.none() | st.integers(-(2**53), 2**53) | st.text(max_size=20), max_size=4), st.booleans())
def test_sort_values_come_back_as_they_went(values: list[Any], back: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    place = Place(tuple(values), back)
    assert CURSOR.decode(CURSOR.encode(place, "q"), "q") == place


def test_instants_and_ids_come_back_as_text() -> None:
    at, id_ = datetime(2026, 11, 23, 8, 15, tzinfo=UTC), UUID(int=5)
    assert CURSOR.decode(CURSOR.encode(Place((at, id_)), "q"), "q").values == (at.isoformat(), str(id_))


def test_a_cursor_of_another_key_or_list_is_refused() -> None:
    text = CURSOR.encode(Place((1,)), ["/a", {}])
    with pytest.raises(BadCursor):
        Cursor(b"l" * 32).decode(text, ["/a", {}])
    with pytest.raises(BadCursor):
        CURSOR.decode(text, ["/b", {}])
