"""A dossier by the code and the secret of its slip; the secret travels in a form and never in an address."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from starlette.responses import Response

from services.reporting import domain, handlers
from services.reporting.domain import Office
from services.reporting.handlers import LetterStanding, LookupLocked, LookupRefused, Standing
from services.reporting.pages import cases, telling
from shared.law.zone import local
from shared.web.limits import client_of, limited
from shared.web.pages.visit import Visit

LIMIT: Final = limited("lookups", per_minute=30, burst=10)
_LONGEST: Final = 40


async def show(visit: Visit) -> Response:
    """The form, or what it found; a form without a token, for it changes nothing and asks only what its sender knows."""
    if visit.request.method != "POST":
        return visit.page("lookup.html", "lookup", code=visit.request.query_params.get("ma", "")[:_LONGEST], said=None)
    form = await visit.form()
    code, secret = form.get("code", "")[:_LONGEST], form.get("secret", "")[:_LONGEST]
    words = visit.words("lookup")
    if visit.site.buckets.take(LIMIT, client_of(visit.request)) < 0:
        return visit.page("lookup.html", "lookup", 429, code=code, said=words["too-many"])
    try:
        found = await handlers.look_up(visit.site.works, code, secret, visit.language)
    except LookupLocked as locked:
        return visit.page("lookup.html", "lookup", 429, code=code, said=words["locked"].format(**locked.facts))
    except LookupRefused as refused:
        name = "refused" if refused.facts["left"] else "refused-last"
        return visit.page("lookup.html", "lookup", 404, code=code, said=words[name].format(**refused.facts))
    if isinstance(found, LetterStanding):
        return visit.page("letter.html", "letter", **cases.letter_content(visit, found))
    return visit.page("found.html", "lookup", **_content(visit, found))


def _content(visit: Visit, found: Standing) -> dict[str, Any]:
    line, words = found.line, visit.words("lookup")
    today = domain.day_of(visit.site.works.clock())
    late = _days_late(found, today)
    promise = telling.promise(line, visit.words("states"), late, visit.language)
    return {
        "line": line, "found": found, "state": visit.words("states")[line.state], "promise": promise, "late": late,
        "advice": _advice(found, late, words), "rights": _rights(found, late, words), "history": telling.history(found.moments, visit.language),
        "hours": _hours(found.office), "now": telling.minute_text(visit.site.works.clock()), "as_of": telling.minute_text(line.last_at),
    }  # fmt: skip


def _days_late(found: Standing, today: date) -> int:
    """Days after the day on which something is due: the result, or the answer to what came online."""
    line = found.line
    due = line.due_on or (local(line.answer_due_at).date() if line.answer_due_at else None)
    return max(0, (today - due).days) if line.open and due is not None else 0


def _advice(found: Standing, late: int, words: Any) -> str:
    """What the citizen has to do now."""
    line = found.line
    by = telling.weekday_text(line.respond_by, words["code"]) if line.respond_by else ""
    name = "advice-late" if late and line.state in {"accepted", "in-progress"} else f"advice-{line.state}"
    return str(words[name]).format(by=by, unit=found.unit)


def _rights(found: Standing, late: int, words: Any) -> list[str]:
    """What the citizen is entitled to in this state."""
    names = [*(["right-apology"] if late else []), *(["right-withdraw"] if found.line.open else []), "right-complain"]
    return [words[name] for name in names]


def _hours(office: Office) -> str:
    return ", ".join(f"{opens:%H:%M}–{closes:%H:%M}" for opens, closes in office.hours.periods)
