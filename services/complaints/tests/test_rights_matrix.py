"""Who may what: role x relation x kind over every route of the document that names a letter or a case.

The tables below are the statement (casework 2.6, interfaces 4), written down apart from the code. Commands are given with a
version nobody has: whoever may give one is told it is stale (412), so that nothing changes. Whoever may see nothing of a
letter or case gets, to the letter, the answer for one that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest

from services.complaints.tests.given import AN, BINH, OTHER_UNIT, UNIT
from services.complaints.tests.talk import Json, Talk, code, part, without_place
from shared.contracts.envelope import NAMESPACE
from shared.runtime import Service
from shared.web.tokens import ROLES

pytestmark = pytest.mark.postgres

NOWHERE = uuid5(NAMESPACE, "nowhere")
PROVINCE = "44"
KINDS = ("complaint", "feedback", "petition")
MAY, HIDDEN, REFUSED = "may", "hidden", "refused"
REASON = {"reason_class": "other", "reason": "…"}

READ_CASE = {"citizen": "party", "handler": "assigned", "head": "own", "clerk": "own", "inspector": "own province"}
READ_LETTER = {"citizen": "party", "screener": "own", "head": "own", "inspector": "province"}
SCREEN = {"screener": "own", "head": "own"}
HEAD, OFFICE = {"head": "own"}, {"head": "own", "clerk": "own"}
HANDLE, ASKED = {"handler": "assigned", "head": "own"}, {"head": "asked", "clerk": "asked"}
PARTY = {"citizen": "party"}

Rights = Mapping[str, str]
"""Role -> in which relations; a role that is not named is refused whatever it is to the case."""


@dataclass(frozen=True)
class Route:
    """A route, who may use it, and a body it understands."""

    rights: Rights
    body: Json | None = None
    query: str = ""


ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/submissions/{id}"): Route(READ_LETTER),
    ("post", "/submissions/{id}/split"): Route(SCREEN, {"parts": [part()]}),
    ("post", "/submissions/{id}/guide"): Route(SCREEN, REASON),
    ("post", "/submissions/{id}/file"): Route(SCREEN, REASON),
    ("post", "/submissions/{id}/request-supplement"): Route(SCREEN, {"reason": "…"}),
    ("post", "/submissions/{id}/link"): Route(SCREEN, {"with_submission": str(NOWHERE), "reason": "…"}),
    ("post", "/submissions/{id}/transfer"): Route(SCREEN, {"to_unit": OTHER_UNIT, **REASON}),
    ("post", "/submissions/{id}/supply"): Route(
        {"citizen": "party", "clerk": "own", "front": "own", "screener": "own", "head": "own"}, {"text": "…"}
    ),
    ("get", "/cases/{id}"): Route(READ_CASE),
    ("get", "/cases/{id}/history"): Route(READ_CASE),
    ("get", "/cases/{id}/deadlines"): Route(READ_CASE),
    ("get", "/cases/{id}/people"): Route(HEAD, query="?purpose=delivery"),
    ("post", "/cases/{id}/accept"): Route(OFFICE, {"contents": ["…"]}),
    ("post", "/cases/{id}/refuse"): Route(OFFICE, {"ground": "unsigned", "reason": "…"}),
    ("post", "/cases/{id}/assign"): Route(OFFICE, {"officer": "cb-02"}),
    ("post", "/cases/{id}/transfer"): Route(OFFICE, {"to_unit": OTHER_UNIT, **REASON}),
    ("post", "/cases/{id}/accept-transfer"): Route(ASKED),
    ("post", "/cases/{id}/reject-transfer"): Route(ASKED, REASON),
    ("post", "/cases/{id}/schedule-dialogue"): Route(HANDLE, {"at": "2026-12-07T08:00:00+07:00", "place": "…"}),
    ("post", "/cases/{id}/record-dialogue"): Route(HANDLE, {"held_on": "2026-11-23", "outcome": "agreed", "minutes": "…"}),
    ("post", "/cases/{id}/suspend"): Route(HEAD, {"ground": "force-majeure", "reason": "…"}),
    ("post", "/cases/{id}/resume"): Route(HEAD, {"reason": "…"}),
    ("post", "/cases/{id}/extend"): Route(HEAD, {"ground": "many-people", "reason": "…"}),
    ("post", "/cases/{id}/decide"): Route(HEAD, {"number": "1"}),
    ("post", "/cases/{id}/deliver"): Route({"clerk": "own", "handler": "assigned", "head": "own"}, {"method": "post"}),
    ("post", "/cases/{id}/answer"): Route(HANDLE, {"outcome": "fixed", "text": "…"}),
    ("post", "/cases/{id}/publish"): Route(HEAD, {"text": "…"}),
    ("post", "/cases/{id}/rate"): Route(PARTY, {"score": 5}),
    ("post", "/cases/{id}/reopen"): Route(PARTY, REASON),
    ("post", "/cases/{id}/appeal"): Route(PARTY, {"reason": "…"}),
    ("post", "/cases/{id}/withdraw"): Route({"citizen": "party", "clerk": "own"}, REASON),
}  # fmt: skip

RELATIONS: Mapping[str, Mapping[str, Json]] = {
    "citizen": {"party": {"person": AN.identity_no}, "stranger": {"person": BINH.identity_no}, "unnamed": {"person": None}},
    "handler": {"assigned": {"subject": "cb-01"}, "colleague": {"subject": "cb-02"}, "moved": {"subject": "cb-01", "units": (OTHER_UNIT,)}},
}  # fmt: skip
OFFICERS: Mapping[str, Json] = {
    "own": {"units": (UNIT,)}, "asked": {"units": (OTHER_UNIT,)}, "province": {"units": (PROVINCE,)}, "nowhere": {"units": ()},
}  # fmt: skip
"""Of other roles: an officer of the unit that has it, of the one it may be passed to, of the province, of none."""


def tokens(talk: Talk, role: str) -> dict[str, str]:
    """A token of this role in each of its relations."""
    return {name: talk.token(role, **claims) for name, claims in RELATIONS.get(role, OFFICERS).items()}


def expected(rights: Rights, role: str, relation: str, *, asked: bool) -> str:
    """What the statement says; while another unit is asked to take a case, its officers read it too."""
    if role not in rights:
        return REFUSED
    related = rights[role].split()
    if asked and rights is READ_CASE and relation == "asked":
        return MAY
    if related == ["asked"] and not asked:
        return HIDDEN
    return MAY if relation in related else HIDDEN


def verdict(answer: httpx.Response) -> str:
    """What the answer says."""
    if answer.status_code == 404:
        return HIDDEN
    if answer.status_code == 403:
        assert code(answer) in {(403, "role-not-allowed"), (403, "identity-unknown")}
        return REFUSED
    assert answer.status_code in {200, 412}, answer.text
    return MAY


async def use(talk: Talk, method: str, path: str, about: str | UUID, token: str | None) -> httpx.Response:
    """Use a route on this letter or case."""
    route = ROUTES[method, path]
    at = path.replace("{id}", str(about)) + route.query
    if method == "get":
        return await talk.get(at, token)
    return await talk.post(at, route.body, token=token, if_match='"999"')


async def under_way(talk: Talk, kind: str) -> Json:
    """A case of this kind that an officer handles."""
    (case,) = await talk.open(part(kind))
    if kind == "complaint":
        await talk.act(case, "accept", "head", {"contents": ["…"]})
    return await talk.act(case, "assign", "head", {"officer": "cb-01"})


async def in_transfer(talk: Talk, kind: str) -> Json:
    """A case of this kind that another unit is asked to take."""
    (case,) = await talk.open(part(kind))
    if kind != "complaint":
        await talk.act(case, "assign", "head", {"officer": "cb-01"})
    return await talk.act(case, "transfer", "head", {"to_unit": OTHER_UNIT, **REASON})


def test_the_statement_names_every_route_of_the_document_that_names_a_letter_or_a_case(service: Service) -> None:
    document: Mapping[str, Mapping[str, Any]] = service.api.openapi()["paths"]
    found = {
        (method, path.removeprefix("/v1")) for path, methods in document.items() for method in methods if "{" in path
    }
    assert found == set(ROUTES)


def test_the_document_says_the_roles_of_the_statement(service: Service) -> None:
    document: Mapping[str, Mapping[str, Any]] = service.api.openapi()["paths"]
    for (method, path), route in ROUTES.items():
        assert set(document[f"/v1{path}"][method]["x-roles"]) == set(route.rights), path


@pytest.mark.parametrize(
    ("kind", "asked"),
    [("complaint", False), ("complaint", True), ("feedback", False), ("feedback", True), ("petition", False)],
)
async def test_each_role_in_each_relation_to_a_case(talk: Talk, kind: str, *, asked: bool) -> None:
    case = await (in_transfer if asked else under_way)(talk, kind)
    routes = [key for key in ROUTES if key[1].startswith("/cases")]
    await _check(talk, routes, case["id"], asked=asked, unassigned=asked and kind == "complaint")


@pytest.mark.parametrize("waiting", [False, True], ids=["registered", "awaiting-supplement"])
async def test_each_role_in_each_relation_to_a_letter(talk: Talk, *, waiting: bool) -> None:
    letter = await talk.hand_in()
    if waiting:
        path = f"/submissions/{letter['id']}/request-supplement"
        await talk.post(path, {"reason": "…"}, token=talk.token("screener"), if_match='"1"')
    await _check(talk, [key for key in ROUTES if key[1].startswith("/submissions")], letter["id"])


async def _check(
    talk: Talk, routes: list[tuple[str, str]], about: str, *, asked: bool = False, unassigned: bool = False
) -> None:
    wrong = []
    for method, path in routes:
        rights = ROUTES[method, path].rights
        for role in sorted(rights):
            absent: httpx.Response | None = None
            for relation, token in tokens(talk, role).items():
                answer = await use(talk, method, path, about, token)
                wanted = expected(rights, role, relation, asked=asked)
                if relation == "assigned" and unassigned:
                    wanted = HIDDEN
                if verdict(answer) != wanted:
                    wrong.append((method, path, role, relation, answer.status_code, wanted))
                if answer.status_code == 404:
                    absent = await use(talk, method, path, NOWHERE, token) if absent is None else absent
                    assert without_place(answer) == without_place(absent)
                    assert answer.headers.keys() == absent.headers.keys()
    assert wrong == []


async def test_a_role_the_statement_does_not_name_is_refused_whatever_it_is_to_the_case(talk: Talk) -> None:
    case = await under_way(talk, "feedback")
    for (method, path), route in ROUTES.items():
        about = case["submission"] if path.startswith("/submissions") else case["id"]
        assert code(await use(talk, method, path, about, None)) == (401, "token-missing")
        for role in sorted(ROLES - route.rights.keys()):
            assert code(await use(talk, method, path, about, talk.token(role))) == (403, "role-not-allowed")


@pytest.mark.parametrize("path", ["/cases", "/submissions"])
async def test_a_list_shows_exactly_what_each_may_open(talk: Talk, path: str) -> None:
    for kind in KINDS:
        await under_way(talk, kind)
        await in_transfer(talk, kind)
    everything = await talk.get(f"{path}?limit=100", talk.token("inspector", units=(PROVINCE,)))
    ids = [each["id"] for each in everything.json()["items"]]
    assert len(ids) == 6
    for role in sorted(ROUTES["get", path + "/{id}"].rights):
        for relation, token in tokens(talk, role).items():
            answer = await talk.get(f"{path}?limit=100", token)
            if relation == "unnamed":
                assert code(answer) == (403, "identity-unknown")
                continue
            listed = {each["id"] for each in answer.json()["items"]}
            opened = {id_ for id_ in ids if (await talk.get(f"{path}/{id_}", token)).status_code == 200}
            assert (role, relation, listed) == (role, relation, opened)


async def test_no_answer_tells_whether_a_receipt_exists(talk: Talk) -> None:
    letter = await talk.hand_in()
    for path, more in (("/lookups", {}), ("/lookups/supply", {"text": "…"})):
        wrong, none = [
            await talk.post(path, {"code": receipt, "secret": "00000000", **more})
            for receipt in (letter["receipt_no"], re.sub(r"\d{4}$", "9999", letter["receipt_no"]))
        ]
        assert code(wrong) == (404, "lookup-refused")
        assert without_place(wrong) == without_place(none)
