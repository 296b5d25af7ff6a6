"""Cases over HTTP: their lives, who sees them, and what cannot be done."""

from __future__ import annotations

from uuid import uuid5

import pytest

from services.complaints.tests.given import AN, BINH, OTHER_UNIT, UNIT
from services.complaints.tests.talk import Json, Talk, code, names, part, without_place
from shared.contracts.envelope import NAMESPACE
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

NOWHERE = uuid5(NAMESPACE, "nowhere")
MARKUP = "<script>alert('x')</script><b onclick=\"y\">&amp; \u202e 🏠 đ</b>"


async def verifying(talk: Talk, *contents: str) -> Json:
    (case,) = await talk.open(part("complaint"))
    await talk.act(case, "accept", "head", {"contents": list(contents) or ["Diện tích thu hồi"]})
    return await talk.act(case, "assign", "head", {"officer": "cb-01"})


async def test_a_complaint_over_http_from_the_letter_to_the_delivered_decision(
    talk: Talk, clock: StandingClock
) -> None:
    case = await verifying(talk, "Diện tích", "Giá đất")
    assert (case["state"], case["deadline"], case["due_on"], case["contents"]) == ("verifying", "settlement", "2026-12-23", 2)  # fmt: skip
    invited = await talk.act(case, "schedule-dialogue", "handler", {"at": "2026-11-30T08:00:00+07:00", "place": "Phòng 1"}, subject="cb-01")  # fmt: skip
    assert invited["dialogue_at"] == "2026-11-30T08:00:00+07:00"
    clock.at("2026-11-30T10:00:00+07:00")
    await talk.act(case, "record-dialogue", "handler", {"held_on": "2026-11-30", "outcome": "differs", "minutes": "…"}, subject="cb-01")  # fmt: skip
    found = [{"content": 1, "finding": "right", "reasoning": "Đúng"}, {"content": 2, "finding": "wrong"}]
    decided = await talk.act(case, "decide", "head", {"number": "15/QĐ-UBND", "findings": found, "text": "Điều 1"})
    assert (decided["outcome"], decided["deadline"], decided["phase"]) == ("partly-upheld", "delivery", "answered")
    delivered = await talk.act(case, "deliver", "clerk", {"method": "in-person"})
    assert (delivered["appeal_until"], delivered["in_force_on"]) == ("2026-12-30", "2026-12-30")
    mine = (await talk.get(f"/cases/{case['id']}", talk.citizen())).json()
    assert names(mine["actions"]) == ["appeal"]
    assert mine["points"] == ["Diện tích", "Giá đất"]
    assert [each["command"] for each in mine["written"]] == ["accept", "schedule-dialogue", "record-dialogue", "decide"]
    assert mine["written"][1]["place"] == "Phòng 1"
    appealed = await talk.act(case, "appeal", "citizen", {"reason": "Giá đất"})
    assert (appealed["state"], appealed["phase"], appealed["actions"]) == ("appealed", "transferred", [])


@pytest.mark.parametrize(
    ("sent", "expected", "said"),
    [
        ({"number": "1"}, (409, "finding-missing"), "1, 2"),
        ({"number": "1", "findings": [{"content": 1, "finding": "right"}]}, (409, "finding-missing"), "2"),
        ({"number": "1", "findings": [{"content": 7, "finding": "right"}]}, (422, "unknown-content"), "7"),
        (
            {"number": "1", "findings": [{"content": n, "finding": "wrong"} for n in (1, 2)]},
            (409, "dialogue-not-held"),
            "Điều 30",
        ),
        ({"number": "1", "findings": [{"content": 1, "finding": "maybe"}]}, (422, "invalid"), ""),
    ],
)
async def test_a_decision_without_its_findings_is_refused_by_name_and_in_words(
    talk: Talk, sent: Json, expected: tuple[int, str], said: str
) -> None:
    case = await verifying(talk, "Diện tích", "Giá đất")
    answer = await talk.try_to(case, "decide", "head", sent)
    assert code(answer) == expected
    assert said in answer.text


