"""Letters and lookups over HTTP: handing in, screening, and what cannot be taken."""

from __future__ import annotations

from typing import Any
from uuid import uuid5

import pytest
from fastapi import FastAPI

from services.complaints.tests.given import AN, BINH, OTHER_UNIT, UNIT, rows
from services.complaints.tests.talk import Json, Talk, body, code, names, part, without_place
from shared.contracts.envelope import NAMESPACE
from shared.kernel import Refused
from shared.runtime import Service
from shared.store.lookups import LookupLocked, LookupRefused
from shared.store.unit_of_work import Works
from shared.web.auth import routes_without_right
from shared.web.problems import missing_problem_texts, refusal_classes

pytestmark = pytest.mark.postgres

NOWHERE = uuid5(NAMESPACE, "nowhere")


async def test_a_letter_is_answered_with_its_receipt_and_the_way_back(talk: Talk) -> None:
    answer = await talk.post("/submissions", body(), token=talk.citizen())
    letter = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/complaints/v1/submissions/{letter['id']}"
    assert (answer.headers["etag"], letter["state"], letter["phase"]) == ('"1"', "registered", "received")
    assert letter["receipt_no"] == letter["lookup"]["code"] == f"DT.{UNIT}-261123-0001"
    assert len(letter["lookup"]["secret"]) == 8
    assert (letter["received_at"], letter["due_on"]) == ("2026-11-23T08:15:00+07:00", "2026-12-01")
    assert "recipient" not in letter


async def test_a_repeated_letter_is_one_letter_with_the_same_secret(talk: Talk, works: Works) -> None:
    for token, sent in ((talk.citizen(), body()), (None, body(parties=[], anonymous=True))):
        first = await talk.post("/submissions", sent, token=token, key="the-key")
        again = await talk.post("/submissions", sent, token=token, key="the-key")
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["idempotent-replayed"] == "true"
        assert again.headers["location"] == first.headers["location"]
    assert len(await rows(works, "SELECT * FROM submission")) == 2


async def test_an_anonymous_letter_needs_no_sign_in_and_a_named_one_does(talk: Talk) -> None:
    letter = await talk.post("/submissions", body(parties=[], anonymous=True))
    assert (letter.status_code, letter.json()["anonymous"]) == (201, True)
    assert code(await talk.post("/submissions", body())) == (401, "token-missing")
    assert code(await talk.post("/submissions", body(), token="rubbish")) == (401, "token-invalid")
    assert code(await talk.post("/submissions", body(), token=talk.citizen(None))) == (403, "identity-unknown")
    assert code(await talk.post("/submissions", body(), token=talk.token("clerk", units=(OTHER_UNIT,)))) == (403, "forbidden")  # fmt: skip


async def test_strangers_are_slowed_down_and_those_who_sign_in_are_not(talk: Talk) -> None:
    wrong = body(parties=[], anonymous=True, unit="99999")
    answers = [await talk.post("/submissions", wrong) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429]
    assert (await talk.post("/submissions", body(), token=talk.citizen())).status_code == 201


@pytest.mark.parametrize(
    ("changes", "pointer", "problem"),
    [
        ({"unit": "99999"}, "/unit", "unknown-unit"),
        ({"about": {"procedure": "9.9"}}, "/about/procedure", "unknown-procedure"),
        ({"parties": []}, "/parties", "sender-missing"),
        ({"anonymous": True}, "/parties", "anonymous-with-people"),
        ({"channel": "postal"}, "/channel", "counter-only"),
        ({"received_at": "2026-11-20T08:00:00+07:00"}, "/received_at", "received-at-counter-only"),
        ({"received_at": "2026-11-20"}, "/received_at", "invalid"),
        ({"channel": "pigeon"}, "/channel", "invalid"),
        ({"text": " "}, "/text", "invalid"),
        ({"text": "a" * 20_001}, "/text", "invalid"),
        ({"text": "a\0b"}, "/text", "invalid"),
        ({"parties": [{"name": "A" * 5_000}]}, "/parties/0/name", "invalid"),
        ({"parties": [{"name": "A", "identity_no": "12"}]}, "/parties/0/identity_no", "invalid"),
        ({"parties": [{"name": "A", "email": "a" * 5_000}]}, "/parties/0/email", "invalid"),
        ({"parties": [{"name": "A"}] * 101}, "/parties", "invalid"),
        ({"about": {"dossier": "x"}}, "/about/dossier", "invalid"),
        ({"extra": 1}, "/extra", "invalid"),
    ],
)
async def test_a_letter_that_cannot_be_taken_names_the_field(
    talk: Talk, works: Works, changes: Json, pointer: str, problem: str
) -> None:
    answer = await talk.post("/submissions", body(**changes), token=talk.citizen())
    assert code(answer) == (422, problem)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert "A" * 100 not in answer.text
    assert await rows(works, "SELECT * FROM submission") == []


