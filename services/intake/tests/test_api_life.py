"""Door 1: payments, pauses, apologies, stops, corrections and ratings over HTTP, and everything a client can get wrong."""

from __future__ import annotations

from typing import Any

import pytest

from services.intake.tests.talk import SUPPLEMENT, Json, Talk
from shared.runtime import Service
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

PAYMENT = {"amount": 20000, "purpose": "Lệ phí cấp giấy", "notice_no": "12/TB-UBND"}
PROOF = {"reference": "0012345", "paid_at": "2026-11-26T09:00:00+07:00"}
WHY = {"reason_class": "other", "reason": "Theo đề nghị"}
PAUSE = {"reason_class": "other-agency", "reason": "Chờ Sở Tư pháp trả lời"}
APOLOGY = {"new_due_on": "2026-12-02", "reason_class": "overload", "reason": "Nhiều hồ sơ", "signer": "ld-01"}
CORRECTION = {"field": "summary", "value": "Xin cấp lại", "reason_class": "typing-error", "reason": "Gõ sai"}


async def test_a_dossier_lives_through_a_pause_a_payment_and_an_apology_to_a_rating(
    talk: Talk, clock: StandingClock
) -> None:
    dossier = await talk.act(await talk.file(), "assign", "head", {"officer": "cb-12"})
    dossier = await talk.act(dossier, "correct", "clerk", CORRECTION)
    dossier = await talk.act(dossier, "move-appointment", "head", APOLOGY)
    assert [dossier[name] for name in ("due_on", "promised_on", "lawful_due_on", "first_promised_on")] == [
        "2026-12-02", "2026-12-02", "2026-11-27", "2026-11-27",
    ]  # fmt: skip
    dossier = await talk.act(dossier, "pause", "handler", PAUSE)
    assert (dossier["state"], dossier["phase"], dossier["due_at"]) == ("paused", "being-resolved", None)
    assert [action["name"] for action in dossier["actions"]] == ["resume", "settle"]
    assert await offered(talk, dossier) == ["withdraw", "stop"]
    dossier = await talk.act(dossier, "resume", "handler")
    dossier = await talk.act(dossier, "require-payment", "clerk", PAYMENT)
    assert (dossier["state"], dossier["phase"], dossier["respond_by"]) == (
        "awaiting-payment",
        "waiting-for-you",
        "2026-12-23",
    )
    clock.at("2026-11-26T10:00:00+07:00")
    dossier = await talk.act(dossier, "confirm-payment", "citizen", PROOF)
    assert (dossier["state"], dossier["due_at"]) == ("in-progress", "2026-12-01T17:00:00+07:00")

    shown = (await talk.get(f"/dossiers/{dossier['id']}", talk.citizen())).json()
    assert shown["payment"] == {**PAYMENT, **PROOF}
    assert (shown["apology"], shown["corrections"], shown["summary"]) == (
        APOLOGY,
        [CORRECTION],
        "Xin cấp giấy xác nhận",
    )
    assert (shown["reason"], shown["comment"], shown["rating"]) == (PAUSE["reason"], None, None)

    dossier = await talk.act(dossier, "settle", "handler", {"outcome": "granted"})
    dossier = await talk.act(dossier, "return-result", "clerk", {"method": "counter"})
    dossier = await talk.act(dossier, "rate", "citizen", {"score": 5, "comment": "Nhanh"})
    assert (dossier["state"], dossier["rating"], dossier["actions"]) == ("returned", 5, [])


async def offered(talk: Talk, dossier: Json) -> list[str]:
    """What the citizen may do."""
    shown = await talk.get(f"/dossiers/{dossier['id']}", talk.citizen())
    return [action["name"] for action in shown.json()["actions"]]


@pytest.mark.parametrize(("command", "state"), [("stop", "stopped"), ("withdraw", "withdrawn")])
async def test_a_citizen_gives_up_a_paused_dossier_since_there_is_no_decision_yet(
    talk: Talk, command: str, state: str
) -> None:
    dossier = await talk.act(await talk.file(), "assign", "head", {"officer": "cb-12"})
    paused = await talk.act(dossier, "pause", "handler", PAUSE)

    ended = await talk.act(paused, command, "citizen", {**WHY, "reason_class": "own-wish"})

    assert (ended["state"], ended["phase"], ended["remaining_working_hours"]) == (state, "closed", None)


