"""Door 1: statutory papers, to whoever may read the dossier and once there is such a paper."""

from __future__ import annotations

import asyncio

import pytest

from services.intake.handlers import Desk
from services.intake.tests.given import AN, BINH, OTHER_UNIT, facts_of
from services.intake.tests.printed import standard, words
from services.intake.tests.talk import SUPPLEMENT, Json, Talk, problem
from shared.runtime import Service
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

NOBODY_S = "/dossiers/00000000-0000-7000-8000-000000000000"
REFUSAL = {"reason_class": "wrong-place", "reason": "Thủ tục này do Sở Tư pháp giải quyết"}
FORMS = ("02", "03", "04", "05")
APOLOGY = {"new_due_on": "2026-12-02", "reason_class": "overload", "reason": "Nhiều hồ sơ", "signer": "ld-01"}
STOP = {"reason_class": "own-wish", "reason": "Tôi đã nộp ở nơi khác"}
PAYMENT = {"amount": 20000, "purpose": "Lệ phí cấp giấy"}
PROOF = {"reference": "0012345", "paid_at": "2026-11-23T08:00:00+07:00"}


async def form(talk: Talk, dossier: Json, number: str, token: str | None = None) -> str:
    answer = await talk.get(f"/dossiers/{dossier['id']}/forms/{number}.pdf", token or talk.citizen())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
    assert answer.headers["content-disposition"] == f'inline; filename="{dossier["code"]}-{number}.pdf"'
    assert standard(answer.content) == "2B"
    return words(answer.content)


async def test_form_02_says_what_is_missing_why_and_until_when(talk: Talk) -> None:
    dossier = await talk.file()
    paper = (await talk.get(f"/dossiers/{dossier['id']}", talk.citizen())).json()["components"][0]["name"]
    await talk.act(dossier, "request-supplement", "clerk", {**SUPPLEMENT, "components": [paper, "Căn cước"]})

    text = await form(talk, dossier, "02")

    assert "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG PHƯỜNG QUẢNG TRỊ" in text
    assert "Quảng Trị, ngày 23 tháng 11 năm 2026" in text
    assert f"Hồ sơ của: {AN.name}" in text
    assert f"1 {paper} 01 2 Căn cước Lý do: Ảnh bị mờ" in text
    assert "chậm nhất ngày 23 tháng 12 năm 2026" in text


async def test_form_02_stays_what_it_was_when_the_papers_have_come(talk: Talk, clock: StandingClock) -> None:
    dossier = await talk.file(owner={"name": "Hồ Văn Đăk", "address": "Thôn A Xing"})
    waiting = await talk.act(dossier, "request-supplement", "clerk", {**SUPPLEMENT, "respond_by": "2026-12-01"})
    before = await form(talk, dossier, "02")

    clock.move(days=1)
    await talk.act(waiting, "supply", "citizen", {"components": [{"name": "Căn cước"}]})

    assert await form(talk, dossier, "02", talk.token("inspector")) == before
    assert "Hồ sơ của: Hồ Văn Đăk" in before
    assert "Địa chỉ: Thôn A Xing Số điện thoại: +84912345678" in before
    assert "chậm nhất ngày 01 tháng 12 năm 2026" in before


async def test_form_03_says_why_and_that_one_may_object(talk: Talk) -> None:
    dossier = await talk.file(talk.citizen(), channel="online", components=[])
    await talk.act(dossier, "refuse", "clerk", REFUSAL)

    text = await form(talk, dossier, "03")

    assert f"lý do cụ thể như sau: {REFUSAL['reason']} Nếu không đồng ý, Ông/Bà có quyền khiếu nại" in text
    assert f"NGƯỜI NỘP HỒ SƠ (Ký và ghi rõ họ tên) {AN.name}" in text


async def test_form_04_says_the_old_day_the_new_one_why_and_who_signs(talk: Talk) -> None:
    dossier = await talk.file()
    await talk.act(dossier, "move-appointment", "head", APOLOGY)

    text = await form(talk, dossier, "04")

    assert (
        "hẹn trả kết quả ngày 27 tháng 11 năm 2026. Đến nay hồ sơ chưa giải quyết xong với lý do: Nhiều hồ sơ" in text
    )
    assert "hẹn Ông/Bà nhận kết quả ngày 02 tháng 12 năm 2026." in text
    assert text.endswith("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ (Ký và ghi rõ họ tên) ld-01")