async def test_a_clerk_enters_paper_with_the_day_it_came_and_not_the_future(talk: Talk) -> None:
    clerk, paper = talk.token("clerk"), {"channel": "direct", "late_reason": "Mất điện"}
    letter = await talk.hand_in(clerk, **paper, received_at="2026-11-20T16:00:00+07:00")
    assert (letter["received_at"], letter["due_on"]) == ("2026-11-20T16:00:00+07:00", "2026-11-30")
    for when, problem in (
        ("2027-01-01T00:00:00+07:00", "in-the-future"),
        ("2025-11-01T00:00:00+07:00", "too-long-ago"),
    ):
        answer = await talk.post("/submissions", body(**paper, received_at=when), token=clerk)
        assert code(answer) == (422, problem)


async def test_a_letter_is_read_by_its_people_and_by_screeners_until_it_is_classified(talk: Talk) -> None:
    letter = await talk.hand_in(about={"project": "Kè sông"})
    path, screener = f"/submissions/{letter['id']}", talk.token("screener")
    seen = (await talk.get(path, screener)).json()
    assert (seen["text"], names(seen["actions"])) == (
        body()["text"],
        ["split", "request-supplement", "guide", "file", "link", "transfer"],
    )
    await talk.post(f"{path}/split", {"parts": [part()]}, token=screener, if_match='"1"')
    assert ((await talk.get(path, screener)).json()["text"], (await talk.get(path, screener)).json()["actions"]) == (None, [])  # fmt: skip
    assert seen["about_project"] == "Kè sông"
    mine = (await talk.get(path, talk.citizen())).json()
    assert (mine["text"], [case["kind"] for case in mine["opened"]]) == (body()["text"], ["feedback"])
    for stranger in (talk.citizen(BINH.identity_no), talk.token("screener", units=(OTHER_UNIT,))):
        absent, hidden = await talk.get(f"/submissions/{NOWHERE}", stranger), await talk.get(path, stranger)
        assert hidden.status_code == 404
        assert without_place(absent) == without_place(hidden)
    assert code(await talk.get(path, talk.token("clerk"))) == (403, "role-not-allowed")
    assert code(await talk.get(path)) == (401, "token-missing")
    assert (await talk.get(path, screener, if_none_match='"2"')).status_code == 304


async def test_letters_are_listed_for_screeners_and_for_their_people(talk: Talk) -> None:
    handed = [await talk.hand_in() for _ in range(3)]
    await talk.hand_in(talk.citizen(BINH.identity_no), unit=OTHER_UNIT)
    screener = talk.token("screener")
    first = (await talk.get("/submissions?limit=2&state=registered", screener)).json()
    rest = (await talk.follow(first["next"], screener)).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == [each["id"] for each in reversed(handed)]
    assert len((await talk.get("/submissions", talk.citizen())).json()["items"]) == 3
    assert len((await talk.get("/submissions", talk.token("inspector", units=("44",)))).json()["items"]) == 4
    assert (await talk.get(f"/submissions?unit={OTHER_UNIT}", screener)).json()["items"] == []


async def test_a_split_is_answered_with_the_cases_and_so_is_its_repeat(talk: Talk) -> None:
    letter = await talk.hand_in()
    parts = {"parts": [part("complaint"), part("petition", OTHER_UNIT)]}
    call = {"token": talk.token("screener"), "key": "split-it", "if_match": '"1"'}
    first, again = [await talk.post(f"/submissions/{letter['id']}/split", parts, **call) for _ in range(2)]
    assert [(case["kind"], case["unit"], case["code"][-2:]) for case in first.json()["opened"]] == [
        ("complaint", UNIT, ".1"), ("petition", OTHER_UNIT, ".2"),
    ]  # fmt: skip
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([part("denunciation")], (409, "denunciation-not-taken-here")),
        ([part("feedback"), part("denunciation")], (409, "denunciation-not-taken-here")),
        ([part("information-request")], (409, "kind-not-taken-here")),
        ([part("conduct-report")], (409, "kind-not-taken-here")),
        ([part("poem")], (422, "invalid")),
        ([], (422, "invalid")),
        ([part(unit="99999")], (422, "unknown-unit")),
    ],
)
async def test_a_split_that_cannot_be_says_why(talk: Talk, parts: list[Json], expected: tuple[int, str]) -> None:
    letter = await talk.hand_in()
    answer = await talk.post(f"/submissions/{letter['id']}/split", {"parts": parts}, token=talk.token("screener"), if_match='"1"')  # fmt: skip
    assert code(answer) == expected
    assert len(answer.json()["detail"]) > 20


