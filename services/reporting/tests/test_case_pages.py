from __future__ import annotations

import base64
import hmac
from datetime import date

import httpx
import pytest

from services.reporting.tests.conftest import describe_units, tell_letters
from services.reporting.tests.facts import UNIT
from services.reporting.tests.letters import RECEIPT, Letter, Notice, noon
from services.reporting.tests.seeing import sign_in, words_of
from services.reporting.tests.test_letters_store import tell_notices
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

SECRET = "4N7P2RT8"


@pytest.fixture
def letter(keys: Keys) -> Letter:
    made = hmac.digest(keys.verifier, f"{RECEIPT}|{SECRET}".encode(), "sha256")[:18]
    return Letter(verifier=base64.urlsafe_b64encode(made).decode())


async def ask(site: httpx.AsyncClient, secret: str = SECRET) -> httpx.Response:
    return await site.post("/tra-cuu", data={"code": RECEIPT, "secret": secret})


async def test_whoever_has_the_receipt_learns_where_the_letter_stands(
    site: httpx.AsyncClient, works: Works, letter: Letter
) -> None:
    await describe_units(works, (UNIT, "Phường Quảng Trị"))
    await tell_letters(works, [(letter, [letter.registered(date(2026, 12, 1))], [])])
    said = words_of(await ask(site))
    assert "Đơn đã được nhận, đang được phân loại" in said
    assert "Phân loại chậm nhất thứ Ba 01/12/2026" in said
    assert "Nhận ngày 23/11/2026 tại Phường Quảng Trị" in said
    assert "Ngày làm việc thứ" in said


async def test_the_cases_of_a_letter_are_told_with_their_reasons_and_never_their_content(
    site: httpx.AsyncClient, works: Works, letter: Letter, clock: StandingClock
) -> None:
    await tell_letters(works, [(letter, [letter.registered(), letter.split()], [letter.opened(date(2026, 12, 8)), letter.assigned()])])  # fmt: skip
    answer = await ask(site)
    said = words_of(answer)
    assert f"Phản ánh {RECEIPT}.1" in said
    assert "Hạn: Trả lời người gửi thứ Ba 08/12/2026" in said
    assert "Ngày làm việc thứ 1" in said
    assert "officer-9" not in said
    assert str(letter.recipient) not in answer.text
    clock.at("2026-12-10T09:00:00+07:00")
    assert "Quá hạn 2 ngày" in words_of(await ask(site))


async def test_a_wrong_secret_of_a_letter_is_refused_in_the_same_words(
    site: httpx.AsyncClient, works: Works, letter: Letter
) -> None:
    await tell_letters(works, [(letter, [letter.registered()], [])])
    answer = await ask(site, "WRONG000")
    assert (answer.status_code, "còn 4 lần thử" in answer.text) == (404, True)


async def test_an_answered_case_says_how_and_when(site: httpx.AsyncClient, works: Works, letter: Letter) -> None:
    await tell_letters(works, [(letter, [letter.registered(), letter.split()], [letter.opened(), letter.answered()])])
    said = words_of(await ask(site))
    assert "Đã trả lời" in said
    assert "Đã xử lý xong" in said
    assert "Xong ngày 30/11/2026 trước hạn" in said


async def test_an_officer_sees_a_case_with_its_limits_history_and_notices(
    site: httpx.AsyncClient, works: Works
) -> None:
    letter = Letter("complaint")
    facts = [letter.opened(date(2026, 12, 3)), letter.accepted(at=noon(date(2026, 11, 25))), letter.assigned(), letter.resolved(), letter.delivered()]  # fmt: skip
    await tell_letters(works, [(letter, [letter.registered(), letter.split()], facts)])
    await tell_notices(works, Notice(letter.case, "KN-01"))
    await sign_in(site, "head", UNIT)
    answer = await site.get(f"/vu-viec/{letter.case}")
    said = words_of(answer)
    assert answer.status_code == 200
    for part in (
        f"Khiếu nại {RECEIPT}.1", "Đã gửi quyết định giải quyết", "Cán bộ officer-9", "Khiếu nại đúng", "Thụ lý hoặc trả lời không thụ lý: Xong ngày 25/11/2026",
        "Khiếu nại tiếp đến hết 21/01/2027", "KN-01", "0af7651916cd43dd8448eb211c80319c", "complaint-resolved",
    ):  # fmt: skip
        assert part in said, part
    await sign_in(site, "head", "18880")
    assert (await site.get(f"/vu-viec/{letter.case}")).status_code == 404


async def test_a_list_of_cases_needs_a_sign_in(site: httpx.AsyncClient) -> None:
    assert (await site.get("/vu-viec?kind=complaint")).headers["location"] == "/dang-nhap?lai=%2Fvu-viec%3Fkind%3Dcomplaint"  # fmt: skip
    await sign_in(site, "head", UNIT)
    assert "Không có vụ việc nào như vậy." in words_of(await site.get("/vu-viec?kind=complaint"))
    assert (await site.get("/vu-viec?due_on=soon")).status_code == 400