async def test_a_citizen_stops_an_accepted_dossier_and_the_slip_s_lookup_says_so(talk: Talk) -> None:
    dossier = await talk.file()

    stopped = await talk.act(dossier, "stop", "citizen", WHY)

    assert (stopped["state"], stopped["phase"], stopped["actions"]) == ("stopped", "closed", [])
    found = await talk.post("/lookups", dossier["lookup"])
    assert (found.json()["state"], found.json()["status"]) == ("stopped", "Hồ sơ đã dừng giải quyết theo yêu cầu")


@pytest.mark.parametrize(
    ("state", "words"), [("awaiting-payment", "Hồ sơ chờ Ông/Bà nộp tiền theo thông báo"), ("paused", "Hồ sơ tạm dừng giải quyết")]
)  # fmt: skip
async def test_the_lookup_tells_what_a_dossier_waits_for(talk: Talk, state: str, words: str) -> None:
    filed = await talk.file()
    dossier = await talk.act(filed, "assign", "head", {"officer": "cb-12"})
    command: tuple[str, str, Json] = (
        ("require-payment", "clerk", PAYMENT) if state == "awaiting-payment" else ("pause", "head", PAUSE)
    )
    await talk.act(dossier, *command)

    found = (await talk.post("/lookups", filed["lookup"])).json()
    english = (await talk.post("/lookups", filed["lookup"], accept_language="en")).json()

    assert (found["state"], found["status"]) == (state, words)
    assert english["status"] not in {words, ""}


async def refused(talk: Talk, dossier: Json, command: str, role: str, json: Any = None) -> tuple[int, str]:
    token = talk.citizen() if role == "citizen" else talk.token(role)
    answer = await talk.post(
        f"/dossiers/{dossier['id']}/{command}", json, token=token, if_match=f'"{dossier["version"]}"'
    )
    return answer.status_code, answer.json()["code"]


async def test_every_refusal_has_its_name(talk: Talk, clock: StandingClock) -> None:
    dossier = await talk.file()
    assert await refused(talk, dossier, "pause", "head", PAUSE) == (409, "not-yet-assigned")
    assert await refused(talk, dossier, "resume", "head") == (409, "not-paused")
    assert await refused(
        talk, dossier, "confirm-payment", "citizen", {**PROOF, "paid_at": "2026-11-23T08:00:00+07:00"}
    ) == (409, "not-awaiting-payment")
    assert await refused(talk, dossier, "rate", "citizen", {"score": 5}) == (409, "not-yet-settled")
    assert await refused(talk, dossier, "move-appointment", "head", {**APOLOGY, "new_due_on": "2026-11-27"}) == (
        422,
        "not-later",
    )
    assert await refused(talk, dossier, "move-appointment", "head", {**APOLOGY, "new_due_on": "2026-11-28"}) == (
        422,
        "not-a-working-day",
    )
    assert await refused(talk, dossier, "correct", "clerk", {**CORRECTION, "field": "result-number"}) == (
        409,
        "not-yet-settled",
    )

    dossier = await talk.act(dossier, "move-appointment", "head", APOLOGY)
    assert await refused(talk, dossier, "move-appointment", "head", {**APOLOGY, "new_due_on": "2026-12-04"}) == (
        409,
        "already-moved",
    )
    waiting = await talk.act(dossier, "require-payment", "clerk", PAYMENT)
    assert await refused(talk, waiting, "settle", "head", {"outcome": "granted"}) == (409, "awaiting-payment")
    assert await refused(talk, waiting, "confirm-payment", "citizen", PROOF) == (422, "in-the-future")

    late = await talk.act(await talk.file(), "assign", "head", {"officer": "cb-1"})
    paused = await talk.act(late, "pause", "head", PAUSE)
    assert await refused(talk, paused, "pause", "head", PAUSE) == (409, "paused")
    resumed = await talk.act(paused, "resume", "head")
    clock.at("2026-11-27T08:00:00+07:00")
    assert await refused(talk, resumed, "move-appointment", "head", APOLOGY) == (409, "too-late-to-move")
    settled = await talk.act(resumed, "settle", "head", {"outcome": "granted"})
    assert await refused(talk, settled, "rate", "citizen", {"score": 5}) == (409, "not-yet-returned")
    assert await refused(talk, settled, "stop", "citizen", WHY) == (409, "already-settled")
    assert await refused(talk, settled, "request-supplement", "clerk", SUPPLEMENT) == (409, "already-settled")
    assert await refused(talk, settled, "supply", "citizen", {"components": [{"name": "Căn cước"}]}) == (
        409,
        "already-settled",
    )
    returned = await talk.act(settled, "return-result", "clerk", {"method": "counter"})
    rated = await talk.act(returned, "rate", "citizen", {"score": 1})
    assert await refused(talk, rated, "rate", "citizen", {"score": 5}) == (409, "already-rated")
    assert await refused(talk, rated, "correct", "clerk", CORRECTION) == (409, "already-closed")


