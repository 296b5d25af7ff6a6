"""A small service with a route for each thing the door does; `Shelf` stands where a store would."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.responses import StreamingResponse

from shared.kernel import Forbidden, IdempotencyMismatch, NotFound, Once, Principal, Refused, Repeated, Stale
from shared.web.auth import allow, public
from shared.web.cursor import Page, Paging, paging
from shared.web.door import Door
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
ROUTER = APIRouter(prefix="/v1")


def shelf_of(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.shelf
    return shelf


@ROUTER.post("/dossiers", status_code=201)
async def submit_dossier(
    body: NewDossier,
    _who: Annotated[Principal, Depends(SUBMITTERS)],
    key: Annotated[Once, Depends(once(201, render=shown, location="/v1/dossiers/{id}"))],
    request: Request,
    response: Response,
) -> DossierOut:
    shelf = shelf_of(request)
    if key.key in shelf.kept:
        fingerprint, answer, status = shelf.kept[key.key]
        if fingerprint != key.fingerprint:
            raise IdempotencyMismatch
        raise Repeated(answer, status)
    snapshot = {
        "id": f"d{len(shelf.kept) + 1}",
        "version": 1,
        "summary": body.summary,
        "received_at": body.received_at.isoformat(),
    }
    shelf.kept[key.key] = (key.fingerprint, json.dumps(snapshot).encode(), key.status)
    out = shown(json.dumps(snapshot).encode(), request.app.state.door)
    stamp(request, response, out)
    return out


@ROUTER.get("/dossiers/{id}")
async def read_dossier(
    id: str, _: Annotated[None, Depends(public)], request: Request, response: Response
) -> dict[str, str]:
    if id == "hidden":
        raise NotYourUnit
    if id == "absent":
        raise NotFound
    revalidate(request, response, 3)
    return {"id": id}


@ROUTER.put("/dossiers/{id}")
async def correct_dossier(
    id: UUID, _: Annotated[Principal, Depends(SUBMITTERS)], version: Annotated[int | None, Depends(seen)]
) -> dict[str, Any]:
    if version != 3:
        raise Stale
    return {"id": str(id), "seen": version}


@ROUTER.post("/dossiers/{id}/withdraw")
async def withdraw_dossier(
    id: str,
    _: Annotated[Principal, Depends(allow("citizen"))],
    version: Annotated[int | None, Depends(seen_or_any)],
) -> dict[str, Any]:
    return {"id": id, "seen": version}


@ROUTER.get("/dossiers")
async def list_dossiers(
    pages: Annotated[Paging, Depends(paging)], _: Annotated[None, Depends(public)], state: str | None = None
) -> Page[dict[str, int]]:
    rows = [n for n in range(1, 8) if state is None or (n % 2 == 1) == (state == "odd")]
    if pages.after is not None:
        rows = (
            [n for n in reversed(rows) if n < pages.after[0]] if pages.back else [n for n in rows if n > pages.after[0]]
        )
    return pages.page(rows[: pages.fetch], key=lambda n: (n,), show=lambda n: {"n": n})


@ROUTER.get("/whoami")
async def whoami(who: Annotated[Principal, Depends(allow())], request: Request) -> dict[str, Any]:
    shelf_of(request).seen.append(who)
    return {"subject": who.subject, "acting": who.acting, "units": sorted(who.units)}


@ROUTER.post("/lookups")
async def look_up(
    _: Annotated[None, Depends(public)], __: Annotated[None, Depends(limited("lookups", per_minute=6, burst=2))]
) -> dict[str, str]:
    return {"state": "received"}


@ROUTER.post("/breaks")
async def breaks(_: Annotated[None, Depends(public)], request: Request) -> dict[str, str]:
    if (error := shelf_of(request).next_error) is not None:
        raise error
    return {}


@ROUTER.get("/cut")
async def cut(_: Annotated[None, Depends(public)]) -> StreamingResponse:
    async def halves() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("0123456789012 of Nguyen Van A")

    return StreamingResponse(halves())


@ROUTER.put("/files", max_body_size=4_000_000)
async def put_file(request: Request, _: Annotated[None, Depends(public)]) -> dict[str, int]:
    return {"size": len(await request.body())}


TEXTS = {
    "already-settled": {
        "title": {"vi": "Đã có kết quả", "en": "Already settled"},
        "detail": {"vi": "Hồ sơ {code} đã có kết quả.", "en": "Dossier {code} has its result."},
    }
}