async def test_form_06_lists_every_hand_over_and_how_the_result_went_out(talk: Talk) -> None:
    dossier = await talk.act(await talk.file(), "assign", "head", {"officer": "cb-12"})
    to: Json = {"to_unit": OTHER_UNIT, "reason_class": "not-competent", "reason": "Thuộc phường khác", "papers": 2}
    offered = await talk.act(dossier, "transfer", "head", to)
    waiting = await form(talk, dossier, "06", talk.token("clerk"))
    other = talk.token("head", "clerk", units=[OTHER_UNIT], subject="other")
    for command, json in (
        ("accept-transfer", None),
        ("settle", {"outcome": "granted", "number": "7/XN"}),
        ("return-result", {"method": "post"}),
    ):
        answer = await talk.post(
            f"/dossiers/{dossier['id']}/{command}", json, token=other, if_match=f'"{offered["version"]}"'
        )
        assert answer.status_code == 200, answer.text
        offered = answer.json()

    text = await form(talk, dossier, "06", other)

    assert "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG PHƯỜNG QUẢNG TRỊ" in text
    assert "1 Phường Quảng Trị Cán bộ cb-12 08:15 23/11/2026 Đã giao 2 Phường Quảng Trị Phường Đồng Hới" in text
    assert "02 Đã nhận 08:15 23/11/2026" in text
    assert "Chấp thuận 7/XN 08:15 23/11/2026 Bưu chính công ích 08:15 23/11/2026 Trước hạn" in text
    assert "02 Chờ trả lời 6. Trả kết quả" in waiting
    assert "Thuộc phường khác" not in text
    path = f"/dossiers/{dossier['id']}/forms/06.pdf"
    assert (await talk.get(path, talk.citizen())).status_code == 403
    assert (await talk.get(path, talk.token("clerk", units=["18859"]))).status_code == 404


async def test_form_06_is_not_there_before_acceptance_and_an_offer_of_an_ended_dossier_says_nothing(talk: Talk) -> None:
    online = await talk.file(talk.citizen(), channel="online", components=[])
    answer = await talk.get(f"/dossiers/{online['id']}/forms/06.pdf", talk.token("clerk"))
    assert (answer.status_code, answer.json()["code"]) == (409, "not-yet-accepted")

    to = {"to_unit": OTHER_UNIT, "reason_class": "other", "reason": "x", "papers": 0}
    offered = await talk.act(await talk.file(), "transfer", "head", to)
    await talk.act(offered, "withdraw", "citizen", {"reason_class": "own-wish", "reason": "Đổi ý"})
    assert "00 Hết hiệu lực 6." in await form(talk, offered, "06", talk.token("clerk"))


async def test_a_letter_bears_the_name_of_the_unit_that_wrote_it_wherever_the_dossier_went(talk: Talk) -> None:
    dossier = await talk.act(await talk.file(), "move-appointment", "head", APOLOGY)
    before = await form(talk, dossier, "04")
    to = {"to_unit": OTHER_UNIT, "reason_class": "other", "reason": "x", "papers": 0}
    offered = await talk.act(dossier, "transfer", "head", to)
    other = talk.token("head", units=[OTHER_UNIT], subject="other")
    await talk.post(f"/dossiers/{dossier['id']}/accept-transfer", token=other, if_match=f'"{offered["version"]}"')

    assert await form(talk, dossier, "04") == before
    slip = words((await talk.get(f"/dossiers/{dossier['id']}/forms/01.pdf", talk.citizen())).content)
    assert "HÀNH CHÍNH CÔNG PHƯỜNG QUẢNG TRỊ" in slip
    assert "Trực tiếp tại Trung tâm Phục vụ hành chính công phường Đồng Hới" in slip


async def test_form_05_says_why_where_it_stood_and_what_was_paid(talk: Talk) -> None:
    dossier = await talk.file()
    paid = await talk.act(
        await talk.act(dossier, "require-payment", "clerk", PAYMENT), "confirm-payment", "clerk", PROOF
    )
    await talk.act(paid, "stop", "citizen", STOP)

    text = await form(talk, dossier, "05")

    assert (
        f"với lý do: {STOP['reason']} 1. Hồ sơ được dừng giải quyết kể từ 08 giờ 15 phút, ngày 23 tháng 11 năm 2026."
        in text
    )
    assert "khi nhận được đề nghị: đang giải quyết 3." in text
    assert "Phí, lệ phí đã nộp: 20.000 đồng 5." in text


