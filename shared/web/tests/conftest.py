"""One door, one small service with a route for each thing the door does, and clients that speak to it in process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.responses import StreamingResponse

from shared.kernel import Forbidden, IdempotencyMismatch, NotFound, Once, Principal, Refused, Repeated, Stale
from shared.settings import Keys, Settings
from shared.web.app import Probes, Readiness, root_app, service_app
from shared.web.auth import allow, public
from shared.web.cursor import Page, Paging, paging
from shared.web.devissuer import DevIssuer
from shared.web.door import Door, open_door
from shared.web.etag import revalidate, seen, seen_or_any
from shared.web.fields import Instant, text
from shared.web.idempotency import once, stamp
from shared.web.limits import limited


class AlreadySettled(Refused):
    """The dossier already has a result."""


class NotYourUnit(Forbidden):
    """The unit is not one of yours."""


class NewDossier(BaseModel):
    """What a clerk types."""

    model_config = ConfigDict(extra="forbid")

    summary: Annotated[str, text(max_length=20)]
    received_at: Instant
    count: int = 1
    notes: str = ""
    parts: list[str] = []


class DossierOut(BaseModel):
    """What the client sees, with a secret that is recomputed and never stored."""

    id: str
    version: int
    summary: str
    received_at: Instant
    secret: str


@dataclass
class Shelf:
    """The store of the little service: what was kept with each key, and what a route raises next."""

    kept: dict[str, tuple[bytes, bytes, int]] = field(default_factory=dict)
    seen: list[Any] = field(default_factory=list)
    next_error: Exception | None = None


def shown(answer: bytes, door: Door) -> DossierOut:
    snapshot = json.loads(answer)
    return DossierOut(**snapshot, secret=door.keys.lookup.hex()[:8])


SUBMITTERS = allow("citizen", "clerk")


def a_router(shelf: Shelf) -> APIRouter:
    router = APIRouter(prefix="/v1")

    @router.post("/dossiers", status_code=201)
    async def submit_dossier(
        body: NewDossier,
        _who: Annotated[Principal, Depends(SUBMITTERS)],
        key: Annotated[Once, Depends(once(201, render=shown, location="/v1/dossiers/{id}"))],
        request: Request,
        response: Response,
    ) -> DossierOut:
        if key.key in shelf.kept:
            fingerprint, answer, status = shelf.kept[key.key]
            if fingerprint != key.fingerprint:
                raise IdempotencyMismatch
            raise Repeated(answer, status)
        snapshot = {"id": f"d{len(shelf.kept) + 1}", "version": 1, "summary": body.summary, "received_at": body.received_at.isoformat()}
        shelf.kept[key.key] = (key.fingerprint, json.dumps(snapshot).encode(), key.status)
        out = shown(json.dumps(snapshot).encode(), request.app.state.door)
        stamp(request, response, out)
        return out

    @router.get("/dossiers/{id}")
    async def read_dossier(id: str, _: Annotated[None, Depends(public)], request: Request, response: Response) -> dict[str, str]:  # noqa: A002 - the word of the path
        if id == "hidden":
            raise NotYourUnit
        if id == "absent":
            raise NotFound
        revalidate(request, response, 3)
        return {"id": id}

    @router.put("/dossiers/{id}")
    async def correct_dossier(id: UUID, _: Annotated[Principal, Depends(SUBMITTERS)], version: Annotated[int | None, Depends(seen)]) -> dict[str, Any]:  # noqa: A002 - as above
        if version != 3:
            raise Stale
        return {"id": str(id), "seen": version}

    @router.post("/dossiers/{id}/withdraw")
    async def withdraw_dossier(id: str, _: Annotated[Principal, Depends(allow("citizen"))], version: Annotated[int | None, Depends(seen_or_any)]) -> dict[str, Any]:  # noqa: A002 - as above
        return {"id": id, "seen": version}

    @router.get("/dossiers")
    async def list_dossiers(pages: Annotated[Paging, Depends(paging)], _: Annotated[None, Depends(public)], state: str | None = None) -> Page[dict[str, int]]:
        rows = [n for n in range(1, 8) if state is None or (n % 2 == 1) == (state == "odd")]
        if pages.after is not None:
            rows = [n for n in reversed(rows) if n < pages.after[0]] if pages.back else [n for n in rows if n > pages.after[0]]
        return pages.page(rows[: pages.fetch], key=lambda n: (n,), show=lambda n: {"n": n})

    @router.get("/whoami")
    async def whoami(who: Annotated[Principal, Depends(allow())]) -> dict[str, Any]:
        shelf.seen.append(who)
        return {"subject": who.subject, "acting": who.acting, "units": sorted(who.units)}

    @router.post("/lookups")
    async def look_up(_: Annotated[None, Depends(public)], __: Annotated[None, Depends(limited("lookups", per_minute=6, burst=2))]) -> dict[str, str]:
        return {"state": "received"}

    @router.post("/breaks")
    async def breaks(_: Annotated[None, Depends(public)]) -> dict[str, str]:
        if shelf.next_error is not None:
            raise shelf.next_error
        return {}

    @router.get("/cut")
    async def cut(_: Annotated[None, Depends(public)]) -> StreamingResponse:
        async def halves() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("0123456789012 of Nguyen Van A")

        return StreamingResponse(halves())

    @router.put("/files", max_body_size=4_000_000)
    async def put_file(request: Request, _: Annotated[None, Depends(public)]) -> dict[str, int]:
        return {"size": len(await request.body())}

    return router


TEXTS = {"already-settled": {"title": {"vi": "Đã có kết quả", "en": "Already settled"}, "detail": {"vi": "Hồ sơ {code} đã có kết quả.", "en": "Dossier {code} has its result."}}}


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
    return service_app("intake", title="Intake", description="For tests.", routers=[a_router(shelf)], door=door, problems=TEXTS)


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
    return {"summary": "Cấp giấy khai sinh"[:20], "received_at": "2026-11-23T01:15:00Z"}


@pytest.fixture
def submit(client: httpx.AsyncClient, clerk: dict[str, str]) -> Callable[..., Any]:
    """Submit a dossier: `await submit(body, key="a", **headers)`."""

    async def _submit(content: Any, *, key: str | None = "a", **headers: str) -> httpx.Response:
        sent = {**clerk, **({"idempotency-key": key} if key is not None else {}), **headers}
        if isinstance(content, bytes):
            return await client.post("/intake/v1/dossiers", content=content, headers={"content-type": "application/json", **sent})
        return await client.post("/intake/v1/dossiers", json=content, headers=sent)

    return _submit


