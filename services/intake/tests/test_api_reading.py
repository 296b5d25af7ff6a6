"""Door 1: lists, slips, lookups and reference data."""

from __future__ import annotations

import io

import httpx
import pytest
from pypdf import PdfReader

from services.intake.tests.given import AN, BINH, BIRTH, OTHER_UNIT, RESIDENCE, UNIT
from services.intake.tests.talk import SUPPLEMENT, Json, Talk, problem
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres


async def test_one_citizen_gets_nothing_of_another_whatever_they_filter_by(talk: Talk) -> None:
    dossier = await talk.file()
    binh = talk.citizen(BINH.identity_no)
    filters = [
        "", f"?unit={UNIT}", "?state=accepted", f"?procedure={dossier['procedure']}", "?handler=cb-1", "?overdue=false",
        "?due_before=2030-01-01", f"?recipient={dossier['id']}", f"?code={dossier['code']}", "?limit=200",
    ]  # fmt: skip

    for path in ("/dossiers", "/me/dossiers"):
        for query in filters:
            assert (await talk.get(path + query, binh)).json()["items"] == []
    assert (await talk.get("/dossiers", talk.token("clerk", units=[OTHER_UNIT]))).json()["items"] == []
    assert (await talk.get(f"/dossiers?unit={UNIT}", talk.token("clerk", units=[OTHER_UNIT]))).json()["items"] == []
    assert len((await talk.get("/dossiers", talk.citizen())).json()["items"]) == 1


async def test_a_citizen_without_a_number_sees_no_list_at_all(talk: Talk) -> None:
    await talk.file()

    for path in ("/dossiers", "/me/dossiers"):
        answer = await talk.get(path, talk.citizen(None))
        assert (answer.status_code, answer.json()["code"]) == (403, "identity-unknown")


async def test_a_list_is_walked_forth_and_back_by_its_cursors(talk: Talk) -> None:
    ids = [(await talk.file())["id"] for _ in range(5)][::-1]
    clerk = talk.token("clerk")

    async def page(url: str) -> Json:
        answer: Json = (await talk.http.get(url, headers={"authorization": f"Bearer {clerk}"})).json()
        return answer

    first = await page("/dossiers?limit=2")
    second = await page("http://test" + first["next"])
    third = await page("http://test" + second["next"])
    back = await page("http://test" + third["prev"])

    assert [[item["id"] for item in each["items"]] for each in (first, second, third, back)] == [
        ids[:2],
        ids[2:4],
        ids[4:],
        ids[2:4],
    ]
    assert (first["prev"], third["next"]) == (None, None)


@pytest.mark.parametrize(
    "cursor", ["x", "00000000-0000-0000-0000-000000000000", "AAAAAAAAAAAAAAAAAAAAAFtmYWxzZSwieCJd"]
)
async def test_a_cursor_that_is_not_ours_is_refused(talk: Talk, cursor: str) -> None:
    answer = await talk.get(f"/dossiers?cursor={cursor}", talk.token("clerk"))

    assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor")


async def test_a_cursor_is_for_its_own_list_and_filters(talk: Talk) -> None:
    for _ in range(2):
        await talk.file()
    clerk = talk.token("clerk", "citizen", person=AN.identity_no)
    cursor = (await talk.get("/dossiers?limit=1", clerk)).json()["next"].partition("cursor=")[2]

    for path in (f"/dossiers?limit=1&state=accepted&cursor={cursor}", f"/me/dossiers?limit=1&cursor={cursor}"):
        assert (await talk.get(path, clerk)).status_code == 400


async def test_a_list_tells_the_overdue_from_the_others(talk: Talk, clock: StandingClock) -> None:
    due_today, due_later = await talk.file(procedure=BIRTH), await talk.file(procedure=RESIDENCE)

    async def ids(query: str) -> list[str]:
        return [item["id"] for item in (await talk.get(f"/dossiers?{query}", talk.token("clerk"))).json()["items"]]

    assert await ids("overdue=true") == []
    clock.at("2026-11-25T00:00:00+07:00")
    assert await ids("overdue=true") == [due_today["id"]]
    assert await ids("overdue=false") == [due_later["id"]]
    assert await ids("due_before=2026-12-31&state=accepted") == [due_later["id"], due_today["id"]]
    assert (await talk.get("/dossiers?overdue=maybe", talk.token("clerk"))).status_code == 422
    assert (await talk.get("/dossiers?due_before=2026-02-30", talk.token("clerk"))).status_code == 422


async def test_a_clerk_who_is_a_citizen_too_has_both_lists(talk: Talk) -> None:
    both = talk.token("clerk", "citizen", units=[OTHER_UNIT], person=AN.identity_no)
    own, counter = await talk.file(), await talk.file(both, unit=OTHER_UNIT, submitter={"name": "Bình"})

    assert [item["id"] for item in (await talk.get("/dossiers", both)).json()["items"]] == [counter["id"]]
    assert [item["id"] for item in (await talk.get("/me/dossiers", both)).json()["items"]] == [own["id"]]


async def test_the_slip_shows_code_secret_and_date(talk: Talk) -> None:
    dossier = await talk.file()

    answer = await talk.get(f"/dossiers/{dossier['id']}/forms/01.pdf", talk.token("clerk"))

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    secret = dossier["lookup"]["secret"]
    assert dossier["code"] in text
    assert f"{secret[:4]} {secret[4:]}" in text
    assert "17 giờ 00 phút, ngày 27 tháng 11 năm 2026" in text
    assert AN.name in text
    assert "ỦY BAN NHÂN DÂN PHƯỜNG QUẢNG TRỊ" in text
    assert "Quảng Trị, ngày 23 tháng 11 năm 2026" in text


