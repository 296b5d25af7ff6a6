"""Supplements, links and passing on over HTTP: what is answered, to whom, and what cannot be done."""

from __future__ import annotations

import pytest

from services.complaints.tests.given import AN, BINH, OTHER_UNIT, UNIT
from services.complaints.tests.talk import Json, Talk, body, code, names, part
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

MARKUP = "<script>alert('x')</script><b onclick=\"y\">&amp; đ</b>"
PASS_ON = {"to_unit": OTHER_UNIT, "reason_class": "not-competent", "reason": "Ở phường khác"}


async def do(talk: Talk, letter: Json, command: str, sent: Json, role: str = "screener", **claims: object) -> Json:
    """Give a command on a letter at the version it is read with; the answer's body, whose version is kept."""
    answer = await talk.post(
        f"/submissions/{letter['id']}/{command}", sent, token=talk.token(role, **claims), if_match=f'"{letter["version"]}"'
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    changed: Json = answer.json()
    return changed


async def test_a_sender_is_asked_sees_what_for_and_supplies_it(talk: Talk, clock: StandingClock) -> None:
    letter = await talk.hand_in()
    asked = await do(talk, letter, "request-supplement", {"reason": "Xin gửi bản sao", "respond_by": "2026-12-10"})
    assert (asked["state"], asked["phase"], asked["due_on"], asked["respond_by"], asked["supplements"]) == (
        "awaiting-supplement", "waiting-for-you", None, "2026-12-10", 1,
    )  # fmt: skip
    mine = (await talk.get(f"/submissions/{letter['id']}", talk.citizen())).json()
    assert (names(mine["actions"]), [each["text"] for each in mine["written"]]) == (["supply"], ["Xin gửi bản sao"])
    clock.move(days=2)
    answer = await talk.post(f"/submissions/{letter['id']}/supply", {"text": "Bản sao"}, token=talk.citizen(), if_match="*")  # fmt: skip
    assert (answer.status_code, answer.json()["state"], answer.json()["due_on"]) == (200, "registered", "2026-12-02")
    assert answer.json()["linked_with"] is None


async def test_who_has_the_receipt_sees_what_is_missing_and_supplies_it_without_signing_in(talk: Talk) -> None:
    letter = (await talk.post("/submissions", body(parties=[], anonymous=True))).json()
    await do(talk, letter, "request-supplement", {"reason": "Xin gửi ảnh"})
    seen = (await talk.post("/lookups", letter["lookup"], accept_language="en")).json()
    assert (seen["status"], seen["respond_by"], seen["due_on"]) == ("Waiting for something from you", "2026-12-23", None)  # fmt: skip
    assert [(each["command"], each["text"]) for each in seen["written"]] == [("request-supplement", "Xin gửi ảnh")]
    sent = {**letter["lookup"], "text": "Ảnh"}
    first, again = [await talk.post("/lookups/supply", sent, key="supply-it") for _ in range(2)]
    assert (first.status_code, first.json()["state"], first.json()["phase"]) == (200, "registered", "received")
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert code(await talk.post("/lookups/supply", sent)) == (409, "nothing-asked")
    assert [each["command"] for each in (await talk.post("/lookups", letter["lookup"])).json()["written"]] == ["request-supplement"]  # fmt: skip


async def test_a_wrong_secret_supplies_nothing_and_five_lock_the_receipt_in_clear_words(talk: Talk) -> None:
    letter = await talk.hand_in()
    await do(talk, letter, "request-supplement", {"reason": "…"})
    wrong = {"code": letter["receipt_no"], "secret": "00000000", "text": "…"}
    for left in (4, 3, 2, 1, 0):
        answer = await talk.post("/lookups/supply", wrong, accept_language="en")
        assert code(answer) == (404, "lookup-refused")
        assert f"{left} tries are left" in answer.json()["detail"]
    locked = await talk.post("/lookups/supply", {**letter["lookup"], "text": "…"}, accept_language="en")
    assert code(locked) == (429, "lookup-locked")
    assert "15 minutes" in locked.json()["detail"]
    assert code(await talk.post("/lookups", letter["lookup"])) == (429, "lookup-locked")


async def test_a_letter_that_waits_is_filed_only_when_its_day_has_passed(talk: Talk, clock: StandingClock) -> None:
    letter = await do(talk, await talk.hand_in(), "request-supplement", {"reason": "…", "respond_by": "2026-11-30"})
    path, screener = f"/submissions/{letter['id']}", talk.token("screener")
    lapsed = {"reason_class": "not-supplemented", "reason": "…"}
    early = await talk.post(f"{path}/file", lapsed, token=screener, if_match='"2"')
    assert code(early) == (409, "supplement-not-lapsed")
    assert "2026-11-30" in early.json()["detail"]
    for command, sent in (("split", {"parts": [part()]}), ("guide", {"reason_class": "court", "reason": "…"}), ("transfer", PASS_ON)):  # fmt: skip
        assert code(await talk.post(f"{path}/{command}", sent, token=screener, if_match='"2"')) == (409, "awaiting-supplement")  # fmt: skip
    clock.at("2026-12-01T08:00:00+07:00")
    assert (await do(talk, letter, "file", lapsed))["state"] == "filed"


async def test_a_letter_is_passed_on_within_the_province_and_out_of_it(talk: Talk) -> None:
    letter = await talk.hand_in()
    moved = await do(talk, letter, "transfer", PASS_ON)
    assert (moved["unit"], moved["state"], moved["actions"]) == (OTHER_UNIT, "registered", [])
    assert (await talk.get(f"/submissions/{letter['id']}", talk.token("screener"))).status_code == 404
    there = talk.token("screener", units=(OTHER_UNIT,))
    seen = (await talk.get(f"/submissions/{letter['id']}", there)).json()
    assert (seen["text"], seen["written"][0]["to_unit"]) == (body()["text"], OTHER_UNIT)
    back = await talk.post(f"/submissions/{letter['id']}/transfer", PASS_ON | {"to_unit": UNIT}, token=there, if_match='"2"')  # fmt: skip
    assert code(back) == (422, "passed-on-already")
    out = {"to_body": "Tòa án nhân dân khu vực 3", "reason_class": "not-competent", "reason": "Đang xét xử"}
    ended = await do(talk, moved, "transfer", out, units=(OTHER_UNIT,))
    assert (ended["state"], ended["phase"], ended["reason_class"]) == ("transferred", "transferred", "not-competent")
    told = (await talk.post("/lookups", letter["lookup"], accept_language="en")).json()
    assert told["status"] == "Passed on to the competent body outside the province"
    assert [(each["to_unit"], each["to_body"], each["text"]) for each in told["written"]] == [
        (OTHER_UNIT, None, "Ở phường khác"), (None, "Tòa án nhân dân khu vực 3", "Đang xét xử"),
    ]  # fmt: skip


async def test_a_letter_is_linked_by_hand_and_its_sender_is_not_told_whose_it_is_linked_with(talk: Talk) -> None:
    first, second = await talk.hand_in(talk.citizen(BINH.identity_no)), await talk.hand_in()
    linked = await do(talk, second, "link", {"with_submission": first["id"], "reason": f"Trùng với đơn của {BINH.name}"})  # fmt: skip
    assert (linked["state"], linked["linked_with"]) == ("linked", first["id"])
    mine = await talk.get(f"/submissions/{second['id']}", talk.citizen())
    assert (mine.json()["linked_with"], mine.json()["written"]) == (None, [])
    told = await talk.post("/lookups", second["lookup"])
    assert told.json()["state"] == "linked"
    for answer in (mine, told):
        assert not [each for each in (first["id"], first["receipt_no"], BINH.name) if each in answer.text]


@pytest.mark.parametrize(
    ("command", "sent", "pointer", "problem"),
    [
        ("request-supplement", {"reason": "…", "respond_by": "2026-11-23"}, "/respond_by", "respond-by-too-early"),
        ("request-supplement", {"reason": "a" * 5_000}, "/reason", "invalid"),
        ("request-supplement", {}, "/reason", "invalid"),
        ("transfer", {"reason_class": "other", "reason": "…"}, "", "invalid"),
        ("transfer", PASS_ON | {"to_body": "x"}, "", "invalid"),
        ("transfer", PASS_ON | {"to_unit": UNIT}, "/to_unit", "same-unit"),
        ("transfer", PASS_ON | {"to_unit": "99999"}, "/to_unit", "unknown-unit"),
        ("transfer", {"to_body": "x" * 5_000, "reason_class": "other", "reason": "…"}, "/to_body", "invalid"),
        ("link", {"with_submission": "01a21469-0cfa-78bd-9034-a420881c87b2", "reason": "…"}, "/with_submission", "unknown-letter"),
        ("link", {"with_submission": "nope", "reason": "…"}, "/with_submission", "invalid"),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_with_a_letter_names_the_field(
    talk: Talk, command: str, sent: Json, pointer: str, problem: str
) -> None:
    letter = await talk.hand_in()
    answer = await talk.post(f"/submissions/{letter['id']}/{command}", sent, token=talk.token("head"), if_match='"1"')
    assert code(answer) == (422, problem)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert "a" * 100 not in answer.text


async def test_markup_in_every_text_of_a_letter_is_kept_as_text(talk: Talk) -> None:
    letter = await talk.hand_in(text=MARKUP, about={"project": MARKUP, "decision_no": MARKUP})
    asked = await do(talk, letter, "request-supplement", {"reason": MARKUP})
    supplied = await do(talk, asked, "supply", {"text": MARKUP}, role="clerk")
    await do(talk, supplied, "transfer", {"to_body": MARKUP, "reason_class": "other", "reason": MARKUP})
    answer = await talk.get(f"/submissions/{letter['id']}", talk.citizen())
    seen = answer.json()
    assert {seen["text"], seen["about_project"], seen["about_decision_no"], *(each["text"] for each in seen["written"])} == {MARKUP}  # fmt: skip
    assert (seen["written"][-1]["to_body"], len(seen["written"])) == (MARKUP, 3)
    assert (answer.headers["content-type"], answer.headers["x-content-type-options"]) == ("application/json", "nosniff")
    assert AN.name not in answer.text
