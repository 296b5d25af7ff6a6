"""Lists of dossiers, each behind a figure, and one dossier with everything that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from services.reporting import domain, handlers
from services.reporting.domain import DossierLine, Filter
from services.reporting.handlers import Listed, Matters
from services.reporting.pages import questions, telling
from shared.web.pages.visit import OFFICERS, Visit
from shared.web.pages.writing import number_text

PER_PAGE: Final = 50


async def show_list(visit: Visit) -> Response:
    """The dossiers a filter finds, of those this reader may see."""
    asked, paging = questions.read(Filter, visit.request.query_params), visit.paging(PER_PAGE)
    after = UUID(paging.after[0]) if paging.after else None
    found = await handlers.find_named(
        visit.site.works, visit.somebody, asked, after=after, back=paging.back, most=paging.fetch
    )
    today, states = domain.day_of(visit.site.works.clock()), visit.words("states")
    page = paging.page(found.lines, lambda line: (str(line.id),), lambda line: row(line, found, states, today))
    words = visit.words("list")
    return visit.page(
        "list.html", "list", rows=page.items, next=page.next, prev=page.prev, officer=visit.somebody.has(*OFFICERS), mine=found.mine, whole=found.whole,
        parts=questions.told(asked, words, found.units), count=count(found.mine, found.whole, visit.language, words),
    )  # fmt: skip


def count(mine: int, whole: int | None, language: str, words: Mapping[str, str]) -> str:
    """How many there are, and if this reader may not see all of them, that too where everybody may know it."""
    name = "count" if whole is None or mine == whole else "count-part"
    return words[name].format(mine=number_text(mine, language), whole=number_text(whole or 0, language))


def row(line: DossierLine, found: Listed | Matters, states: Any, today: date) -> dict[str, Any]:
    """A dossier as a line of a list."""
    late = max(0, (today - line.due_on).days) if line.open and line.due_on is not None else 0
    return {
        "path": f"/ho-so/{line.id}", "code": line.code or str(line.id)[-8:], "what": found.procedures.get(line.procedure, line.procedure),
        "unit": found.units.get(line.unit, line.unit), "state": states[line.state], "received": line.received_on, "officer": line.officer,
        "due": line.due_on or line.promised_on, "late": late, "timing": states.get(f"short-{line.timing}", ""), "still": line.paused_at is not None, "source": line.source,
    }  # fmt: skip


async def show_one(visit: Visit) -> Response:
    """One dossier, for those it concerns; who may not see it is answered as if it were not there."""
    id_, words = visit.request.path_params["id"], visit.words("states")
    found = await handlers.standing_of(visit.site.works, visit.somebody, id_, visit.language)
    line, today = found.line, domain.day_of(visit.site.works.clock())
    late = max(0, (today - line.due_on).days) if line.open and line.due_on is not None else 0
    return visit.page(
        "dossier.html", "dossier", line=line, found=found, state=words[line.state], late=late,
        promise=telling.promise(line, words, late, visit.language), history=telling.history(found.moments, visit.language),
        notices=telling.notices(found.notices, visit.words("notices")), officer=visit.somebody.may_act_for(line.unit) or handlers.viewer_of(visit.somebody).units is None, channel=visit.words("channels").get(line.channel, line.channel),
    )  # fmt: skip
