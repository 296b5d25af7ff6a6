"""One dossier at the counter: where it stands, what happened, its slip, and the answer to what came online or by post."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from services.intake import domain, handlers
from services.intake.adapters.slip import render_slip
from services.intake.domain import Dossier
from services.intake.handlers import Desk
from services.intake.pages.counter import days_late, officer, procedure_of, today_of
from services.intake.pages.entering import Entered, entered, new_key, place_of, said
from shared.contracts import intake as facts
from shared.contracts.envelope import fact_type
from shared.kernel import Caller, Invalid, NotFound, Principal, Refused, Repeated, Stale
from shared.law.zone import local
from shared.web.pages import Visit
from shared.web.pages.writing import minute_text, weekday_text

DECISIONS: Final = ("accept", "request-supplement", "refuse")
REASONS: Final = ("not-complete", "not-eligible", "wrong-place", "duplicate", "other")
STEPS: Final = ("supply", "settle", "return-result")
"""What comes after the answer; of a dossier one at most."""
OUTCOMES: Final = ("granted", "rejected")
METHODS: Final = ("counter", "post", "electronic")
LONGEST_REASON: Final = 2000
LONGEST_NUMBER: Final = 60
_CLOCKS: Final = frozenset(
    {fact_type(facts.DeadlineWarned), fact_type(facts.DeadlineBreached), fact_type(facts.DeadlineMoved)}
)
"""Facts that leave the version as it is (decisions 8)."""


async def show(desk: Desk, visit: Visit) -> Response:
    """The page, or what came of the answer."""
    if visit.request.method == "POST":
        return await _answer(desk, visit)
    return await _page(desk, visit, Entered({}), done=visit.request.query_params.get("xong", ""))


async def show_slip(desk: Desk, visit: Visit) -> Response:
    """The receipt slip (form 01) as PDF; people are opened for it, which is stated."""
    try:
        papers = await handlers.read_papers(desk, officer(visit), _id(visit))
    except NotFound:
        raise
    except Refused as refused:
        return await _page(desk, visit, Entered({}), 409, failed=said(refused, visit.language))
    pdf = await asyncio.to_thread(render_slip, handlers.slip_of(desk, papers, visit.site.door.settings.base_url))
    named = f'inline; filename="{papers.dossier.code}.pdf"'
    return Response(pdf, headers={"content-disposition": named}, media_type="application/pdf")


def _id(visit: Visit) -> UUID:
    found: UUID = visit.request.path_params["id"]
    return found


async def _answer(desk: Desk, visit: Visit) -> Response:
    form = await entered(visit)
    if form["again"]:
        return await _page(desk, visit, form, again=True)
    try:
        await _decide(desk, visit, form)
    except NotFound:
        raise
    except Stale as stale:
        return await _page(desk, visit, form, 412, seen=stale.facts["seen"])
    except Invalid as refused:
        form.wrong[place_of(refused)] = said(refused, visit.language)
        return await _page(desk, visit, form, 422)
    except Refused as refused:
        return await _page(desk, visit, form, 409, failed=said(refused, visit.language))
    except Repeated:
        pass
    if form.wrong:
        return await _page(desk, visit, form, 422)
    return RedirectResponse(f"{visit.request.url.path}?xong={form['decision']}", 303)


async def _decide(desk: Desk, visit: Visit, form: Entered) -> None:
    """Give the command the form asks for; what is missing in it is noted in the form."""
    who, id_ = form.caller(officer(visit), visit), _id(visit)
    version = form["version"]
    seen, decision, reason = (
        int(version) if version.isdecimal() and version.isascii() else 0,
        form["decision"],
        form["reason"].strip()[:LONGEST_REASON],
    )
    words = visit.words("counter")
    if decision in STEPS:
        await _STEP[decision](desk, visit, form, who, seen)
    elif decision not in DECISIONS:
        form.wrong["decision"] = words["choose-decision"]
    elif decision == "accept":
        await handlers.accept_dossier(desk, who, id_, seen)
    elif not reason:
        form.wrong["reason"] = words["say-why"]
    elif decision == "refuse":
        class_ = form["reason_class"] if form["reason_class"] in REASONS else "other"
        await handlers.refuse_dossier(desk, who, id_, seen, reason_class=class_, reason=reason)
    else:
        await _ask(desk, visit, form, who.principal, seen, reason)


async def _ask(desk: Desk, visit: Visit, form: Entered, who: Principal, seen: int, reason: str) -> None:
    """Ask the applicant for the papers that were ticked."""
    dossier = await handlers.read_dossier(desk, who, _id(visit))
    missing = [paper.name for paper in form.ticked(await papers_of(desk, dossier))]
    if not missing:
        form.wrong["components"] = visit.words("counter")["choose-papers"]
        return
    await handlers.request_supplement(
        desk, form.caller(who, visit), dossier.id, seen, components=missing, reason=reason, respond_by=None
    )


async def _supply(desk: Desk, visit: Visit, form: Entered, who: Caller, seen: int) -> None:
    """Take the papers that were asked for and have come."""
    dossier, texts = await handlers.read_dossier_texts(desk, who.principal, _id(visit))
    papers = form.ticked(_asked_for(texts.supplement, await papers_of(desk, dossier)))
    if not papers:
        form.wrong["components"] = visit.words("counter")["choose-brought"]
        return
    await handlers.supply_components(desk, who, dossier.id, seen, components=papers)


async def _settle(desk: Desk, visit: Visit, form: Entered, who: Caller, seen: int) -> None:
    """Say what came of it."""
    outcome, number = form["outcome"], form["result_number"].strip()
    if outcome not in OUTCOMES:
        form.wrong["outcome"] = visit.words("counter")["choose-outcome"]
        return
    await handlers.settle_dossier(desk, who, _id(visit), seen, outcome=outcome, number=number[:LONGEST_NUMBER] or None)


async def _return(desk: Desk, visit: Visit, form: Entered, who: Caller, seen: int) -> None:
    """Hand the result over."""
    method = form["method"] if form["method"] in METHODS else METHODS[0]
    await handlers.return_result(desk, who, _id(visit), seen, method=method)


_STEP: Final = {"supply": _supply, "settle": _settle, "return-result": _return}


def _asked_for(
    supplement: Mapping[str, Any] | None, papers: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """The papers the applicant was asked for last, as the procedure knows them."""
    known = {each["name"]: each for each in papers}
    asked = (supplement or {}).get("components", ())
    return [known.get(name, {"name": name, "kind": "original", "count": 1}) for name in asked]


async def papers_of(desk: Desk, dossier: Dossier) -> Sequence[Mapping[str, Any]]:
    """The papers the procedure asks for, in the version the dossier keeps."""
    versions = await handlers.read_versions(desk, dossier.procedure)
    return next((each.components for each in versions if each.version == dossier.procedure_version), ())


async def _page(desk: Desk, visit: Visit, form: Entered, status: int = 200, *, seen: int | None = None, **values: Any) -> Response:  # fmt: skip
    who, words = officer(visit), visit.words("counter", "states")
    dossier, texts = await handlers.read_dossier_texts(desk, who, _id(visit))
    history = await handlers.read_history(desk, who, dossier.id)
    happened = [_happened(desk, row, words) for row in history]
    acts = {each["name"] for each in domain.actions(dossier, who)}
    papers = await papers_of(desk, dossier)
    return visit.page(
        "dossier.html", "counter", status, dossier=dossier, texts=texts, stands=words.get(dossier.state, dossier.state), form=form, key=_key(form, status),
        procedure=procedure_of(desk, dossier), unit=desk.shelf.units[dossier.unit].name, papers=papers,
        step=next((name for name in STEPS if name in acts), ""), brought=_asked_for(texts.supplement, papers), outcomes=OUTCOMES, methods=METHODS,
        history=happened, changes=_since(dossier, history, happened, seen), decisions=[name for name in DECISIONS if name in acts], reasons=REASONS,
        slip=dossier.accepted_at is not None and dossier.due_at is not None, **_dates(desk, visit, dossier),
        **{"done": "", "failed": "", "again": False, "stale": seen is not None, **values},
    )  # fmt: skip


def _key(form: Entered, status: int) -> str:
    """The key of the form; a new one once an answer was given to it."""
    return form["key"] if form["key"] and status != 200 else new_key()  # noqa: PLR2004 - a form drawn anew


def _dates(desk: Desk, visit: Visit, dossier: Dossier) -> dict[str, Any]:
    late = days_late(dossier, today_of(desk))
    due = dossier.due_on or (local(dossier.answer_due_at).date() if dossier.answer_due_at else None)
    why = handlers.explanation(desk, dossier, visit.language) if due else ()
    return {
        "late": late, "due": weekday_text(due, visit.language) if due else "", "answering": dossier.due_on is None, "why": why,
    }  # fmt: skip


def _happened(desk: Desk, row: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, str]:
    """What happened, when, and in which role and unit somebody did it."""
    role, unit, _subject = row["actor"].split("|")
    short = row["type"].split(".")[2]
    who = words.get(f"by-{role}", words["by-system"])
    name = desk.shelf.units[unit].name if unit in desk.shelf.units else ""
    return {"at": minute_text(row["recorded_at"]), "text": words.get(f"did-{short}", short), "who": who if role != "clerk" or not name else f"{who}, {name}"}  # fmt: skip


def _since(
    dossier: Dossier, history: Sequence[Mapping[str, Any]], happened: Sequence[dict[str, str]], seen: int | None
) -> list[dict[str, str]]:
    """What was done since the version somebody read: each command states one fact, and clocks change no version."""
    if seen is None or seen >= dossier.version:
        return []
    commands = [told for row, told in zip(history, happened, strict=True) if row["type"] not in _CLOCKS]
    return commands[seen - dossier.version :]
