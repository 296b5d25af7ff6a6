"""Lists and search: what a clerk begins the day with, what is found by which words, and never a dossier of another unit."""

from __future__ import annotations

from typing import Any

import pytest

from services.intake.tests.given import AN, BINH, BIRTH, OTHER_UNIT, RESIDENCE, UNIT
from services.intake.tests.talk import SUPPLEMENT, Json, Talk, body
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


async def items(talk: Talk, query: str, token: str | None = None) -> list[Json]:
    """The dossiers of a list, page after page."""
    found: list[Json] = []
    url = f"http://test/intake/v1/dossiers?{query}"
    while url:
        answer = await talk.http.get(url, headers={"authorization": f"Bearer {token or talk.token('clerk')}"})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        url = "http://test" + answer.json()["next"] if answer.json()["next"] else ""
    return found


async def codes(talk: Talk, query: str, token: str | None = None) -> list[str]:
    return [item["code"] for item in await items(talk, query, token)]


async def counts(talk: Talk, token: str | None = None) -> dict[str, int]:
    """What the desk says, after each list was found to be as long as it says."""
    answer = await talk.get("/desk", token or talk.token("clerk"))
    assert answer.status_code == 200, answer.text
    for each in answer.json()["items"]:
        assert each["count"] == len(await codes(talk, each["href"].partition("?")[2], token)), each
    return {each["name"]: each["count"] for each in answer.json()["items"]}


async def test_the_lists_of_a_clerks_day_are_as_long_as_the_desk_says(talk: Talk, clock: StandingClock) -> None:
    await talk.file(procedure=BIRTH, submitter={"name": "Due today"})
    await talk.file(talk.citizen(), channel="online")
    late = await talk.file(submitter={"name": "Late one day"})
    asked = await talk.file(procedure=RESIDENCE)
    await talk.act(asked, "request-supplement", "clerk", SUPPLEMENT)
    given = await talk.file(procedure=RESIDENCE)
    await talk.act(given, "assign", "clerk", {"officer": "cb-1"})

    first = await counts(talk)
    assert first == {"to-answer": 1, "due-today": 1, "warned": 0, "overdue": 0, "waiting": 1, "unassigned": 2, "mine": 0, "open": 5}  # fmt: skip
    assert (await counts(talk, talk.token("handler", subject="cb-1")))["mine"] == 1
    assert set((await counts(talk, talk.token("clerk", units=[OTHER_UNIT]))).values()) == {0}

    clock.at("2026-11-26T09:00:00+07:00")
    near = await counts(talk)
    assert (near["warned"], near["overdue"], near["due-today"]) == (1, 2, 0)
    assert await codes(talk, "warned=true") == [late["code"]]
    clock.at("2026-11-28T09:00:00+07:00")
    assert (await counts(talk))["overdue"] == 3


async def test_a_list_by_due_date_begins_with_the_most_urgent_and_ends_with_what_has_no_date(talk: Talk) -> None:
    later, today = await talk.file(procedure=RESIDENCE), await talk.file(procedure=BIRTH)
    waits = await talk.file()
    await talk.act(waits, "request-supplement", "clerk", SUPPLEMENT)
    answer = await talk.file(talk.citizen(), channel="online")
    expected = [each["code"] for each in (today, answer, later, waits)]

    for size in (1, 2, 3, 50):
        found = await codes(talk, f"sort=due&limit={size}")
        assert sorted(found[:2]) == sorted(expected[:2])
        assert found[2:] == expected[2:]
    first = (await talk.get("/dossiers?sort=due&limit=2", talk.token("clerk"))).json()
    bearer = {"authorization": f"Bearer {talk.token('clerk')}"}
    second = (await talk.http.get("http://test" + first["next"], headers=bearer)).json()
    back = (await talk.http.get("http://test" + second["prev"], headers=bearer)).json()
    assert back["items"] == first["items"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("cap lai giay", True), ("CẤP LẠI", True), ("cấp l", True), ("đường", True), ("duong", True), ("Dường", True), ("lũ lụt", False),
        ("tinh trang hon nhan", True), ("hôn nhân", True), ("0001", True), ("261123-0001", True), ("h50.144-2611", True), ("1123000", True),
        ("H50144261123", True), ("0002", False), ("1123-1", True), ("1123 0001", True), ("1124-1", False), ("@1.004873", False), ("%", False), ("&|!:*", False), ("'; drop", False), ("a:* & b", False), ("", False),
    ],
)  # fmt: skip
async def test_words_are_found_without_marks_and_codes_by_any_part(talk: Talk, asked: str, *, found: bool) -> None:
    dossier = await talk.file(summary="Cấp lại giấy, nhà ở đường Trần Hưng Đạo")

    answer = await talk.http.get("/dossiers", params={"q": asked}, headers={"authorization": f"Bearer {talk.token('clerk')}"})  # fmt: skip

    if asked == "":
        assert answer.status_code == 422
    else:
        assert [item["code"] for item in answer.json()["items"]] == ([dossier["code"]] if found else [])


