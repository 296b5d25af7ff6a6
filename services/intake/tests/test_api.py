"""Door 1: a dossier's whole life over HTTP, and everything a client can get wrong."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from services.intake.tests.given import BINH, OTHER_UNIT, UNIT
from services.intake.tests.talk import SUPPLEMENT, Json, Talk, body, problem
from shared.runtime import Service
from shared.testing.clock import StandingClock
from shared.web.auth import routes_without_right

pytestmark = pytest.mark.postgres

NOBODY_S = "/dossiers/00000000-0000-7000-8000-000000000000"
REASON = {"reason_class": "own-wish", "reason": "Tôi đổi ý"}


async def test_a_dossier_lives_from_the_counter_to_the_citizen_s_hands(talk: Talk, clock: StandingClock) -> None:
    answer = await talk.post("/dossiers", body(), token=talk.token("clerk"))
    dossier: Json = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == f"/intake/v1/dossiers/{dossier['id']}"
    assert dossier["code"] == "H50.144-261123-0001"
    assert (dossier["state"], dossier["due_at"], dossier["due_on"]) == (
        "accepted",
        "2026-11-27T17:00:00+07:00",
        "2026-11-27",
    )
    assert (await talk.get(f"/dossiers/{dossier['id']}", talk.token("clerk"))).json()["state"] == "accepted"

    dossier = await talk.act(dossier, "assign", "head", {"officer": "cb-12"})
    clock.at("2026-11-25T10:00:00+07:00")
    dossier = await talk.act(dossier, "request-supplement", "clerk", SUPPLEMENT)
    assert (dossier["phase"], dossier["due_at"], dossier["remaining_working_hours"]) == ("waiting-for-you", None, 21)
    clock.at("2026-11-30T10:00:00+07:00")
    dossier = await talk.act(dossier, "supply", "citizen", {"components": [{"name": "Căn cước", "kind": "copy"}]})
    assert dossier["due_at"] == "2026-12-02T17:00:00+07:00"
    dossier = await talk.act(dossier, "settle", "handler", {"outcome": "granted", "number": "7/GXN"})
    dossier = await talk.act(dossier, "return-result", "clerk", {"method": "counter"})

    assert (dossier["state"], dossier["phase"], dossier["version"], dossier["actions"]) == ("returned", "closed", 6, [])
    history = (await talk.get(f"/dossiers/{dossier['id']}/history", talk.citizen())).json()["items"]
    assert [fact["type"].split(".")[2] for fact in history] == [
        "dossier-submitted", "dossier-accepted", "dossier-assigned", "supplement-requested", "supplement-supplied",
        "dossier-settled", "result-returned",
    ]  # fmt: skip
    assert [fact["actor"] for fact in history][2:5] == [f"head {UNIT}", f"clerk {UNIT}", f"citizen {UNIT}"]


async def test_an_online_dossier_is_refused_or_accepted_and_the_citizen_reads_why(talk: Talk) -> None:
    dossier = await talk.file(talk.citizen(), channel="online", components=[])
    assert (dossier["state"], dossier["answer_due_at"]) == ("submitted", "2026-11-25T08:15:00+07:00")
    assert [action["name"] for action in dossier["actions"]] == ["withdraw"]

    await talk.act(dossier, "request-supplement", "clerk", SUPPLEMENT)
    shown = (await talk.get(f"/dossiers/{dossier['id']}", talk.citizen())).json()
    assert (shown["supplement"], shown["components"], shown["respond_by"]) == (SUPPLEMENT, [], "2026-12-23")

    withdrawn = await talk.act(shown, "withdraw", "citizen", REASON)
    assert (withdrawn["state"], withdrawn["respond_by"]) == ("withdrawn", None)


async def test_an_answer_already_read_is_not_sent_again(talk: Talk) -> None:
    dossier = await talk.file()

    again = await talk.get(f"/dossiers/{dossier['id']}", talk.citizen(), if_none_match='"1"')

    assert (again.status_code, again.content) == (304, b"")


async def test_the_deadline_explains_itself_in_both_languages(talk: Talk) -> None:
    path = f"/dossiers/{(await talk.file())['id']}/deadline"

    vietnamese = (await talk.get(path, talk.citizen())).json()
    english = (await talk.get(path, talk.citizen(), accept_language="en")).json()

    assert (vietnamese["due_on"], vietnamese["rule"], vietnamese["rule_version"]) == (
        "2026-11-27",
        "one-stop.settlement",
        5,
    )
    assert vietnamese["verified"] is False
    assert any("Ngày Văn hóa" in step for step in vietnamese["steps"])
    assert any("Culture Day" in step for step in english["steps"])


async def test_before_acceptance_the_deadline_is_that_of_the_answer(talk: Talk) -> None:
    dossier = await talk.file(talk.citizen(), channel="online")

    shown = (await talk.get(f"/dossiers/{dossier['id']}/deadline", talk.citizen())).json()

    assert (shown["rule"], shown["due_at"], shown["due_on"]) == (
        "one-stop.online-answer",
        "2026-11-25T08:15:00+07:00",
        "2026-11-25",
    )


PATHS = ("", "/history", "/deadline", "/forms/01.pdf")


async def test_who_is_not_signed_in_reads_nothing(talk: Talk) -> None:
    dossier = await talk.file()

    answers = [await talk.get(f"/dossiers/{dossier['id']}{path}") for path in PATHS]
    answers += [await talk.get("/dossiers"), await talk.get("/me/dossiers"), await talk.post("/dossiers", body())]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(401, "token-missing")}


async def test_a_role_that_may_not_is_told_so(talk: Talk) -> None:
    dossier = await talk.file()
    path = f"/dossiers/{dossier['id']}"

    answers = [
        await talk.post(f"{path}/accept", token=talk.citizen(), if_match='"1"'),
        await talk.post(f"{path}/settle", {"outcome": "granted"}, token=talk.token("clerk"), if_match='"1"'),
        await talk.get(path, talk.token("publisher")),
        await talk.post("/dossiers", body(), token=talk.token("head")),
        await talk.get("/me/dossiers", talk.token("clerk")),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "role-not-allowed")] * 5


async def test_strangers_cannot_tell_a_dossier_from_none(talk: Talk) -> None:
    mine = f"/dossiers/{(await talk.file())['id']}"
    strangers = [talk.citizen(BINH.identity_no), talk.token("clerk", "handler", "head", units=[OTHER_UNIT])]

    for token in strangers:
        for path in PATHS:
            real, none = await talk.get(mine + path, token), await talk.get(NOBODY_S + path, token)
            assert (real.status_code, problem(real)) == (none.status_code, problem(none)) == (404, problem(none))
        for version in ('"1"', '"9"', "*"):
            real, none = [
                await talk.post(f"{path}/withdraw", REASON, token=token, if_match=version) for path in (mine, NOBODY_S)
            ]
            assert (real.status_code, problem(real)) == (none.status_code, problem(none)) == (404, problem(none))


async def test_a_change_names_the_version_it_was_decided_on(talk: Talk) -> None:
    dossier = await talk.file()
    path, clerk = f"/dossiers/{dossier['id']}/assign", talk.token("clerk")

    async def assign(**headers: str) -> httpx.Response:
        return await talk.post(path, {"officer": "cb-1"}, token=clerk, **headers)

    missing, malformed, star = await assign(), await assign(if_match="1"), await assign(if_match="*")
    first, stale = await assign(if_match='"1"'), await assign(if_match='"1"')

    assert [answer.status_code for answer in (missing, malformed, star)] == [428, 400, 400]
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert (stale.status_code, stale.json()["code"], stale.json()["facts"]) == (412, "stale", {"seen": 1, "version": 2})


async def test_a_citizen_may_act_on_whatever_version_there_is(talk: Talk) -> None:
    dossier = await talk.file()
    await talk.act(dossier, "request-supplement", "clerk", SUPPLEMENT)
    path = f"/dossiers/{dossier['id']}"

    supplied = await talk.post(
        f"{path}/supply", {"components": [{"name": "Căn cước"}]}, token=talk.citizen(), if_match="*"
    )

    assert (supplied.status_code, supplied.json()["version"]) == (200, 3)


async def test_a_repeat_gets_the_first_answer_again_with_its_secret(talk: Talk) -> None:
    clerk = talk.token("clerk")
    first = await talk.post("/dossiers", body(), token=clerk, key="k-1")
    await talk.act(first.json(), "assign", "head", {"officer": "cb-1"})

    again = await talk.post("/dossiers", body(), token=clerk, key="k-1")

    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert [again.headers[name] for name in ("etag", "location")] == [
        first.headers[name] for name in ("etag", "location")
    ]
    assert len(again.json()["lookup"]["secret"]) == 8
    assert len((await talk.get("/dossiers", clerk)).json()["items"]) == 1


async def test_a_repeated_command_is_answered_before_its_version_is_compared(talk: Talk) -> None:
    dossier = await talk.file()

    async def assign() -> httpx.Response:
        path = f"/dossiers/{dossier['id']}/assign"
        return await talk.post(path, {"officer": "cb-1"}, token=talk.token("clerk"), key="k-2", if_match='"1"')

    first, again = await assign(), await assign()

    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, '"2"')
    assert "secret" not in again.text


async def test_the_secret_is_in_no_row(talk: Talk, service: Service) -> None:
    filed = await talk.file()

    async with service.api.state.desk.works.reading() as connection:
        tables = ("dossier", "fact", "idempotency", "deadline", "outbox")
        rows = [str(await connection.fetch(f"SELECT t::text, t.* FROM {table} t")) for table in tables]

    assert filed["lookup"]["secret"] not in "".join(rows)


async def test_one_key_is_for_one_command(talk: Talk) -> None:
    clerk = talk.token("clerk")
    await talk.post("/dossiers", body(), token=clerk, key="k-3")

    other = await talk.post("/dossiers", body(summary="Khác"), token=clerk, key="k-3")
    somebody_else = await talk.post("/dossiers", body(), token=talk.token("clerk", subject="other"), key="k-3")
    none = await talk.http.post("/dossiers", json=body(), headers={"authorization": f"Bearer {clerk}"})

    assert (other.status_code, other.json()["code"]) == (422, "idempotency-mismatch")
    assert (somebody_else.status_code, "idempotent-replayed" in somebody_else.headers) == (201, False)
    assert (none.status_code, none.json()["code"]) == (400, "idempotency-key-missing")


async def test_the_same_filing_twenty_times_at_once_is_one_dossier(talk: Talk) -> None:
    clerk = talk.token("clerk")

    answers = await asyncio.gather(*(talk.post("/dossiers", body(), token=clerk, key="k-4") for _ in range(20)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1


async def test_every_route_declares_its_right(service: Service) -> None:
    assert routes_without_right(service.api) == []


async def test_the_openapi_document_describes_every_command(service: Service) -> None:
    document = service.api.openapi()

    commands = {path.rpartition("/")[2] for path in document["paths"] if path.startswith("/v1/dossiers/{id}/")}
    assert commands >= {
        "accept", "refuse", "assign", "request-supplement", "supply", "settle", "return-result", "withdraw",
    }  # fmt: skip
    assert document["paths"]["/v1/dossiers"]["post"]["x-roles"] == ["clerk", "citizen"]