async def test_a_denunciation_is_refused_with_the_lawful_route_and_the_letter_is_guided_there(talk: Talk) -> None:
    letter, screener = await talk.hand_in(), talk.token("screener")
    path = f"/submissions/{letter['id']}"
    refused = await talk.post(f"{path}/split", {"parts": [part("denunciation")]}, token=screener, if_match='"1"', accept_language="en")  # fmt: skip
    assert "Denunciations are not taken here yet" in refused.json()["detail"]
    assert "Art. 22" in refused.json()["detail"]
    reason = {"reason_class": "denunciation-in-writing", "reason": "Mời Ông/Bà đến nơi tiếp công dân."}
    guided = await talk.post(f"{path}/guide", reason, token=screener, if_match='"1"')
    assert (guided.status_code, guided.json()["state"], guided.json()["phase"]) == (200, "guided", "closed")
    again = await talk.post(f"{path}/file", {"reason_class": "blank", "reason": "x"}, token=screener, if_match='"2"')
    assert code(again) == (409, "already-screened")


async def test_an_anonymous_letter_cannot_become_a_complaint(talk: Talk) -> None:
    letter = (await talk.post("/submissions", body(parties=[], anonymous=True))).json()
    answer = await talk.post(f"/submissions/{letter['id']}/split", {"parts": [part("complaint")]}, token=talk.token("screener"), if_match='"1"')  # fmt: skip
    assert code(answer) == (409, "anonymous-complaint")


async def test_the_receipt_leads_back_to_letter_case_and_answer_without_signing_in(talk: Talk) -> None:
    (case,) = await talk.open()
    await talk.act(case, "assign", "head", {"officer": "cb-01"})
    await talk.act(case, "answer", "handler", {"outcome": "fixed", "text": "Đã khơi thông"}, subject="cb-01")
    letter = (await talk.post("/submissions", body(), token=talk.citizen(), key="key-1")).json()
    answer = await talk.post("/lookups", letter["lookup"], accept_language="en")
    seen: Any = answer.json()
    assert (answer.status_code, seen["state"], seen["status"]) == (200, "split", "Read and passed on to be settled")
    (only,) = seen["cases"]
    assert (only["status"], only["outcome"], only["written"][0]["text"]) == ("Answered", "fixed", "Đã khơi thông")
    assert AN.name not in answer.text


async def test_a_wrong_secret_and_an_unknown_receipt_get_the_same_words_and_the_sixth_try_is_locked(
    talk: Talk,
) -> None:
    letter = await talk.hand_in()
    wrong = {"code": letter["receipt_no"], "secret": "00000000"}
    unknown = {"code": "DT.19360-261123-9999", "secret": "00000000"}
    first, second = await talk.post("/lookups", wrong), await talk.post("/lookups", unknown)
    assert code(first) == (404, "lookup-refused")
    assert without_place(first) == without_place(second)
    for _ in range(4):
        await talk.post("/lookups", wrong)
    locked = await talk.post("/lookups", letter["lookup"])
    assert code(locked) == (429, "lookup-locked")
    assert "15 phút" in locked.json()["detail"]


def test_every_route_declares_its_right(service: Service) -> None:
    app: FastAPI = service.api
    assert routes_without_right(app) == []


def test_every_refusal_has_its_words_in_both_languages(service: Service) -> None:
    app: FastAPI = service.api
    own: list[type[Refused]] = [*refusal_classes("services.complaints"), LookupLocked, LookupRefused]
    assert len(own) > 50
    known = app.state.catalogue
    assert [cls.__name__ for cls in own if cls().code not in known] == []
    texts = {code: {"status": e.status, "title": e.title, "detail": e.detail, "advice": e.advice} for code, e in known.items()}  # fmt: skip
    assert missing_problem_texts(own, texts) == []
    assert {cls.__name__ for cls in own if known[cls().code].status != cls.status} == set()


def test_the_document_describes_every_route_with_its_problems(service: Service) -> None:
    paths = service.api.openapi()["paths"]
    assert len(paths) > 25
    for operation in (operation for path in paths.values() for operation in path.values()):
        assert operation["summary"]
        assert any(status.startswith("4") for status in operation["responses"])
