"""Scripts of another origin read our answers only where a setting names that origin."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from shared.settings import Keys, Settings
from shared.web.app import service_app
from shared.web.door import open_door
from shared.web.tests.service import ROUTER

APP, OTHER = "https://app.example", "https://evil.example"
PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,idempotency-key,if-match"}  # fmt: skip


def _service(home: Path, keys: Keys, origins: str, **more: str) -> httpx.AsyncClient:
    door = open_door(Settings(home=home, cors_origins=origins, **more), keys)  # type: ignore[arg-type]  # texts for texts
    app = service_app("intake", title="Intake", description="", routers=[ROUTER], door=door)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.fixture
def http(tmp_path: Path, keys: Keys) -> httpx.AsyncClient:
    return _service(tmp_path, keys, f"{APP}, https://m.example:8443")


async def test_without_the_setting_no_origin_is_told_anything(tmp_path: Path, keys: Keys) -> None:
    closed = _service(tmp_path, keys, "")
    answer = await closed.get("/v1/dossiers", headers={"origin": APP})
    preflight = await closed.options("/v1/dossiers", headers={"origin": APP, **PREFLIGHT})
    assert (answer.status_code, preflight.status_code) == (200, 405)
    assert not [name for each in (answer, preflight) for name in each.headers if name.startswith("access-control")]


@pytest.mark.parametrize("origin", [APP, "https://m.example:8443"])
async def test_a_preflight_of_a_named_origin_learns_what_it_may_send(http: httpx.AsyncClient, origin: str) -> None:
    answer = await http.options("/v1/dossiers", headers={"origin": origin, **PREFLIGHT})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
    assert answer.headers["access-control-allow-methods"] == "GET, POST, PUT, PATCH, DELETE"
    assert {"Authorization", "Content-Type", "Idempotency-Key", "If-Match"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )
    assert answer.headers["access-control-max-age"] == "600"
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_preflight_of_any_other_origin_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.options("/v1/dossiers", headers={"origin": OTHER, **PREFLIGHT})
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers


async def test_an_answer_is_readable_for_a_named_origin_with_our_headers(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/dossiers/7", headers={"origin": APP})
    assert answer.headers["access-control-allow-origin"] == APP
    shown = set(answer.headers["access-control-expose-headers"].split(", "))
    assert {"ETag", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "Idempotent-Replayed"} <= shown
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-origin" not in (await http.get("/v1/dossiers/7", headers={"origin": OTHER})).headers


async def test_a_problem_is_readable_too_whoever_says_it(tmp_path: Path, keys: Keys) -> None:
    http = _service(tmp_path, keys, APP, rate_address="3/60")
    told = {"origin": APP}
    answers = [
        await http.get("/v1/whoami", headers=told),
        await http.get("/v1/nothing", headers=told),
        await http.put("/v1/files", content=b"x" * 5_000_000, headers=told),
        await http.get("/v1/dossiers", headers=told),
    ]
    assert [answer.status_code for answer in answers] == [401, 404, 413, 429]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {APP}
    assert {"Accept-Language", "Origin"} <= set(answers[0].headers["vary"].split(", "))
