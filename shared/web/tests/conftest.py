"""One door, the small service behind it, and clients that speak to it in process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.settings import Keys, Settings
from shared.web.app import Probes, Readiness, root_app, service_app
from shared.web.devissuer import DevIssuer
from shared.web.door import open_door
from shared.web.tests.service import ROUTER, TEXTS, Shelf


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return settings.load_keys()


@pytest.fixture
def issuer(settings: Settings) -> DevIssuer:
    return DevIssuer.load_or_make(settings)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def app(settings: Settings, keys: Keys, shelf: Shelf) -> FastAPI:
    door = open_door(settings, keys)
    made = service_app("intake", title="Intake", description="For tests.", routers=[ROUTER], door=door, problems=TEXTS)
    made.state.shelf = shelf
    return made


@pytest.fixture
def readiness() -> dict[str, Any]:
    return {"answer": Readiness("ready", {"database": {"state": "ready"}}), "error": None, "asked": []}


@pytest.fixture
async def client(app: FastAPI, readiness: dict[str, Any]) -> AsyncIterator[httpx.AsyncClient]:
    async def ready(service: str | None) -> Readiness:
        readiness["asked"].append(service)
        if readiness["error"] is not None:
            raise readiness["error"]
        answer: Readiness = readiness["answer"]
        return answer

    root = root_app({"intake": app}, probes=Probes(ready, lambda: b"up 1\n"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(root), base_url="http://test") as http:
        yield http


@pytest.fixture
def clerk(issuer: DevIssuer) -> dict[str, str]:
    return {"authorization": f"Bearer {issuer.token('clerk', units=['19360'])}"}


@pytest.fixture
def body() -> dict[str, Any]:
    return {"summary": "Cấp giấy khai sinh", "received_at": "2026-11-23T01:15:00Z"}


@pytest.fixture
def submit(client: httpx.AsyncClient, clerk: dict[str, str]) -> Callable[..., Any]:
    """Submit a dossier: `await submit(body, key="a", **headers)`."""

    async def _submit(content: Any, *, key: str | None = "a", **headers: str) -> httpx.Response:
        sent = {**clerk, **({"idempotency-key": key} if key is not None else {}), **headers}
        if isinstance(content, bytes):
            return await client.post(
                "/intake/v1/dossiers", content=content, headers={"content-type": "application/json", **sent}
            )
        return await client.post("/intake/v1/dossiers", json=content, headers=sent)

    return _submit