@pytest.mark.parametrize(
    ("command", "role", "json", "pointers"),
    [
        ("stop", "clerk", {}, ["/reason_class", "/reason"]),
        ("stop", "clerk", {"reason_class": "wrong-place", "reason": "x"}, ["/reason_class"]),
        ("pause", "head", {"reason_class": "own-wish", "reason": ""}, ["/reason_class", "/reason"]),
        ("require-payment", "clerk", {"amount": 0, "purpose": "x"}, ["/amount"]),
        ("require-payment", "clerk", {"amount": "nhiều", "purpose": "x"}, ["/amount"]),
        ("require-payment", "clerk", {**PAYMENT, "notice_no": "12 của ông Thạch"}, ["/notice_no"]),
        ("require-payment", "clerk", {**PAYMENT, "notice_no": "044085001234"}, ["/notice_no"]),
        ("require-payment", "clerk", {**PAYMENT, "respond_by": "2026-11-23"}, ["/respond_by"]),
        ("confirm-payment", "clerk", {"reference": "1", "paid_at": "2026-11-23"}, ["/paid_at"]),
        ("move-appointment", "head", {}, ["/new_due_on", "/reason_class", "/reason", "/signer"]),
        ("move-appointment", "head", {**APOLOGY, "signer": "Lê Văn Thạch"}, ["/signer"]),
        ("move-appointment", "head", {**APOLOGY, "new_due_on": "0001-01-01"}, ["/new_due_on"]),
        ("correct", "clerk", {**CORRECTION, "field": "recipient"}, ["/field"]),
        ("rate", "citizen", {"score": 6}, ["/score"]),
        ("rate", "citizen", {"score": 0}, ["/score"]),
    ],
)
async def test_a_body_is_refused_field_by_field(
    talk: Talk, command: str, role: str, json: Json, pointers: list[str]
) -> None:
    dossier = await talk.file()
    token = talk.citizen() if role == "citizen" else talk.token(role)

    answer = await talk.post(f"/dossiers/{dossier['id']}/{command}", json, token=token, if_match='"1"')

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers


async def test_a_year_nobody_knows_is_named(talk: Talk) -> None:
    dossier = await talk.file()

    answer = await refused(talk, dossier, "move-appointment", "head", {**APOLOGY, "new_due_on": "2199-01-03"})

    assert answer == (409, "calendar-not-published")


async def test_a_citizen_pauses_nothing_and_moves_nothing(talk: Talk) -> None:
    dossier = await talk.file()

    for command, json in (("pause", PAUSE), ("resume", None), ("move-appointment", APOLOGY), ("correct", CORRECTION)):
        assert await refused(talk, dossier, command, "citizen", json) == (403, "role-not-allowed")
    assert await refused(talk, dossier, "rate", "clerk", {"score": 5}) == (403, "role-not-allowed")


async def test_citizen_acts_take_any_version_and_officers_name_theirs(talk: Talk) -> None:
    dossier = await talk.file()
    path = f"/dossiers/{dossier['id']}"

    pause = await talk.post(f"{path}/pause", PAUSE, token=talk.token("head"), if_match="*")
    stop = await talk.post(f"{path}/stop", WHY, token=talk.citizen(), if_match="*")

    assert (pause.status_code, stop.status_code, stop.headers["etag"]) == (400, 200, '"2"')


async def test_the_openapi_document_describes_every_command_of_the_life(service: Service) -> None:
    paths = service.api.openapi()["paths"]

    commands = {path.rpartition("/")[2] for path in paths if path.startswith("/v1/dossiers/{id}/")}
    assert commands >= {
        "stop", "pause", "resume", "require-payment", "confirm-payment", "move-appointment", "correct", "rate",
    }  # fmt: skip