@pytest.mark.parametrize(
    ("command", "role", "json", "stage"),
    [
        (None, "", None, "đã tiếp nhận"),
        ("assign", "head", {"officer": "cb-1"}, "đang giải quyết"),
        ("request-supplement", "clerk", SUPPLEMENT, "chờ bổ sung giấy tờ"),
        ("require-payment", "clerk", PAYMENT, "chờ thực hiện nghĩa vụ tài chính"),
        ("pause", "head", {"reason_class": "court", "reason": "Chờ Tòa án"}, "tạm dừng giải quyết"),
    ],
)
async def test_form_05_names_the_stage_a_dossier_was_stopped_in(
    talk: Talk, command: str | None, role: str, json: Json | None, stage: str
) -> None:
    dossier = await talk.file()
    if command == "pause":
        dossier = await talk.act(dossier, "assign", "head", {"officer": "cb-1"})
    standing = await talk.act(dossier, command, role, json) if command else dossier
    await talk.act(standing, "stop", "clerk", STOP)

    assert f"khi nhận được đề nghị: {stage} 3." in await form(talk, dossier, "05")
    assert "Phí, lệ phí đã nộp: … 5." in await form(talk, dossier, "05")


async def test_a_paper_nobody_issued_is_refused_by_its_name(talk: Talk) -> None:
    dossier = await talk.file()

    answers = [await talk.get(f"/dossiers/{dossier['id']}/forms/{each}.pdf", talk.citizen()) for each in FORMS]

    assert [(answer.status_code, problem(answer)["code"]) for answer in answers] == [
        (409, "supplement-not-requested"),
        (409, "not-refused"),
        (409, "not-apologised"),
        (409, "not-stopped"),
    ]
    withdrawn = await talk.act(dossier, "withdraw", "citizen", {"reason_class": "own-wish", "reason": "Đổi ý"})
    again = await talk.get(f"/dossiers/{withdrawn['id']}/forms/03.pdf", talk.citizen())
    assert again.json()["facts"] == {"state": "withdrawn"}


@pytest.mark.parametrize("number", FORMS)
async def test_strangers_cannot_tell_a_paper_from_none(talk: Talk, number: str) -> None:
    dossier = await talk.file(talk.citizen(), channel="online", components=[])
    if number == "02":
        await talk.act(dossier, "request-supplement", "clerk", SUPPLEMENT)
    elif number == "03":
        await talk.act(dossier, "refuse", "clerk", REFUSAL)
    elif number == "04":
        await talk.act(await talk.act(dossier, "accept", "clerk"), "move-appointment", "head", APOLOGY)
    else:
        await talk.act(await talk.act(dossier, "accept", "clerk"), "stop", "citizen", STOP)
    path = f"/dossiers/{dossier['id']}/forms/{number}.pdf"

    for token in (talk.citizen(BINH.identity_no), talk.token("clerk", "head", units=[OTHER_UNIT])):
        real, none = await talk.get(path, token), await talk.get(f"{NOBODY_S}/forms/{number}.pdf", token)
        assert (real.status_code, problem(real)) == (none.status_code, problem(none)) == (404, problem(none))
    assert (await talk.get(path)).status_code == 401
    assert (await talk.get(path, talk.token("publisher"))).status_code == 403


@pytest.mark.parametrize("number", ["01", "06"])
async def test_a_slip_of_another_unit_s_dossier_is_answered_as_one_that_is_not_there(talk: Talk, number: str) -> None:
    path = f"/dossiers/{(await talk.file())['id']}/forms/{number}.pdf"
    stranger = talk.token("clerk", "head", units=[OTHER_UNIT])

    real, none = await talk.get(path, stranger), await talk.get(f"{NOBODY_S}/forms/{number}.pdf", stranger)

    assert (await talk.get(path, talk.token("clerk"))).status_code == 200
    assert (real.status_code, problem(real)) == (none.status_code, problem(none)) == (404, problem(none))


async def test_printing_a_letter_is_kept_as_a_reading_of_the_person_and_changes_nothing_else(
    talk: Talk, service: Service
) -> None:
    dossier = await talk.file()
    waiting = await talk.act(dossier, "request-supplement", "clerk", SUPPLEMENT)
    desk: Desk = service.api.state.desk
    before = await facts_of(desk.works, waiting["id"])

    await asyncio.gather(*(form(talk, dossier, "02") for _ in range(3)))
    await talk.get(f"/dossiers/{dossier['id']}/forms/03.pdf", talk.citizen())

    assert await facts_of(desk.works, waiting["id"]) == before
    async with desk.works.reading() as connection:
        read = (
            "SELECT count(*) FROM fact WHERE type LIKE '%identity-read%' AND topic IS NULL AND actor LIKE 'citizen|%'"
        )
        assert await connection.fetchval(read) == 3
        await connection.execute("UPDATE person SET data_key = NULL")
    forgotten = await talk.get(f"/dossiers/{dossier['id']}/forms/02.pdf", talk.citizen())
    assert (forgotten.status_code, forgotten.json()["code"]) == (410, "person-forgotten")
