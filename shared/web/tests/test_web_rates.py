"""Rates by setting: a principal's own, an address's own, refused before any work is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.settings import Keys, Settings
from shared.web.app import service_app
from shared.web.devissuer import DevIssuer
from shared.web.door import open_door
from shared.web.limits import Buckets, Limited
from shared.web.tests.service import ROUTER, Shelf
from shared.web.tests.test_web_limits import Seconds

WHOAMI = "/v1/whoami"


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, rate_principal="3/6", rate_address="5/60")


@pytest.fixture
def rated(settings: Settings, keys: Keys, seconds: Seconds) -> FastAPI:
    app = service_app("intake", title="Intake", description="", routers=[ROUTER], door=open_door(settings, keys))
    app.state.shelf, app.state.buckets = Shelf(), Buckets(seconds)
    return app


@pytest.fixture
def http(rated: FastAPI) -> httpx.AsyncClient:
    return _from(rated, "10.0.0.1")


def _from(app: FastAPI, address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(address, 1)), base_url="http://test")


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_a_stranger_is_counted_by_address_and_hears_when_to_come_again(
    http: httpx.AsyncClient, seconds: Seconds
) -> None:
    answers = [await http.get("/v1/dossiers") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert [answer.headers["ratelimit"] for answer in answers[3:5]] == ['"address";r=1;t=48', '"address";r=0;t=60']
    assert answers[5].headers["ratelimit"] == '"address";r=0;t=60'
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"address";q=5;w=60'}
    refused = answers[5]
    assert (refused.headers["retry-after"], refused.headers["cache-control"]) == ("12", "no-store")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["facts"] == {"retry_after_seconds": 12, "violated_policies": ["address"]}
    seconds.now += 12
    assert (await http.get("/v1/dossiers")).status_code == 200


async def test_another_address_has_a_rate_of_its_own(http: httpx.AsyncClient, rated: FastAPI) -> None:
    for _ in range(6):
        last = await http.get("/v1/dossiers")
    assert last.status_code == 429
    assert (await _from(rated, "10.0.0.2").get("/v1/dossiers")).status_code == 200


async def test_a_principal_is_counted_wherever_and_with_whatever_token_it_comes(
    http: httpx.AsyncClient, rated: FastAPI, issuer: DevIssuer
) -> None:
    tokens = [issuer.token("clerk", subject="u1", ttl=ttl) for ttl in (60, 120)]
    first = [await http.get(WHOAMI, headers=_bearer(token)) for token in tokens]
    assert {answer.headers["ratelimit-policy"] for answer in first} == {'"address";q=5;w=60'}
    elsewhere = _from(rated, "10.0.0.2")
    later = [await client.get(WHOAMI, headers=_bearer(tokens[n % 2])) for n, client in enumerate([http, elsewhere] * 2)]
    assert [answer.status_code for answer in later] == [200, 200, 200, 429]
    assert later[3].json()["facts"]["violated_policies"] == ["principal"]
    other = issuer.token("clerk", subject="u2")
    assert [(await http.get(WHOAMI, headers=_bearer(other))).status_code for _ in range(4)] == [200] * 4


async def test_invented_tokens_share_the_address_they_come_from(http: httpx.AsyncClient) -> None:
    answers = [await http.get(WHOAMI, headers=_bearer(f"{n}.b.c")) for n in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


async def test_the_refusal_comes_before_the_body_is_read(rated: FastAPI) -> None:
    for _ in range(5):
        await _from(rated, "10.0.0.1").get("/v1/dossiers")
    pieces, sent = iter([b"x" * 1000]), []

    async def receive() -> Any:
        return {"type": "http.request", "body": next(pieces), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/v1/dossiers", "raw_path": b"/v1/dossiers", "query_string": b"",
        "headers": [(b"content-type", b"application/json")], "client": ("10.0.0.1", 1), "server": ("test", 80), "scheme": "http",
    }  # fmt: skip
    await rated(scope, receive, send)
    assert sent[0]["status"] == 429
    assert next(pieces) == b"x" * 1000


async def test_a_limit_of_the_route_stands_beside_the_rate(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/lookups")
    assert answer.headers["ratelimit-policy"] == '"lookups";q=2;w=20, "address";q=5;w=60'
    assert answer.headers["ratelimit"] == '"lookups";r=1;t=10, "address";r=4;t=12'


@pytest.mark.parametrize(
    ("rates", "policies"),
    [
        ({}, [None, None]),
        ({"rate_principal": "9/9"}, [None, '"principal";q=9;w=9']),
        ({"rate_address": "3/7"}, ['"address";q=3;w=7', None]),
    ],
)
async def test_what_no_setting_limits_is_not_limited(
    tmp_path: Path, keys: Keys, issuer: DevIssuer, rates: dict[str, str], policies: list[str | None]
) -> None:
    door = open_door(Settings(home=tmp_path, **rates), keys)  # type: ignore[arg-type]  # texts for texts
    app = service_app("intake", title="Intake", description="", routers=[ROUTER], door=door)
    app.state.shelf = Shelf()
    http, me = _from(app, "10.0.0.1"), _bearer(issuer.token("clerk"))
    await http.get(WHOAMI, headers=me)
    answers = [await http.get("/v1/dossiers"), await http.get(WHOAMI, headers=me)]
    assert [answer.headers.get("ratelimit-policy") for answer in answers] == policies


def test_a_window_is_told_as_it_was_set() -> None:
    for most, window in ((3, 7), (600, 60), (7, 3), (1, 86_400)):
        assert Limited("a", most * 60 / window, most).headers(0)["ratelimit-policy"] == f'"a";q={most};w={window}'
