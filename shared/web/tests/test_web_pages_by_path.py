"""Pages of several services on one host: each has its own place, one has the rest."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web.root import pages_by_path


def saying(name: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"{name} {Request(scope).url.path}")(scope, receive, send)

    return app


async def asked(app: ASGIApp | None, path: str) -> str:
    assert app is not None
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return (await client.get(path)).text


@pytest.mark.parametrize(
    ("path", "name"),
    [("/", "all"), ("/quay", "counter"), ("/quay/tim", "counter"), ("/quayside", "all"), ("/x/quay", "all"), ("/static/site.css", "all")],
)  # fmt: skip
async def test_each_service_has_what_is_below_its_place(path: str, name: str) -> None:
    app = pages_by_path({"/quay": saying("counter"), "/": saying("all")})

    assert await asked(app, path) == f"{name} {path}"


async def test_whoever_is_alone_has_everything() -> None:
    app = pages_by_path({"/quay": saying("counter")})

    assert [await asked(app, path) for path in ("/quay", "/dang-nhap")] == ["counter /quay", "counter /dang-nhap"]


def test_where_nobody_has_pages_there_is_nothing() -> None:
    assert pages_by_path({}) is None