async def test_what_came_on_an_earlier_day_is_entered_with_its_reason_and_counts_from_its_receipt(talk: Talk) -> None:
    late = await talk.file(received_at="2026-11-19T09:30:00+07:00", late_entry_reason="Mất điện cả tuần")

    read = (await talk.get(f"/dossiers/{late['id']}", talk.token("clerk"))).json()
    slip = await talk.get(f"/dossiers/{late['id']}/forms/01.pdf", talk.token("clerk"))

    assert (read["late_entry_reason"], read["due_on"]) == ("Mất điện cả tuần", "2026-11-25")
    assert (read["received_at"][:10], read["submitted_at"][:10]) == ("2026-11-19", "2026-11-23")
    text = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(slip.content)).pages)
    assert (
        "09 giờ 30 phút, ngày 19 tháng 11 năm 2026 (nhập vào hệ thống: 08 giờ 15 phút, ngày 23 tháng 11 năm 2026)"
        in text
    )
    history = (await talk.get(f"/dossiers/{late['id']}/history", talk.token("clerk"))).text
    assert "Mất điện" not in history


async def test_what_was_received_earlier_the_same_day_needs_no_reason(talk: Talk) -> None:
    dossier = await talk.file(received_at="2026-11-23T07:05:00+07:00")

    assert dossier["received_at"] == "2026-11-23T07:05:00+07:00"


async def test_the_slip_of_a_centre_of_the_province_bears_its_own_name(talk: Talk) -> None:
    dossier = await talk.file(talk.token("clerk", units=["44X01"]), unit="44X01")

    answer = await talk.get(f"/dossiers/{dossier['id']}/forms/01.pdf", talk.citizen())

    text = " ".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).split())
    assert "ỦY BAN NHÂN DÂN TỈNH QUẢNG TRỊ" in text
    assert "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG TỈNH, CƠ SỞ ĐỒNG HỚI" in text


async def test_there_is_no_slip_before_acceptance_nor_while_papers_are_awaited(talk: Talk) -> None:
    online = await talk.file(talk.citizen(), channel="online")
    counter = await talk.file()
    await talk.act(counter, "request-supplement", "clerk", SUPPLEMENT)

    answers = [await talk.get(f"/dossiers/{each['id']}/forms/01.pdf", talk.citizen()) for each in (online, counter)]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "not-yet-accepted"),
        (409, "awaiting-supplement"),
    ]


async def look_up(talk: Talk, code: str, secret: str, **headers: str) -> httpx.Response:
    return await talk.http.post("/lookups", json={"code": code, "secret": secret}, headers=headers)


async def test_a_slip_opens_its_dossier_to_whoever_holds_it(talk: Talk) -> None:
    filed = await talk.file()

    answer = await look_up(talk, **filed["lookup"])

    said = answer.json()
    assert (answer.status_code, said["state"], said["status"]) == (200, "accepted", "Hồ sơ đã được tiếp nhận")
    assert (said["due_on"], bool(said["explanation"])) == ("2026-11-27", True)
    assert AN.name not in answer.text
    english = await look_up(talk, **filed["lookup"], **{"accept-language": "en"})
    assert english.json()["status"] == "Accepted"


async def test_five_wrong_secrets_lock_the_slip_in_clear_words_for_a_quarter_of_an_hour(
    talk: Talk, clock: StandingClock
) -> None:
    slip = (await talk.file())["lookup"]

    wrong = [await look_up(talk, slip["code"], "00000000") for _ in range(5)]
    locked = await look_up(talk, **slip)
    clock.move(minutes=15)
    again = await look_up(talk, **slip)

    assert [answer.status_code for answer in wrong] == [404] * 5
    assert "Còn 4 lần thử" in wrong[0].json()["detail"]
    assert (locked.status_code, locked.json()["code"]) == (429, "lookup-locked")
    assert "15 phút" in locked.json()["detail"]
    assert again.status_code == 200


async def test_a_code_that_does_not_exist_is_refused_like_a_wrong_secret(talk: Talk) -> None:
    slip = (await talk.file())["lookup"]

    wrong, unknown = await look_up(talk, slip["code"], "0" * 8), await look_up(talk, "H50.144-261123-7777", "0" * 8)

    assert (wrong.status_code, problem(wrong)) == (unknown.status_code, problem(unknown))


async def test_whoever_tries_many_slips_is_slowed_down(talk: Talk) -> None:
    answers = [await look_up(talk, f"H50.144-261123-{number:04d}", "0" * 8) for number in range(11)]

    assert [answer.status_code for answer in answers] == [404] * 10 + [429]
    assert answers[-1].json()["code"] == "too-many-requests"


async def test_everybody_reads_units_and_procedures(talk: Talk) -> None:
    units, procedures = (await talk.get("/units")).json()["items"], (await talk.get("/procedures")).json()["items"]
    one = (await talk.get("/procedures/1.004873")).json()

    assert len(units) == 91
    assert one in procedures
    assert (one["limit"], one["levels"]) == ("3wd", ["commune"])
    assert "components" in one["unverified"]
    assert (await talk.get("/procedures/9.999999")).status_code == 404
