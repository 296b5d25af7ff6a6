"""What each role may call, and what is said to whoever may not."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from shared.kernel import Caller, Once, Principal
from shared.settings import Keys, Settings
from shared.web.app import service_app
from shared.web.auth import allow, caller, routes_without_right
from shared.web.devissuer import DevIssuer
from shared.web.door import open_door
from shared.web.tests.service import Shelf


async def _whoami(client: httpx.AsyncClient, authorization: str | None) -> httpx.Response:
    return await client.get(
        "/intake/v1/whoami", headers={"authorization": authorization} if authorization is not None else {}
    )


@pytest.mark.parametrize("authorization", [None, "", "Basic YTpi", "Bearer", "Bearer "])
async def test_without_a_token_it_is_401_and_says_how(client: httpx.AsyncClient, authorization: str | None) -> None:
    answer = await _whoami(client, authorization)
    assert (answer.status_code, answer.json()["code"]) == (401, "token-missing")
    assert answer.headers["www-authenticate"] == 'Bearer realm="gandan"'


async def test_a_bad_token_is_401_with_its_reason(client: httpx.AsyncClient, issuer: DevIssuer) -> None:
    invalid = await _whoami(client, "Bearer a.b.c")
    expired = await _whoami(client, f"bearer {issuer.token('clerk', ttl=-60)}")
    assert [(each.status_code, each.json()["code"]) for each in (invalid, expired)] == [
        (401, "token-invalid"),
        (401, "token-expired"),
    ]
    assert 'error="invalid_token"' in expired.headers["www-authenticate"]


async def test_a_token_of_another_province_is_403_over_http(client: httpx.AsyncClient, issuer: DevIssuer) -> None:
    answer = await _whoami(client, f"Bearer {replace(issuer, tenant='45').token('clerk')}")
    assert (answer.status_code, answer.json()["code"]) == (403, "other-tenant")


async def test_a_role_that_may_not_is_403_and_hears_which_may(
    client: httpx.AsyncClient, issuer: DevIssuer, body: dict[str, Any]
) -> None:
    headers = {"authorization": f"Bearer {issuer.token('inspector')}", "idempotency-key": "a", "accept-language": "en"}
    answer = await client.post("/intake/v1/dossiers", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")
    assert "citizen, clerk" in answer.json()["detail"]


async def test_the_right_is_asked_before_the_body_is_judged(client: httpx.AsyncClient, issuer: DevIssuer) -> None:
    headers = {"authorization": f"Bearer {issuer.token('inspector')}", "idempotency-key": "a"}
    assert (await client.post("/intake/v1/dossiers", json={}, headers=headers)).status_code == 403


async def test_the_acting_role_is_the_first_named_that_is_held(
    client: httpx.AsyncClient, issuer: DevIssuer, shelf: Shelf
) -> None:
    await _whoami(client, f"Bearer {issuer.token('head', 'clerk', subject='u7', units=['19360'])}")
    assert shelf.seen[0].subject == "u7"
    assert shelf.seen[0].may_act_for("19360")

    async def acting(*held: str) -> str:
        principal = Principal("u", frozenset(held))
        request: Any = type("R", (), {"headers": {"authorization": "Bearer x"}, "app": None})()
        right = allow("citizen", "clerk", "head")
        request.app = type("A", (), {"state": type("S", (), {"door": _DoorOf(principal)})})
        return (await right(request)).acting

    assert [await acting("head", "clerk"), await acting("head"), await acting("admin", "citizen", "head")] == [
        "clerk",
        "head",
        "citizen",
    ]


class _DoorOf:
    """A door whose every token is this principal's."""

    directory = None

    def __init__(self, principal: Principal) -> None:
        self._principal = principal
        self.verifier = self

    async def principal(self, _token: str) -> Principal:
        return self._principal


async def test_the_directory_replaces_the_rights_of_a_token(settings: Settings, keys: Keys, issuer: DevIssuer) -> None:
    async def directory(principal: Principal) -> Principal:
        return replace(principal, roles=frozenset({"head"}), units=frozenset({"19363"}))

    router = APIRouter(prefix="/v1")

    @router.get("/me")
    async def me(who: Annotated[Principal, Depends(allow("head"))]) -> dict[str, Any]:
        return {"units": sorted(who.units), "acting": who.acting}

    app = service_app(
        "x", title="X", description="", routers=[router], door=open_door(settings, keys, directory=directory)
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        answer = await http.get("/v1/me", headers={"authorization": f"Bearer {issuer.token('admin')}"})
    assert answer.json() == {"units": ["19363"], "acting": "head"}


def test_every_route_of_a_good_service_declares_its_right(app: FastAPI) -> None:
    assert routes_without_right(app) == []


def test_a_route_without_a_right_is_found(settings: Settings, keys: Keys) -> None:
    router = APIRouter(prefix="/v1")

    @router.get("/open")
    async def forgotten() -> dict[str, str]:
        return {}

    @router.post("/nested")
    async def nested(who: Annotated[str, Depends(_through_another)]) -> dict[str, str]:
        return {"who": who}

    app = service_app("x", title="X", description="", routers=[router], door=open_door(settings, keys))
    assert routes_without_right(app) == ["GET /v1/open"]


async def _through_another(who: Annotated[Principal, Depends(allow("clerk"))]) -> str:
    return who.subject


def test_a_right_for_an_unknown_role_is_a_mistake_in_the_code() -> None:
    with pytest.raises(ValueError, match="emperor"):
        allow("clerk", "emperor")


def test_a_caller_is_a_principal_with_its_key() -> None:
    who, key = Principal("u", frozenset()), Once("k", b"f")
    assert caller(who, key) == Caller(who, key)