async def test_what_comes_out_of_time_is_refused_by_name(talk: Talk, clock: StandingClock) -> None:
    (case,) = await talk.open(part("complaint"))
    late = {"contents": ["…"], "learned_on": "2026-06-01"}
    answer = await talk.try_to(case, "accept", "head", late)
    assert code(answer) == (409, "complaint-out-of-time")
    assert "2026-09-03" in answer.json()["detail"]  # 30/8 is a Sunday, 31/8 to 2/9 are days off
    await talk.act(case, "accept", "head", late | {"obstacle": "sickness"})
    await talk.act(case, "assign", "head", {"officer": "cb-01"})
    assert code(await talk.try_to(case, "appeal", "citizen", {"reason": "…"})) == (409, "settlement-not-overdue")
    await talk.act(case, "decide", "head", {"number": "1", "findings": [{"content": 1, "finding": "right"}]})
    assert code(await talk.try_to(case, "appeal", "citizen", {"reason": "…"})) == (409, "not-yet-delivered")
    await talk.act(case, "deliver", "clerk", {"method": "post"})
    clock.at("2026-12-24T00:00:00+07:00")
    answer = await talk.try_to(case, "appeal", "citizen", {"reason": "…"})
    assert code(answer) == (409, "appeal-out-of-time")
    assert "2026-12-23" in answer.json()["detail"]


async def test_suspended_resumed_extended_and_then_closed_for_every_command(talk: Talk) -> None:
    case = await verifying(talk)
    ground = {"ground": "force-majeure", "reason": "Bão"}
    assert (await talk.act(case, "suspend", "head", ground))["remaining_days"] == 30
    assert code(await talk.try_to(case, "suspend", "head", ground)) == (409, "case-suspended")
    await talk.act(case, "resume", "head", {"reason": "Hết bão"})
    extended = await talk.act(case, "extend", "head", {"ground": "many-people", "reason": "…"})
    assert (extended["complex"], extended["due_on"]) == (True, "2027-01-07")
    await talk.act(case, "withdraw", "citizen", {"reason_class": "own-wish", "reason": "Đã thỏa thuận"})
    for command, sent in (("suspend", ground), ("resume", {"reason": "x"}), ("decide", {"number": "1"})):
        assert code(await talk.try_to(case, command, "head", sent)) == (409, "case-closed")


async def test_feedback_over_http_answered_published_rated_and_reopened(talk: Talk) -> None:
    (case,) = await talk.open()
    await talk.act(case, "assign", "head", {"officer": "cb-01"})
    answered = await talk.act(case, "answer", "handler", {"outcome": "fixed", "text": "Đã khơi thông"}, subject="cb-01")
    assert (answered["state"], answered["outcome"], answered["answers"]) == ("answered", "fixed", 1)
    assert (await talk.act(case, "publish", "head", {"text": "Đã khơi thông"}))["published_at"]
    rated = await talk.act(case, "rate", "citizen", {"score": 2})
    assert (rated["score"], rated["phase"], names(rated["actions"])) == (2, "closed", ["reopen"])
    reopened = await talk.act(case, "reopen", "citizen", {"reason_class": "not-fixed", "reason": "Vẫn ngập"})
    assert (reopened["state"], reopened["score"], reopened["published_at"]) == ("opened", None, None)
    for wrong in ({"score": 6}, {"score": 0}, {}):
        assert code(await talk.try_to(case, "rate", "citizen", wrong)) == (422, "invalid")
    assert code(await talk.try_to(case, "rate", "citizen", {"score": 3})) == (409, "not-yet-answered")
    assert code(await talk.try_to(case, "accept", "head", {"contents": ["…"]})) == (409, "not-for-this-kind")


async def test_what_units_write_to_each_other_is_not_shown_to_the_cases_people(talk: Talk) -> None:
    (case,) = await talk.open()
    passed = await talk.act(case, "transfer", "head", {"to_unit": OTHER_UNIT, "reason_class": "not-competent", "reason": "nội bộ"})  # fmt: skip
    assert (passed["unit"], passed["to_unit"], passed["state"]) == (UNIT, OTHER_UNIT, "transferring")
    path = f"/cases/{case['id']}"
    asked = talk.token("head", units=(OTHER_UNIT,))
    assert [each["text"] for each in (await talk.get(path, asked)).json()["written"]] == ["nội bộ"]
    assert (await talk.get(path, talk.citizen())).json()["written"] == []
    taken = await talk.act(case, "accept-transfer", "head", units=(OTHER_UNIT,))
    assert (taken["unit"], taken["to_unit"], taken["handler"]) == (OTHER_UNIT, None, None)
    assert (await talk.get(path, talk.token("head"))).status_code == 404


