"""Which page stands at which address."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from starlette.routing import Route
from starlette.types import ASGIApp

from services.reporting import domain, handlers
from services.reporting.pages import board, cases, dossiers, home, lookup, matters, unit
from shared.store.unit_of_work import Works
from shared.web.door import Door
from shared.web.pages import Site, Tab, assemble, endpoint
from shared.web.pages.site import site as made_with
from shared.web.pages.visit import LEADERS, OFFICERS, READERS

FOLDER: Final = Path(__file__).parent
_COUNTER: Final = "/quay"
_SOURCES: Final = "/nguon"
"""The counter's pages and those of source systems are intake's, on the same host."""
TABS: Final = (
    Tab("/", "nav-home"), Tab("/tra-cuu", "nav-lookup"), Tab(_COUNTER, "nav-counter", ("clerk",)), Tab("/bang-dieu-hanh", "nav-board", LEADERS),
    Tab("/viec-cua-toi", "nav-mine", ("citizen",)), Tab("/ho-so", "nav-list", OFFICERS), Tab("/vu-viec", "nav-cases", OFFICERS), Tab(_SOURCES, "nav-sources", ("publisher", "admin", "ops")),
)  # fmt: skip
_FIRST: Final = {
    **dict.fromkeys(LEADERS, "/bang-dieu-hanh"), "citizen": "/viec-cua-toi", "clerk": _COUNTER, "handler": "/ho-so", "publisher": _SOURCES
}  # fmt: skip


def site(works: Works, door: Door) -> ASGIApp:
    """The pages, to be mounted at `/`."""
    made = made_with(
        works, door, FOLDER, tabs=TABS, first=_FIRST, units=partial(handlers.unit_names, works), sorry={domain.BadQuestion: ("question", 400)}
    )  # fmt: skip
    return assemble(made, _routes(made))


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
    ]
