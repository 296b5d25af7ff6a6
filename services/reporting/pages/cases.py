"""Cases of letters: lists behind figures, one case with its limits explained, and a letter for whoever has its receipt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from services.reporting import domain, handlers
from services.reporting.domain import CaseFilter, CaseLine
from services.reporting.handlers import CaseStanding, LetterStanding, LimitShown
from services.reporting.pages import questions, telling
from services.reporting.pages.dossiers import count
from services.reporting.pages.telling import Promise
from shared.web.pages.visit import OFFICERS, Visit
from shared.web.pages.writing import day_text, weekday_text

PER_PAGE: Final = 50


async def show_list(visit: Visit) -> Response:
    """The cases a filter finds, of those this reader may see."""
    asked, paging = questions.read(CaseFilter, visit.request.query_params), visit.paging(PER_PAGE)
    after = UUID(paging.after[0]) if paging.after else None
    found = await handlers.find_cases(
        visit.site.works, visit.somebody, asked, after=after, back=paging.back, most=paging.fetch
    )
    today, states, words = domain.day_of(visit.site.works.clock()), visit.words("case-states"), visit.words("cases")
    page = paging.page(found.lines, lambda line: (str(line.id),), lambda line: row(line, found.units, states, today))
    return visit.page(
        "list.html", "cases", rows=page.items, next=page.next, prev=page.prev, officer=visit.somebody.has(*OFFICERS), mine=found.mine, whole=found.whole,
        parts=questions.told(asked, words, found.units), count=count(found.mine, found.whole, visit.language, words),
    )  # fmt: skip


def row(line: CaseLine, units: Mapping[str, str], states: Mapping[str, str], today: date) -> dict[str, Any]:
    """A case as a line of a list."""
    return {
        "path": f"/vu-viec/{line.id}", "code": line.code, "what": states[f"kind-{line.kind}"], "unit": units.get(line.unit, line.unit), "state": states[line.state],
        "received": line.received_on, "due": line.due_on, "late": _late(line, today), "officer": line.officer,
        "timing": states.get(f"short-{line.timing}", ""), "still": line.state == "suspended",
    }  # fmt: skip


def _late(line: CaseLine, today: date) -> int:
    return max(0, (today - line.due_on).days) if line.open and line.due_on is not None else 0


async def show_one(visit: Visit) -> Response:
    """One case, for those it concerns; who may not see it is answered as if it were not there."""
    found = await handlers.show_case(visit.site.works, visit.somebody, visit.request.path_params["id"], visit.language)
    words, today = visit.words("case-states"), domain.day_of(visit.site.works.clock())
    line, officer = found.line, visit.somebody.has(*OFFICERS)
    return visit.page(
        "case.html", "case", line=line, found=found, kind=words[f"kind-{line.kind}"], officer=officer,
        outcome=words.get(f"outcome-{line.outcome}", line.outcome), notices=telling.notices(found.notices, visit.words("notices")), **_told(visit, found, today),
    )  # fmt: skip


def _told(visit: Visit, found: CaseStanding, today: date) -> dict[str, Any]:
    """What is told of a case wherever it stands."""
    words, late = visit.words("case-states"), _late(found.line, today)
    return {
        "state": words[found.line.state], "late": late, "promise": _promise(found.line, words, late, visit.language),
        "limits": [_limit(each, words) for each in found.limits], "history": telling.case_history(found.moments, visit.language),
    }  # fmt: skip


def _promise(line: CaseLine, words: Mapping[str, str], late: int, language: str) -> Promise:
    """The limit that counts now, and until when it runs."""
    if line.deadline is not None and line.open:
        title = words["due-is"].format(limit=words[f"limit-{line.deadline}"])
        day = weekday_text(line.due_on, language) if line.due_on else words["not-known"]
        return Promise(title, day, words["late"].format(days=late) if late else "")
    ended = line.resolved_on or line.ended_on
    timing = words.get(f"short-{line.timing}", "")
    return Promise(words["none-running"], words["met"].format(day=day_text(ended)) if ended else "–", timing)


def _limit(shown: LimitShown, words: Mapping[str, str]) -> dict[str, Any]:
    line = shown.line
    return {
        "name": words[f"limit-{line.kind}"], "due": line.due_on, "first": line.first_due_on, "ended": line.ended_on, "breached": line.breached_at,
        "reason": shown.reason, "moved": line.due_on is not None and line.first_due_on != line.due_on,
        "done": words["met"].format(day=day_text(line.ended_on)) if line.ended_on else "",
    }  # fmt: skip


def letter_content(visit: Visit, found: LetterStanding) -> dict[str, Any]:
    """What somebody with the receipt is told: dates and states, never what the letter says or who wrote it."""
    line, words, today = found.line, visit.words("letter"), domain.day_of(visit.site.works.clock())
    states = visit.words("case-states")
    late = max(0, (today - line.due_on).days) if line.due_on else 0
    due = weekday_text(line.due_on, visit.language) if line.due_on else ""
    promise = Promise(words["due"], due, states["late"].format(days=late) if late else "") if due else None
    return {
        "line": line, "found": found, "state": states[line.state], "promise": promise, "late": late,
        "history": telling.case_history(found.moments, visit.language), "limits": [_limit(each, states) for each in found.limits],
        "cases": [_case(visit, each, today) for each in found.cases],
    }  # fmt: skip


def _case(visit: Visit, case: CaseStanding, today: date) -> dict[str, Any]:
    words = visit.words("case-states")
    kind, outcome = words[f"kind-{case.line.kind}"], case.line.outcome
    return {"line": case.line, "unit": case.unit, "kind": kind, "outcome": words.get(f"outcome-{outcome}", ""), **_told(visit, case, today)}  # fmt: skip