async def test_markup_in_every_text_is_kept_as_text(talk: Talk) -> None:
    sender = {"name": MARKUP, "address": MARKUP, "identity_no": AN.identity_no}
    (case,) = await talk.open(part("complaint", summary=MARKUP), text=MARKUP, parties=[sender])
    await talk.act(case, "accept", "head", {"contents": [MARKUP]})
    await talk.act(case, "assign", "head", {"officer": "cb-01"})
    await talk.act(case, "suspend", "head", {"ground": "force-majeure", "reason": MARKUP})
    answer = await talk.get(f"/cases/{case['id']}", talk.token("head"))
    seen = answer.json()
    assert (seen["summary"], seen["points"], seen["written"][-1]["text"]) == (MARKUP, [MARKUP], MARKUP)
    assert answer.headers["content-type"] == "application/json"
    letter = (await talk.get(f"/submissions/{seen['submission']}", talk.citizen())).json()
    assert letter["text"] == MARKUP
    (person,) = (await talk.get(f"/cases/{case['id']}/people?purpose=delivery", talk.token("head"))).json()["items"]
    assert (person["name"], person["address"]) == (MARKUP, MARKUP)


@pytest.mark.parametrize("path", ["", "/history", "/deadlines"])
async def test_each_route_of_a_case_shows_it_to_those_who_may_and_is_not_there_for_others(
    talk: Talk, path: str
) -> None:
    (case,) = await talk.open(part("complaint"))
    await talk.act(case, "accept", "head", {"contents": ["…"]})
    await talk.act(case, "assign", "head", {"officer": "cb-01"})
    here, nowhere = f"/cases/{case['id']}{path}", f"/cases/{NOWHERE}{path}"
    may = [
        talk.citizen(), talk.token("handler", subject="cb-01"), talk.token("head"), talk.token("clerk"), talk.token("inspector"),
        talk.token("inspector", units=("44",)),
    ]  # fmt: skip
    for token in may:
        assert (await talk.get(here, token)).status_code == 200
    may_not = [
        talk.citizen(BINH.identity_no), talk.citizen(None), talk.token("handler", subject="cb-02"),
        *(talk.token(role, units=(OTHER_UNIT,)) for role in ("head", "clerk", "inspector")),
    ]  # fmt: skip
    for token in may_not:
        hidden, absent = await talk.get(here, token), await talk.get(nowhere, token)
        assert hidden.status_code == 404
        assert without_place(hidden) == without_place(absent)
    for role in ("screener", "front", "ops", "admin", "publisher"):
        assert code(await talk.get(here, talk.token(role))) == (403, "role-not-allowed")
    assert code(await talk.get(here)) == (401, "token-missing")


async def test_names_are_opened_by_the_head_alone_and_need_a_purpose(talk: Talk) -> None:
    (case,) = await talk.open()
    path = f"/cases/{case['id']}/people"
    (person,) = (await talk.get(f"{path}?purpose=delivery", talk.token("head"))).json()["items"]
    assert (person["role"], person["name"], person["phone"]) == ("sender", AN.name, "+84912345678")
    assert code(await talk.get(path, talk.token("head"))) == (422, "invalid")
    assert (await talk.get(f"{path}?purpose=delivery", talk.token("head", units=(OTHER_UNIT,)))).status_code == 404
    for role in ("clerk", "handler", "inspector"):
        assert (await talk.get(f"{path}?purpose=delivery", talk.token(role))).status_code == 403


async def test_no_view_of_a_case_or_letter_names_anybody(talk: Talk) -> None:
    (case,) = await talk.open(part("complaint"))
    head = talk.token("head")
    letter = (await talk.get(f"/cases/{case['id']}", head)).json()["submission"]
    for path in (f"/cases/{case['id']}", f"/cases/{case['id']}/history", "/cases", f"/submissions/{letter}"):
        text = (await talk.get(path, head)).text
        assert not [each for each in (AN.name, "044085001234", "912345678") if each in text]


async def test_the_history_hides_officers_and_inboxes_from_the_cases_people(talk: Talk) -> None:
    (case,) = await talk.open()
    await talk.act(case, "assign", "head", {"officer": "cb-01"})
    path = f"/cases/{case['id']}/history"
    for token, sees in ((talk.token("head"), True), (talk.citizen(), False)):
        opened, assigned = (await talk.get(path, token)).json()["items"]
        assert ("officer" in assigned["data"], "recipient" in opened["data"]) == (sees, sees)
        assert (assigned["type"], assigned["actor"]) == ("vn.gandan.case-assigned.v1", f"head {UNIT}")