async def test_what_was_put_right_is_found_too(talk: Talk) -> None:
    dossier = await talk.file(summary="Xin cấp lại")
    await talk.act(dossier, "correct", "clerk", {"field": "summary", "value": "Xin trích lục", "reason_class": "typing-error", "reason": "Gõ sai"})  # fmt: skip

    assert await codes(talk, "q=trich+luc") == [dossier["code"]]


async def test_a_search_walks_its_pages_and_keeps_to_the_other_filters(talk: Talk) -> None:
    made = [(await talk.file(summary=f"Bản sao số {n}"))["code"] for n in range(5)]
    online = await talk.file(talk.citizen(), channel="online", summary="Bản sao")

    assert await codes(talk, "q=ban+sao&limit=2") == [online["code"], *made[::-1]]
    assert await codes(talk, "q=ban+sao&state=submitted") == [online["code"]]
    assert await codes(talk, "q=ban+sao&sort=due&limit=1&state=accepted") == made


async def test_nobody_finds_what_another_unit_holds(talk: Talk) -> None:
    dossier = await talk.file(summary="Bản sao")
    other = talk.token("clerk", units=[OTHER_UNIT])

    for query in ("q=ban+sao", f"q={dossier['code']}", "q=hon+nhan", f"q=ban+sao&unit={UNIT}"):
        assert await codes(talk, query, other) == []
        assert await codes(talk, query, talk.citizen(BINH.identity_no)) == []
    assert await person(talk, AN.identity_no, other) == []
    assert await codes(talk, "q=ban+sao", talk.token("admin", units=[])) == [dossier["code"]]


async def person(talk: Talk, number: Any, token: str | None = None) -> list[str]:
    answer = await talk.http.post("/searches", json={"identity_no": number}, headers={"authorization": f"Bearer {token or talk.token('clerk')}"})  # fmt: skip
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


async def test_a_person_is_found_by_the_exact_number_as_submitter_and_as_owner(talk: Talk) -> None:
    own = await talk.file()
    for_an = await talk.file(
        submitter={"name": "Bình", "identity_no": BINH.identity_no}, owner={"name": "An", "identity_no": AN.identity_no}
    )
    await talk.file(submitter={"name": "Không số"})

    assert await person(talk, AN.identity_no) == [for_an["code"], own["code"]]
    assert await person(talk, "044 085 001 234") == [for_an["code"], own["code"]]
    assert await person(talk, BINH.identity_no) == [for_an["code"]]
    assert await person(talk, "044085001235") == []
    refused = await talk.http.post("/searches", json={"identity_no": AN.identity_no}, headers={"authorization": f"Bearer {talk.citizen()}"})  # fmt: skip
    assert refused.status_code == 403


async def test_an_identity_number_in_an_address_is_refused_by_name_and_the_digits_of_a_code_are_not(talk: Talk) -> None:
    dossier = await talk.file()

    for number in ("044085001234", "044 085 001 234", "044.085.001.234", "191234567", "191 234 567", "191.234.567"):
        answer = await talk.get(f"/dossiers?q={number}", talk.token("clerk"))
        assert (answer.status_code, answer.json()["code"]) == (422, "identity-in-address"), number
        assert number not in answer.text
    for digits in ("144-261123", "261123-000", "26112300", "2611230001", "50.144-261123-0001", "501442611230001"):
        assert await codes(talk, f"q={digits}") == [dossier["code"]], digits


async def test_whoever_files_hears_that_the_same_person_has_the_same_procedure_open(talk: Talk) -> None:
    first = await talk.file()
    assert first["hints"] == []

    second = await talk.post("/dossiers", body(), token=talk.token("clerk"), key="again")
    repeated = await talk.post("/dossiers", body(), token=talk.token("clerk"), key="again")

    hint = [{"name": "same-procedure-open", "code": first["code"]}]
    assert (second.json()["hints"], repeated.json()["hints"]) == (hint, hint)
    assert (await talk.file(procedure=BIRTH))["hints"] == []
    assert (await talk.file(submitter={"name": BINH.name, "identity_no": BINH.identity_no}))["hints"] == []
    assert (await talk.file(submitter={"name": "Không số"}))["hints"] == []


async def test_a_clerk_hears_nothing_of_what_another_unit_holds_but_the_person_does(talk: Talk) -> None:
    there = await talk.file(talk.token("clerk", units=[OTHER_UNIT]), unit=OTHER_UNIT)

    assert (await talk.file())["hints"] == []
    codes_ = {hint["code"] for hint in (await talk.file(talk.citizen(), channel="online"))["hints"]}
    assert there["code"] in codes_


async def test_a_dossier_with_a_result_is_no_longer_hinted_at(talk: Talk) -> None:
    done = await talk.file()
    await talk.act(done, "settle", "head", {"outcome": "granted"})

    assert (await talk.file())["hints"] == []
