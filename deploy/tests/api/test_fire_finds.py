"""What the fire is for: a service with a fault in each place, and each fault found."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel

from deploy.tests.api import fire
from deploy.tests.api.worlds import UNIT, World
from shared.runtime import Service
from shared.settings import Keys, Settings
from shared.web.app import service_app
from shared.web.auth import public
from shared.web.devissuer import DevIssuer
from shared.web.door import open_door

ROUTER = APIRouter(prefix="/v1", dependencies=[Depends(public)])
CLERKS = {"x-roles": ["clerk"], "security": [{"bearer": []}]}


class Thing(BaseModel):
    number: int


@ROUTER.get("/good")
async def good(number: Annotated[int, Query(ge=1)]) -> Thing:
    return Thing(number=number)


@ROUTER.get("/breaks")
async def breaks() -> Thing:
    raise RuntimeError


@ROUTER.get("/undocumented")
async def undocumented() -> Thing:
    return JSONResponse({"number": 1}, 202)  # type: ignore[return-value]  # on purpose


@ROUTER.get("/another-shape")
async def another_shape() -> Thing:
    return JSONResponse({"number": "one"})  # type: ignore[return-value]  # on purpose


@ROUTER.get("/another-type")
async def another_type() -> Thing:
    return PlainTextResponse("1")  # type: ignore[return-value]  # on purpose


@ROUTER.get(
    "/believes-anything",
    openapi_extra={"parameters": [{"name": "n", "in": "query", "required": True, "schema": {"type": "integer"}}]},
)
async def believes_anything() -> Thing:
    return Thing(number=1)


@ROUTER.get(
    "/open-after-all", openapi_extra=CLERKS, responses={401: {"description": "No."}, 403: {"description": "No."}}
)
async def open_after_all() -> Thing:
    return Thing(number=1)


@pytest_asyncio.fixture
async def place(tmp_path: Path, keys: Keys) -> AsyncIterator[World]:
    settings = Settings(home=tmp_path)
    app = service_app("faulty", title="Faulty", description="", routers=[ROUTER], door=open_door(settings, keys))
    tokens = {"clerk": DevIssuer.load_or_make(settings).token("clerk", units=[UNIT])}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield World(Service("faulty", app), http, tokens, {})


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("good", None), ("breaks", "answers 500"), ("undocumented", "answers 202, which it does not document"), ("another-shape", "violates schema"),
        ("another-type", "Undocumented Content-Type"), ("believes-anything", "Schema-violating request accepted"),
        ("open-after-all", "answers 200 to a stranger"), ("open-after-all", "which may not ask"),
    ],
)  # fmt: skip
async def test_a_fault_is_found(place: World, path: str, said: str | None) -> None:
    (operation,) = [each for each in fire.operations(place.document) if each.path == f"/v1/{path}"]
    found: list[str] = []
    for shot in fire.shots(operation, 1, 2, 4):
        answer = await fire.sent(fire.aimed(shot, place, random.Random(1)), place)  # noqa: S311 - always the same
        found += fire.wrong(shot, answer)
    assert any(said in each for each in found) if said else not found, found