async def test_every_limit_of_a_case_is_explained_with_its_law(talk: Talk) -> None:
    case = await verifying(talk)
    answer = await talk.get(f"/cases/{case['id']}/deadlines", talk.citizen(), accept_language="en")
    acceptance, settlement = answer.json()["items"]
    assert (acceptance["kind"], acceptance["rule"], acceptance["rule_version"]) == ("acceptance", "complaint.acceptance", 2)  # fmt: skip
    assert acceptance["completed_at"] is not None
    assert (settlement["due_on"], settlement["verified"], settlement["revision"]) == ("2026-12-23", True, 1)
    assert "Điều 28" in settlement["legal_basis"]
    assert len(settlement["steps"]) > 1


async def test_cases_are_listed_in_pages_and_filters_never_widen_what_one_sees(talk: Talk) -> None:
    mine = [case["id"] for _ in range(3) for case in await talk.open(part("complaint"))]
    (theirs,) = await talk.open(part(unit=OTHER_UNIT), token=talk.citizen(BINH.identity_no))
    first = (await talk.get("/cases?limit=2&kind=complaint", talk.token("head"))).json()
    second = await talk.follow(first["next"], talk.token("head"))
    assert [case["id"] for case in first["items"] + second.json()["items"]] == mine[::-1]
    assert [case["id"] for case in (await talk.get("/me/cases", talk.citizen())).json()["items"]] == mine[::-1]
    for query in (f"unit={OTHER_UNIT}", "state=opened&kind=feedback", f"handler={theirs['id']}"):
        assert (await talk.get(f"/cases?{query}", talk.citizen())).json()["items"] == []
        assert (await talk.get(f"/me/cases?{query}", talk.citizen())).json()["items"] == []
    assert code(await talk.get("/cases?cursor=rubbish", talk.token("head"))) == (400, "bad-cursor")
    assert code(await talk.get("/me/cases", talk.citizen(None))) == (403, "identity-unknown")


async def test_overdue_cases_are_found(talk: Talk, clock: StandingClock) -> None:
    await talk.open()
    head = talk.token("head")
    assert (await talk.get("/cases?overdue=true", head)).json()["items"] == []
    clock.at("2026-12-09T00:00:00+07:00")
    assert len((await talk.get("/cases?overdue=true", head)).json()["items"]) == 1
    assert (await talk.get("/cases?overdue=false", head)).json()["items"] == []


async def test_a_command_takes_the_version_read_and_a_key(talk: Talk) -> None:
    (case,) = await talk.open()
    path, head, sent = f"/cases/{case['id']}/assign", talk.token("head"), {"officer": "cb-01"}
    assert code(await talk.post(path, sent, token=head)) == (428, "precondition-required")
    assert code(await talk.post(path, sent, token=head, if_match="*")) == (400, "if-match-malformed")
    assert code(await talk.post(path, sent, token=head, if_match='"9"')) == (412, "stale")
    bare = await talk.http.post(path, json=sent, headers={"authorization": f"Bearer {head}", "if-match": '"1"'})
    assert code(bare) == (400, "idempotency-key-missing")
    done = await talk.post(path, sent, token=head, key="k", if_match='"1"')
    assert (done.status_code, done.headers["etag"]) == (200, '"2"')
    again = await talk.post(path, sent, token=head, key="k", if_match='"1"')
    assert (again.json(), again.headers["etag"], again.headers["idempotent-replayed"]) == (done.json(), '"2"', "true")
    other = await talk.post(path, {"officer": "cb-02"}, token=head, key="k", if_match='"2"')
    assert code(other) == (422, "idempotency-mismatch")


async def test_a_citizen_may_act_on_whatever_version_there_is(talk: Talk) -> None:
    (case,) = await talk.open()
    sent = {"reason_class": "own-wish", "reason": "…"}
    answer = await talk.post(f"/cases/{case['id']}/withdraw", sent, token=talk.citizen(), if_match="*")
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")


async def test_strangers_commands_are_not_found_and_wrong_roles_are_told(talk: Talk) -> None:
    (case,) = await talk.open()
    path, sent = f"/cases/{case['id']}/withdraw", {"reason_class": "own-wish", "reason": "…"}
    stranger = await talk.post(path, sent, token=talk.citizen(BINH.identity_no), if_match="*")
    absent = await talk.post(f"/cases/{NOWHERE}/withdraw", sent, token=talk.citizen(BINH.identity_no), if_match="*")
    assert stranger.status_code == 404
    assert without_place(stranger) == without_place(absent)
    assert code(await talk.post(path, sent, token=talk.token("inspector"), if_match="*")) == (403, "role-not-allowed")
