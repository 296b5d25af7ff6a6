"""One look at a page: who looks, in which language, and how the answer is made."""

from __future__ import annotations

import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, urlencode

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shared.kernel import Forbidden, Invalid, NotFound, Principal
from shared.store.unit_of_work import Works
from shared.web import faults
from shared.web.cursor import Cursor, Paging
from shared.web.devissuer import DevIssuer
from shared.web.door import Door
from shared.web.limits import Buckets
from shared.web.pages import writing
from shared.web.refusals import BadCursor
from shared.web.signin import FormForged, Session, SessionExpired, Sessions, SessionTooLarge
from shared.web.signin_flow import CodeFlow

HERE: Final = Path(__file__).parent
LEADERS: Final = ("head", "inspector", "admin")
OFFICERS: Final = ("clerk", "handler", *LEADERS)
READERS: Final = ("citizen", *OFFICERS)

LONGEST_FORM: Final = 16_384
"""Bytes; the longest form of the pages files a dossier."""

_LANGUAGE: Final = "gandan-language"
_YEAR_S: Final = 365 * 86400
_POLICY: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_log = structlog.get_logger("shared.web.pages")

Texts: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Sentences: section, name, language."""


class FormTooLarge(Invalid):
    """A form of these pages is never so long."""


@cache
def texts(folder: Path) -> Texts:
    """Every sentence of the pages in this folder: those of all pages, and their own."""
    read = (tomllib.loads((each / "texts.toml").read_text(encoding="utf-8")) for each in (HERE, folder))
    return {section: rows for each in read for section, rows in each.items()}


@dataclass(frozen=True, slots=True)
class Tab:
    """A page every page leads to; for these roles, or (none named) for everybody."""

    path: str
    name: str
    roles: tuple[str, ...] = ()


async def _no_units() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Site:
    """What every page is made with."""

    works: Works
    door: Door
    sessions: Sessions
    flow: CodeFlow | None
    dev: DevIssuer | None
    buckets: Buckets
    assets: Mapping[str, bytes]
    show: Environment
    texts: Texts
    service: str
    tabs: Sequence[Tab] = ()
    units: Callable[[], Awaitable[Mapping[str, str]]] = _no_units
    """Names of the units by code, to choose from where one may choose who one is."""
    first: Mapping[str, str] = field(default_factory=dict)
    """Where somebody who signed in comes to, by role."""
    sorry: Mapping[type[Exception], tuple[str, int]] = field(default_factory=dict)
    """The service's own reasons not to show a page: the sentence, and the status."""

    @property
    def cursors(self) -> Cursor:
        """Writes the places of long lists."""
        return Cursor(self.door.keys.cursor)


