"""Which page stands at which address."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from services.reporting.pages import board, cases, dossiers, home, lookup, matters, signing, unit
from services.reporting.pages.visit import HERE, LEADERS, READERS, Site, Visit, endpoint, environment
from shared.store.unit_of_work import Works
from shared.web.devissuer import DevIssuer
from shared.web.door import Door
from shared.web.edge import Edge
from shared.web.limits import Buckets
from shared.web.signin import Seal, Sessions
from shared.web.signin_flow import Client, CodeFlow

_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def site(works: Works, door: Door) -> ASGIApp:
    """The pages, to be mounted at `/`."""
    made = _site(works, door)

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

    routes = [Route("/static/{name}", endpoint(made, asset)), *_routes(made)]
    return Edge(Router(routes, redirect_slashes=False, default=nothing))


def _routes(made: Site) -> list[Route]:
    return [
        Route("/", endpoint(made, home.show)),
        Route("/tra-cuu", endpoint(made, lookup.show), methods=["GET", "POST"]),
        Route("/don-vi/{unit}", endpoint(made, unit.show)),
        Route("/ho-so", endpoint(made, dossiers.show_list, *READERS)),
        Route("/ho-so/{id:uuid}", endpoint(made, dossiers.show_one, *READERS)),
        Route("/vu-viec", endpoint(made, cases.show_list, *READERS)),
        Route("/vu-viec/{id:uuid}", endpoint(made, cases.show_one, *READERS)),
        Route("/viec-cua-toi", endpoint(made, matters.show, "citizen")),
        Route("/bang-dieu-hanh", endpoint(made, board.show, *LEADERS)),
        Route("/dang-nhap", endpoint(made, signing.show), methods=["GET", "POST"]),
        Route("/dang-nhap/di", endpoint(made, signing.depart)),
        Route("/dang-nhap/ve", endpoint(made, signing.arrive)),
        Route("/dang-xuat", endpoint(made, signing.leave), methods=["POST"]),
    ]


def _site(works: Works, door: Door) -> Site:
    settings, keys = door.settings, door.keys
    assets = {path.name: path.read_bytes() for path in sorted((HERE / "static").iterdir())}
    seal, flow, dev = Seal.of(keys), None, None
    if settings.issuer is None:
        dev = DevIssuer.load_or_make(settings)
    else:
        back = f"{settings.base_url}/dang-nhap/ve"
        flow = CodeFlow(settings.issuer, Client.of(settings), back, door.verifier, seal)
    sessions = Sessions(seal, secure=settings.base_url.startswith("https://"))
    return Site(works, door, sessions, flow, dev, Buckets(), assets, environment(assets))
