"""Door 1 for people: server-rendered pages, Vietnamese first, usable without JavaScript and at 360 px."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from services.reporting import handlers
from services.reporting.pages import home
from shared.store.unit_of_work import Works
from shared.web.edge import Edge

HERE: Final = Path(__file__).parent
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_POLICY: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}


def site(works: Works) -> ASGIApp:
    """The pages, to be mounted at `/`."""
    assets = {path.name: path.read_bytes() for path in sorted((HERE / "static").iterdir())}
    version = sha256(b"".join(assets.values())).hexdigest()[:12]
    show = _environment(version)

    async def front(request: Request) -> Response:
        language = "en" if request.query_params.get("lang") == "en" else "vi"
        values = home.content(await handlers.overview(works), works.clock(), language)
        return _page(show.get_template("home.html").render(values), language)

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in assets:
            return _missing(show)
        kept = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(assets[name], headers=kept, media_type=_TYPES[Path(name).suffix])

    async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
        await _missing(show)(scope, receive, send)

    routes = [Route("/", front), Route("/static/{name}", asset)]
    return Edge(Router(routes, redirect_slashes=False, default=nothing))


def _environment(version: str) -> Environment:
    show = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
    show.globals["version"] = version
    return show


def _page(text: str, language: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, {**_POLICY, "content-language": language})


def _missing(show: Environment) -> Response:
    return _page(show.get_template("missing.html").render(language="vi", words=home.WORDS["vi"]), "vi", 404)