def environment(assets: Mapping[str, bytes], folder: Path) -> Environment:
    """The templates of this folder and those of all pages; everything in them is escaped, and a name that is not there is an error."""
    show = Environment(
        loader=FileSystemLoader([folder / "templates", HERE / "templates"]), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
    show.globals |= {"version": sha256(b"".join(assets.values())).hexdigest()[:12], "day": writing.day_text}
    show.globals |= {"minute": writing.minute_text, "moment": writing.moment_text, "weekday": writing.weekday_text}
    return show


@dataclass(slots=True)
class Visit:
    """A request on its way to becoming a page."""

    site: Site
    request: Request
    language: str
    session: Session | None = None
    expired: bool = False

    @property
    def who(self) -> Principal | None:
        """Who is signed in."""
        return self.session.principal if self.session else None

    @property
    def somebody(self) -> Principal:
        """Who is signed in, on a page that is for some roles alone."""
        if self.session is None:
            raise AssertionError("a route with roles lets nobody in who is not signed in")
        return self.session.principal

    @property
    def here(self) -> str:
        """Path and question of this page, without the language."""
        pairs = [pair for pair in self.request.query_params.multi_items() if pair[0] != "lang"]
        return self.request.url.path + (f"?{urlencode(pairs)}" if pairs else "")

    @property
    def switch(self) -> str:
        """The same page in the other language."""
        other = "vi" if self.language == "en" else "en"
        return f"{self.here}{'&' if '?' in self.here else '?'}lang={other}"

    def words(self, *sections: str) -> Mapping[str, str]:
        """The sentences of these sections in the reader's language; a later section replaces an earlier one's."""
        rows = self.site.texts
        return {name: row[self.language] for section in ("common", *sections) for name, row in rows[section].items()}

    async def form(self) -> Mapping[str, str]:
        """The fields of a form that was sent, without the characters no store can hold; raises `FormTooLarge`."""
        body = bytearray()
        async for part in self.request.stream():
            body += part
            if len(body) > LONGEST_FORM:
                raise FormTooLarge(field="form")
        sent = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name.replace("\0", ""): value.replace("\0", "") for name, value in sent}

    def page(self, template: str, section: str, status: int = 200, **values: Any) -> Response:
        """The page, with its cookies."""
        carrier = Response()

        def form_token() -> str:
            return self.site.sessions.form_token(self.request, carrier, self.session)

        text = self.site.show.get_template(template).render(
            {
                "language": self.language, "words": self.words(section), "here": self.here, "switch": self.switch, "who": self.who,
                "role": self._role(), "form_token": form_token, "tabs": [tab for tab in self.site.tabs if not tab.roles or self._is(*tab.roles)],
                "now": self.site.works.clock(), **values,
            }
        )  # fmt: skip
        answer = HTMLResponse(text, status, {**_POLICY, "content-language": self.language})
        if self.request.query_params.get("lang") in {"vi", "en"}:
            secure = self.site.sessions.secure
            carrier.set_cookie(_LANGUAGE, self.language, max_age=_YEAR_S, path="/", secure=secure, httponly=True, samesite="lax")  # fmt: skip
        answer.raw_headers += [pair for pair in carrier.raw_headers if pair[0] == b"set-cookie"]
        return answer

    def paging(self, most: int) -> Paging:
        """Which part of a list is asked for; raises `BadCursor`."""
        query = self.request.query_params
        filters = {name: query.getlist(name) for name in sorted(query) if name not in {"cursor", "limit", "lang"}}
        cursor, path = query.get("cursor"), self.request.url.path
        place = self.site.cursors.decode(cursor, [path, filters]) if cursor is not None else None
        return Paging(self.site.cursors, path, filters, most, place, cursor)

    def to_sign_in(self) -> Response:
        """Sign in first, then come back here."""
        pairs = [("lai", self.here), *([("het-han", "1")] if self.expired else [])]
        return RedirectResponse(f"/dang-nhap?{urlencode(pairs)}", 303)

    def sorry(self, name: str, status: int) -> Response:
        """A page that only says what is amiss, and what to do."""
        return self.page("sorry.html", "sorry", status, sorry=name)

    def _is(self, *roles: str) -> bool:
        return self.who is not None and self.who.has(*roles)

    def _role(self) -> str:
        """The first of somebody's roles in the order of these pages, as people call it."""
        roles = self.who.roles if self.who else frozenset[str]()
        found = next(
            (role for role in (*LEADERS, "handler", "clerk", "citizen", "ops", "publisher") if role in roles), None
        )
        return self.words("roles")[found] if found else ""


Show: TypeAlias = Callable[[Visit], Awaitable[Response]]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def endpoint(site: Site, show: Show, *roles: str) -> Endpoint:
    """A route's function: `show` with a visit; with roles named, for those alone. Nothing is thrown at the server."""

    async def answer(request: Request) -> Response:
        visit = await _visit(site, request)
        if roles and visit.who is None:
            return visit.to_sign_in()
        if roles and not (visit.who and visit.who.has(*roles)):
            return visit.sorry("not-yours", 403)
        try:
            return await show(visit)
        except Exception as error:  # noqa: BLE001 - the door
            return _failed(visit, error)

    return answer


_SORRY: Final[Mapping[type[Exception], tuple[str, int]]] = {
    NotFound: ("missing", 404),
    Forbidden: ("missing", 404),
    FormForged: ("forged", 403),
    SessionTooLarge: ("too-large", 403),
    BadCursor: ("question", 400),
    FormTooLarge: ("question", 400),
}
"""What a page says when it cannot be shown, and its status."""


def _failed(visit: Visit, error: Exception) -> Response:
    known = {**_SORRY, **visit.site.sorry}
    if (said := next((said for kind, said in known.items() if isinstance(error, kind)), None)) is not None:
        return visit.sorry(*said)
    fault = faults.fault_of(error)
    _log.error(
        "page failed",
        service=visit.site.service,
        error=faults.name(error),
        places=faults.places(error),
        path=visit.request.url.path,
    )
    return visit.sorry("unavailable", 503) if fault == "unavailable" else visit.sorry("broken", 500)


async def _visit(site: Site, request: Request) -> Visit:
    visit = Visit(site, request, _language(request))
    try:
        session = site.sessions.read(request)
    except SessionExpired:
        visit.expired = True
        return visit
    if session is not None and site.door.directory is not None:
        session = replace(session, principal=await site.door.directory(session.principal))
    visit.session = session
    return visit


def _language(request: Request) -> str:
    asked = request.query_params.get("lang") or request.cookies.get(_LANGUAGE)
    return "en" if asked == "en" else "vi"
