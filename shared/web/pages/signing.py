"""Signing in and out: at the configured issuer, or in the embedded default by choosing who one is."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from shared.kernel import TENANT, Principal
from shared.web.pages.visit import Visit
from shared.web.refusals import DoorRefused
from shared.web.signin import SESSION_SECONDS, local_path
from shared.web.signin_flow import TICKET_SECONDS, SignInFailed

CHOICES: Final = ("head", "inspector", "clerk", "handler", "citizen", "admin", "ops", "publisher")
_LONGEST_ACCOUNT: Final = 100
_TICKET: Final = "gandan-sign-in"


async def show(visit: Visit) -> Response:
    """The page that leads to the issuer, or where it is our own, the form to choose from."""
    if visit.request.method == "POST":
        return await _chosen(visit)
    back = local_path(visit.request.query_params.get("lai", ""))
    expired = visit.expired or "het-han" in visit.request.query_params
    return await _page(visit, back, expired=expired)


async def _page(visit: Visit, back: str, *, status: int = 200, **said: Any) -> Response:
    units = await visit.site.units() if visit.site.dev else {}
    values = {"expired": False, "failed": None, "wrong": False, "chosen": "head", "unit": TENANT, **said}
    roles = visit.words("roles")
    choices = [(role, roles[role], roles[f"{role}-is"]) for role in CHOICES]
    dev = visit.site.dev is not None
    return visit.page("sign-in.html", "sign-in", status, back=back, units=units, choices=choices, dev=dev, **values)


async def _chosen(visit: Visit) -> Response:
    """Sign in as the person chosen, with the built-in issuer's own token, checked like any other."""
    form = await visit.form()
    visit.site.sessions.check_form(visit.request, visit.session, form.get("form", ""))
    back, role, unit = local_path(form.get("lai", "")), form.get("role", ""), form.get("unit", "")
    if visit.site.dev is None or role not in CHOICES:
        return visit.sorry("missing", 404)
    person = form.get("person", "").strip() or None if role == "citizen" else None
    account = form.get("account", "").strip()[:_LONGEST_ACCOUNT] or None if role == "publisher" else None
    try:
        token = visit.site.dev.token(role, units=[unit] if unit else [], person=person, subject=account)
        who = await visit.site.door.verifier.principal(token)
    except DoorRefused:
        return await _page(visit, back, status=422, wrong=True, chosen=role, unit=unit)
    return _signed_in(visit, who, back if back != "/" else visit.site.first.get(role, "/"))


def _signed_in(visit: Visit, who: Principal, back: str) -> Response:
    answer = RedirectResponse(back, 303)
    visit.site.sessions.begin(answer, who, SESSION_SECONDS)
    return answer


async def depart(visit: Visit) -> Response:
    """To the issuer, with a ticket for the way back."""
    if visit.site.flow is None:
        return visit.sorry("missing", 404)
    back = local_path(visit.request.query_params.get("lai", ""))
    try:
        departure = await visit.site.flow.depart(back)
    except SignInFailed as failed:
        return await _page(visit, back, status=503, failed=failed.reason)
    answer = RedirectResponse(departure.url, 303)
    secure = visit.site.sessions.secure
    answer.set_cookie(
        _TICKET, departure.ticket, max_age=TICKET_SECONDS, path="/dang-nhap", secure=secure, httponly=True, samesite="lax"
    )  # fmt: skip
    return answer


async def arrive(visit: Visit) -> Response:
    """Back from the issuer: signed in, or told plainly why not."""
    if visit.site.flow is None:
        return visit.sorry("missing", 404)
    ticket = visit.request.cookies.get(_TICKET, "")
    try:
        signed = await visit.site.flow.arrive(ticket, dict(visit.request.query_params))
    except SignInFailed as failed:
        answer = await _page(visit, "/", status=503 if failed.reason == "unreachable" else 403, failed=failed.reason)
    else:
        answer = _signed_in(visit, signed.principal, signed.back)
    answer.delete_cookie(_TICKET, path="/dang-nhap", httponly=True, samesite="lax")
    return answer


async def leave(visit: Visit) -> Response:
    """Sign out here, and show where to sign out at the issuer too: a form may not lead to another host by itself."""
    form = await visit.form()
    visit.site.sessions.check_form(visit.request, visit.session, form.get("form", ""))
    visit.session = None
    goodbye = await visit.site.flow.goodbye() if visit.site.flow else None
    answer = visit.page("signed-out.html", "sign-in", goodbye=goodbye)
    visit.site.sessions.end(answer)
    return answer
