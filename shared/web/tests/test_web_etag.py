"""Versions: 428 without one, 412 with an old one, 304 with the present one."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest

from shared.web.devissuer import DevIssuer

ADDRESS = f"/intake/v1/dossiers/{UUID(int=7)}"


async def _correct(client: httpx.AsyncClient, clerk: dict[str, str], if_match: str | None) -> httpx.Response:
    return await client.put(ADDRESS, headers={**clerk, **({"if-match": if_match} if if_match is not None else {})})


async def test_a_change_without_a_version_is_428(client: httpx.AsyncClient, clerk: dict[str, str]) -> None:
    answer = await _correct(client, clerk, None)
    assert (answer.status_code, answer.json()["code"]) == (428, "precondition-required")


async def test_a_change_of_an_old_version_is_412(client: httpx.AsyncClient, clerk: dict[str, str]) -> None:
    answer = await _correct(client, clerk, '"2"')
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")


async def test_a_change_of_the_present_version_is_done(client: httpx.AsyncClient, clerk: dict[str, str]) -> None:
    assert (await _correct(client, clerk, '"3"')).json()["seen"] == 3


@pytest.mark.parametrize("tag", ["3", 'W/"3"', '"three"', '"3", "4"', "*", '""', '"-1"', '"99999999999999999999"'])
async def test_anything_but_one_strong_version_is_400(
    client: httpx.AsyncClient, clerk: dict[str, str], tag: str
) -> None:
    answer = await _correct(client, clerk, tag)
    assert (answer.status_code, answer.json()["code"]) == (400, "if-match-malformed")


async def test_a_citizens_act_may_say_star(client: httpx.AsyncClient, issuer: DevIssuer) -> None:
    headers = {"authorization": f"Bearer {issuer.token('citizen')}"}
    answers = [
        await client.post("/intake/v1/dossiers/a/withdraw", headers={**headers, "if-match": tag})
        for tag in ("*", '"5"')
    ]
    assert [answer.json()["seen"] for answer in answers] == [None, 5]
    assert (await client.post("/intake/v1/dossiers/a/withdraw", headers=headers)).status_code == 428


@pytest.mark.parametrize("tags", ['"3"', 'W/"3"', '"1", "3"', "*"])
async def test_a_reader_who_has_this_version_gets_304_and_no_body(client: httpx.AsyncClient, tags: str) -> None:
    answer = await client.get(ADDRESS, headers={"if-none-match": tags})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"3"')


@pytest.mark.parametrize("headers", [{}, {"if-none-match": '"2"'}])
async def test_a_reader_who_has_another_version_gets_all(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.get(ADDRESS, headers=headers)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"3"')


async def test_a_path_that_is_no_uuid_is_named(client: httpx.AsyncClient, clerk: dict[str, str]) -> None:
    answer = await client.put("/intake/v1/dossiers/7", headers={**clerk, "if-match": '"3"'})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "bad-uuid"
    assert answer.json()["errors"][0]["in"] == "path"
