"""A citizen's own matters on one page: dossiers, letters, and the cases the letters became."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from services.reporting import domain, handlers
from services.reporting.domain import LetterLine
from services.reporting.pages import cases, dossiers
from shared.web.pages.visit import Visit


async def show(visit: Visit) -> Response:
    """Everything this citizen has with the province; the newest two hundred of each kind."""
    found, today = await handlers.matters(visit.site.works, visit.somebody), domain.day_of(visit.site.works.clock())
    states, case_states, words = visit.words("states"), visit.words("case-states"), visit.words("mine")
    parts = {
        "dossiers": [dossiers.row(line, found, states, today) for line in found.dossiers],
        "letters": [_letter(line, found.units, case_states, words) for line in found.letters],
        "cases": [cases.row(line, found.units, case_states, today) for line in found.cases],
    }
    heads = {"dossiers": visit.words("list"), "letters": visit.words("cases"), "cases": visit.words("cases")}
    return visit.page("mine.html", "mine", parts={name: rows for name, rows in parts.items() if rows}, heads=heads)


def _letter(
    line: LetterLine, units: Mapping[str, str], states: Mapping[str, str], words: Mapping[str, str]
) -> dict[str, Any]:
    """A letter as a line of a list; what becomes of it is told by its cases, so it has no page of its own."""
    return {
        "path": "", "code": line.code, "what": words["what-letter"], "unit": units.get(line.unit, line.unit), "state": states[line.state],
        "received": line.received_on, "due": line.due_on, "late": 0, "officer": None, "timing": "", "still": False,
    }  # fmt: skip
