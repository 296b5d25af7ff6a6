"""The counter: a new dossier, what waits today, and the way to find one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from starlette.responses import Response

from services.intake import handlers
from services.intake.domain import Dossier
from services.intake.handlers import LISTS, Desk, Filing
from services.intake.pages.entering import APART, Entered, entered, new_key, place_of, said
from shared.kernel import IdempotencyMismatch, Invalid, NotFound, Principal, Repeated, StillRunning
from shared.law.zone import local
from shared.web.pages import Visit
from shared.web.pages.writing import weekday_text

COUNTER: Final = ("clerk", "handler", "head")
BAD: Final = frozenset({"overdue"})
SOON: Final = frozenset({"due-today", "warned", "to-answer"})


def today_of(desk: Desk) -> date:
    """The day it is at the counter."""
    return local(desk.works.clock()).date()


def procedure_of(desk: Desk, dossier: Dossier) -> str:
    """The name of a dossier's procedure in the version it keeps."""
    found = desk.shelf.version(dossier.procedure, dossier.procedure_version)
    return found.name if found is not None else dossier.procedure


def officer(visit: Visit) -> Principal:
    """Who is signed in, in the first of their roles that belongs to the counter."""
    who = visit.somebody
    return replace(who, acting=next(role for role in COUNTER if role in who.roles))


def units_of(desk: Desk, who: Principal) -> dict[str, str]:
    """The units somebody works for, by name."""
    names = {code: desk.shelf.units[code].name for code in who.units if code in desk.shelf.units}
    return dict(sorted(names.items(), key=lambda each: each[1]))


async def show(desk: Desk, visit: Visit) -> Response:
    """The page, or what came of the form."""
    if visit.request.method == "POST":
        return await _file(desk, visit)
    query = visit.request.query_params
    given = {
        "unit": query.get("don-vi", ""),
        "procedure": query.get("thu-tuc", ""),
        "channel": query.get("kenh", "direct"),
    }
    return await _page(desk, visit, Entered(given))


async def _file(desk: Desk, visit: Visit) -> Response:
    form = await entered(visit)
    papers = await _papers(desk, form["procedure"])
    filing = form.filing(form.ticked(papers), visit.language)
    if filing is None:
        return await _page(desk, visit, form, 422)
    try:
        return await _filed(desk, visit, form, filing)
    except Invalid as refused:
        form.wrong[place_of(refused)] = said(refused, visit.language)
        return await _page(desk, visit, form, 422)
    except IdempotencyMismatch:
        form.values = {**form.values, "key": new_key()}
        return await _page(desk, visit, form, 409, failed=visit.words("counter")["changed-after"])
    except StillRunning as refused:
        return await _page(desk, visit, form, 409, failed=said(refused, visit.language))


async def _filed(desk: Desk, visit: Visit, form: Entered, filing: Filing) -> Response:
    """Done: code and secret are shown now; a form sent twice is answered with the same, before anything like it is looked for."""
    asked = form.caller(officer(visit), visit, 201)
    try:
        if not form["despite"] and (alike := await handlers.find_alike(desk, asked, filing)):
            return await _page(desk, visit, form, alike=[each.code for each in alike])
        shown = _told(await handlers.submit_dossier(desk, asked, filing))
    except Repeated as repeated:
        first = UUID(msgspec.json.decode(repeated.answer)["id"])
        shown = _told(await handlers.read_dossier(desk, officer(visit), first))
    secret = handlers.lookup_secret(desk.works.keys, shown["id"], shown["number"])
    due = weekday_text(shown["due"], visit.language) if shown["due"] else ""
    return visit.page(
        "filed.html", "counter", 201, filed=shown, secret=f"{secret[:4]} {secret[4:]}", due=due, procedure=desk.shelf.procedure(filing.submission.procedure, today_of(desk)).name,
        next=f"/quay?don-vi={filing.submission.unit}&thu-tuc={filing.submission.procedure}&kenh={filing.submission.channel}", name=filing.submitter.name,
    )  # fmt: skip


def _told(dossier: Dossier) -> dict[str, Any]:
    due = dossier.due_on or (local(dossier.answer_due_at).date() if dossier.answer_due_at else None)
    return {
        "id": dossier.id,
        "code": dossier.code,
        "number": dossier.lookup_number,
        "due": due,
        "accepted": dossier.accepted_at is not None,
    }


async def _papers(desk: Desk, procedure: str) -> Sequence[Mapping[str, Any]]:
    """The papers the version in force today asks for."""
    try:
        return (await handlers.read_procedure(desk, procedure)).components
    except NotFound:
        return ()


async def _page(desk: Desk, visit: Visit, form: Entered, status: int = 200, **said_: Any) -> Response:
    who = officer(visit)
    units = units_of(desk, who) if who.has("clerk") else {}
    unit = form["unit"] if form["unit"] in units else next(iter(units), "")
    chosen = form["procedure"] if form["procedure"] in desk.shelf.procedures else ""
    values: dict[str, Any] = {"alike": (), "failed": "", **said_}
    return visit.page(
        "counter.html", "counter", status, units=units, unit=unit, offered=_offered(desk, unit), chosen=chosen, form=form, key=form["key"] or new_key(),
        papers=await _papers(desk, chosen), apart=any(form[name] or name in form.wrong for name in APART), procedure=desk.shelf.procedure(chosen, today_of(desk)).name if chosen else "", lists=await side(desk, visit), q="", **values,
    )  # fmt: skip


def _offered(desk: Desk, unit: str) -> list[tuple[str, str]]:
    if not unit:
        return []
    today, offers = today_of(desk), desk.shelf.units[unit].offers
    versions = [desk.shelf.procedure(code, today) for code in desk.shelf.procedures]
    found = [(each.code, each.name) for each in versions if each.counts_on(today) and offers(each)]
    return sorted(found, key=lambda each: each[1])


async def side(desk: Desk, visit: Visit) -> list[dict[str, Any]]:
    """The lists of the day with how many wait in each."""
    counts = await handlers.count_lists(desk, officer(visit))
    words = visit.words("counter")
    return [
        {"name": name, "title": words[f"list-{name}"], "count": counts[name], "mark": _mark(name, counts[name])}
        for name in LISTS
    ]


def _mark(name: str, count: int) -> str:
    if not count:
        return "none"
    return "bad" if name in BAD else "soon" if name in SOON else ""


def days_late(dossier: Dossier, today: date) -> int:
    """Days after the day on which something is due."""
    due = dossier.due_on or (local(dossier.answer_due_at).date() if dossier.answer_due_at else None)
    still = dossier.closed_at is None and dossier.settled_at is None
    return max(0, (today - due).days) if due is not None and still else 0
