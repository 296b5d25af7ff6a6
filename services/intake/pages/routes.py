"""Which page of the counter stands at which address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from services.intake.handlers import Desk
from services.intake.pages import comparison, counter, dossiers, finding, sources
from services.intake.pages.counter import COUNTER
from shared.web.door import Door
from shared.web.pages import Tab, Visit, assemble, endpoint
from shared.web.pages.site import site as made_with
from shared.web.pages.visit import LEADERS, OFFICERS

FOLDER: Final = Path(__file__).parent
AT: Final = "/quay"
SOURCES_AT: Final = "/nguon"
TABS: Final = (
    Tab("/", "nav-home"), Tab("/tra-cuu", "nav-lookup"), Tab(AT, "nav-counter", COUNTER), Tab("/bang-dieu-hanh", "nav-board", LEADERS),
    Tab("/ho-so", "nav-list", OFFICERS), Tab("/vu-viec", "nav-cases", OFFICERS), Tab(SOURCES_AT, "nav-sources", sources.WATCHERS),
)  # fmt: skip
"""Those of the province, most of which are another service's on the same host."""


def site(desk: Desk, door: Door) -> ASGIApp:
    """The pages, to be mounted at `/quay`; alone in its process the service also has the sign-in, and `/` leads here."""

    async def units() -> dict[str, str]:
        return {code: unit.name for code, unit in sorted(desk.shelf.units.items(), key=lambda each: each[1].name)}

    made = made_with(
        desk.works, door, FOLDER, tabs=TABS, units=units, first={**dict.fromkeys(COUNTER, AT), "publisher": SOURCES_AT}
    )

    def source_page(path: str, show: Callable[[Desk, Visit], Awaitable[Response]], *roles: str) -> Route:
        return Route(f"{SOURCES_AT}{path}", endpoint(made, partial(show, desk), *roles))

    def page(path: str, show: Callable[[Desk, Visit], Awaitable[Response]], *methods: str) -> Route:
        return Route(path, endpoint(made, partial(show, desk), *COUNTER), methods=methods or ("GET",))

    routes = [
        page(AT, counter.show, "GET", "POST"),
        page(f"{AT}/tim", finding.show, "GET", "POST"),
        page(f"{AT}/danh-sach/{{name}}", finding.show_list),
        page(f"{AT}/ho-so/{{id:uuid}}", dossiers.show, "GET", "POST"),
        page(f"{AT}/ho-so/{{id:uuid}}/giay-hen.pdf", dossiers.show_slip),
        source_page("", sources.show_all, *sources.WATCHERS),
        source_page("/{id}/so-sanh", comparison.show, *comparison.READERS),
        source_page("/{id}/so-sanh.csv", comparison.show_file, *comparison.READERS),
        source_page("/{id}", sources.show_one, *sources.WATCHERS),
        Route("/", endpoint(made, _here)),
    ]
    return assemble(made, routes, files=f"{AT}/static")


async def _here(_visit: Visit) -> Response:
    return RedirectResponse(AT, 303)
