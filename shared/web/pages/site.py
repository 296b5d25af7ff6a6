"""The pages of one service, put together: its own, signing in, what they are drawn with, and the page of what is not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.store.unit_of_work import Works
from shared.web.devissuer import DevIssuer
from shared.web.door import Door
from shared.web.edge import Edge
from shared.web.limits import Buckets
from shared.web.pages import signing
from shared.web.pages.visit import HERE, Site, Visit, endpoint, environment, texts
from shared.web.signin import Seal, Sessions
from shared.web.signin_flow import Client, CodeFlow

_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def site(works: Works, door: Door, folder: Path, **own: Any) -> Site:
    """What the pages in this folder (`templates`, `static`, `texts.toml`) are made with; `own`: the fields of `Site` a service chooses."""
    settings, keys = door.settings, door.keys
    seal, flow, dev = Seal.of(keys), None, None
    if settings.issuer is None:
        dev = DevIssuer.load_or_make(settings)
    else:
        back = f"{settings.base_url}/dang-nhap/ve"
        flow = CodeFlow(settings.issuer, Client.of(settings), back, door.verifier, seal)
    sessions = Sessions(seal, secure=settings.base_url.startswith("https://"))
    assets = {path.name: path.read_bytes() for each in (HERE, folder) for path in sorted((each / "static").iterdir())}
    return Site(
        works, door, sessions, flow, dev, Buckets(), assets, environment(assets, folder), texts(folder), folder.parent.name, **own
    )  # fmt: skip


def assemble(made: Site, routes: Sequence[Route], *, files: str = "/static") -> ASGIApp:
    """The pages, to be mounted at `/`; `files`: where the service's own are found, beside `/static`."""

    async def asset(visit: Visit) -> Response:
        name = visit.request.path_params["name"]
        if name not in made.assets:
            return visit.sorry("missing", 404)
        kept = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(made.assets[name], headers=kept, media_type=_TYPES[Path(name).suffix])

    async def missing(visit: Visit) -> Response:
        return visit.sorry("missing", 404)

    async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
        answer = await endpoint(made, missing)(Request(scope, receive))
        await answer(scope, receive, send)

    drawn = [Route(f"{each}/{{name}}", endpoint(made, asset)) for each in sorted({"/static", files})]
    return Edge(Router([*drawn, *routes, *_signing(made)], redirect_slashes=False, default=nothing))


def _signing(made: Site) -> list[Route]:
    return [
        Route("/dang-nhap", endpoint(made, signing.show), methods=["GET", "POST"]),
        Route("/dang-nhap/di", endpoint(made, signing.depart)),
        Route("/dang-nhap/ve", endpoint(made, signing.arrive)),
        Route("/dang-xuat", endpoint(made, signing.leave), methods=["POST"]),
    ]
