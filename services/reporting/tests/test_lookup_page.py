from __future__ import annotations

import base64
import hmac
from datetime import date, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from services.reporting.consumers import LISTENER
from services.reporting.tests.conftest import describe_procedures, describe_units, tell_all
from services.reporting.tests.facts import CODE, MONDAY, UNIT, Dossier
from services.reporting.tests.seeing import Seen, words_of
from shared.contracts.envelope import Fact
from shared.contracts.intake import CALENDAR, CalendarChanged
from shared.law import shipped, year_record
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing.clock import StandingClock
from shared.testing.records import Log, fed

pytestmark = pytest.mark.postgres

SECRET = "7K3M9Q01"


@pytest.fixture
def dossier(keys: Keys) -> Dossier:
    made = hmac.digest(keys.verifier, f"{CODE}|{SECRET}".encode(), "sha256")[:18]
    return Dossier(verifier=base64.urlsafe_b64encode(made).decode())


async def ask(site: httpx.AsyncClient, code: str = CODE, secret: str = SECRET) -> httpx.Response:
    return await site.post("/tra-cuu", data={"code": code, "secret": secret})


async def filled(works: Works, dossier: Dossier, *facts: Fact) -> None:
    await tell_all(works, [(dossier, facts)])
    await describe_units(works, (UNIT, "Phường Quảng Trị"))
    await describe_procedures(works)


async def test_a_citizen_with_the_slip_learns_state_date_reason_duty_rights_and_contact(
    site: httpx.AsyncClient, works: Works, dossier: Dossier
) -> None:
    await filled(works, dossier, dossier.submitted(), dossier.accepted(), dossier.assigned())
    answer = await ask(site)
    said = words_of(answer)
    assert answer.status_code == 200
    for part in (
        "Cấp Giấy xác nhận tình trạng hôn nhân · Phường Quảng Trị", "Cán bộ đang giải quyết", "Hẹn trả kết quả thứ Sáu 27/11/2026",
        "Nhận lúc 08:15 thứ Hai 23/11/2026. Ngày nhận chưa tính; đếm từ ngày làm việc kế tiếp.", "Không tính thứ Ba 24/11/2026: Ngày Văn hóa Việt Nam.",
        "Ngày làm việc thứ 1 đến thứ 3: từ thứ Tư 25/11/2026 đến thứ Sáu 27/11/2026.",
        "Hạn: 17:00 thứ Sáu 27/11/2026.", "Không cần làm gì. Kết quả được trả chậm nhất vào ngày hẹn.", "Khiếu nại quyết định hoặc hành vi",
        "Bộ phận một cửa của Phường Quảng Trị, giờ làm việc 07:00–11:30, 13:30–17:00",
    ):  # fmt: skip
        assert part in said, part
    assert "officer-7" not in answer.text
    assert SECRET not in answer.text


async def test_the_secret_is_read_as_people_type_it_and_never_from_an_address(
    site: httpx.AsyncClient, works: Works, dossier: Dossier
) -> None:
    await filled(works, dossier, dossier.submitted())
    for code, secret in ((f" {CODE.lower()} ", "7k3m-9qOi"), (CODE, "7K3M 9QoL")):
        assert (await ask(site, code, secret)).status_code == 200
    form = await site.get("/tra-cuu", params={"ma": CODE, "code": CODE, "secret": SECRET})
    assert Seen(form.text).fields == {"code": CODE, "secret": ""}
    assert 'method="post"' in form.text


async def test_five_wrong_secrets_lock_the_code_for_a_while_and_say_so(
    site: httpx.AsyncClient, works: Works, dossier: Dossier, clock: StandingClock
) -> None:
    await filled(works, dossier, dossier.submitted())
    said = [await ask(site, secret="WRONG000") for _ in range(5)]
    assert [answer.status_code for answer in said] == [404] * 5
    assert "còn 4 lần thử" in said[0].text
    assert "còn 1 lần thử" in said[3].text
    assert "bị khóa tra cứu trong 15 phút" in said[4].text
    locked = await ask(site)
    assert (locked.status_code, "Hãy thử lại sau 15 phút" in locked.text) == (429, True)
    clock.move(minutes=15)
    assert (await ask(site)).status_code == 200


async def test_a_right_secret_ends_the_counting(site: httpx.AsyncClient, works: Works, dossier: Dossier) -> None:
    await filled(works, dossier, dossier.submitted())
    for _ in range(2):
        for _ in range(4):
            assert (await ask(site, secret="WRONG000")).status_code == 404
        assert (await ask(site)).status_code == 200


async def test_a_code_nobody_has_is_answered_and_locked_in_the_same_words(
    site: httpx.AsyncClient, works: Works, dossier: Dossier
) -> None:
    await filled(works, dossier, dossier.submitted())
    other = CODE.replace("0001", "0002")
    for _ in range(6):
        known, unknown = await ask(site, secret="WRONG000"), await ask(site, other, "WRONG000")
        assert known.status_code == unknown.status_code
        assert words_of(known) == words_of(unknown)
        site.cookies.clear()
        if known.status_code == 429:
            break
    async with works.reading() as db:
        assert await db.fetchval("SELECT count(*) FROM lookup_lock WHERE code LIKE '?%'") == 1


async def test_a_placeholder_without_verifier_fits_no_secret(site: httpx.AsyncClient, works: Works) -> None:
    late = Dossier()
    await filled(works, late, late.accepted())
    assert (await ask(site, secret="")).status_code == 404


async def test_a_code_with_a_nul_hidden_in_it_is_a_code_nobody_has(site: httpx.AsyncClient) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = await site.post("/tra-cuu", content=b"code=H50%0%000.1&secret=AAAA%00BBBB", headers=form)
    assert answer.status_code < 500


async def test_one_address_asks_so_often_and_not_more(site: httpx.AsyncClient) -> None:
    seen = [(await ask(site, f"H50.12-261123-{n:04}")).status_code for n in range(12)]
    assert seen[:10] == [404] * 10
    assert 429 in seen[10:]


async def test_a_late_dossier_says_how_late_and_what_is_owed(
    site: httpx.AsyncClient, works: Works, dossier: Dossier, clock: StandingClock
) -> None:
    await filled(works, dossier, dossier.submitted(), dossier.accepted())
    clock.at("2026-11-29T09:00:00+07:00")
    said = words_of(await ask(site))
    assert "Quá hạn 2 ngày" in said
    assert "phải xin lỗi bằng văn bản và hẹn lại ngày trả" in said
    assert "không quá một lần" in said


async def test_a_pause_is_told_with_what_is_left_and_what_to_bring(
    site: httpx.AsyncClient, works: Works, dossier: Dossier
) -> None:
    asked_at = dossier.at + timedelta(hours=50)  # Wednesday 10:15, the first day that counts: 3 h 15 of 24 h are used
    await filled(works, dossier, dossier.submitted(), dossier.accepted(), dossier.supplement_requested(asked_at, 20.75))  # fmt: skip
    said = words_of(await ask(site))
    assert "Đang tạm dừng, chưa có ngày hẹn mới" in said
    assert "Còn 20,8 giờ làm việc" in said
    assert "chậm nhất thứ Tư 23/12/2026" in said
    assert "Tạm dừng lúc 10:15 thứ Tư 25/11/2026; khi đó còn lại 20 giờ 45 phút làm việc." in said


async def test_what_came_online_says_until_when_an_officer_answers(
    site: httpx.AsyncClient, works: Works, dossier: Dossier
) -> None:
    answer_due_at = datetime.fromisoformat("2026-11-25T08:15:00+07:00")
    await filled(works, dossier, dossier.submitted(channel="online", answer_due_at=answer_due_at))
    said = words_of(await ask(site))
    assert "Cán bộ trả lời trước 08:15 25/11/2026" in said
    assert "trong giờ làm việc nên tính giờ ngay từ lúc đó" in said


@pytest.mark.parametrize(
    ("state", "phrase"),
    [
        ("settled", "Đến nhận kết quả tại Phường Quảng Trị"), ("returned", "bạn đã nhận kết quả"), ("refused", "Đọc lý do trong phiếu từ chối"),
        ("withdrawn", "hồ sơ đã rút theo yêu cầu của bạn"),
    ],
)  # fmt: skip
async def test_every_end_says_what_is_left_to_do(
    site: httpx.AsyncClient, works: Works, dossier: Dossier, state: str, phrase: str
) -> None:
    ends: dict[str, list[Fact]] = {
        "settled": [dossier.accepted(), dossier.settled()], "returned": [dossier.accepted(), dossier.settled(), dossier.returned()],
        "refused": [dossier.refused()], "withdrawn": [dossier.accepted(), dossier.withdrawn()],
    }  # fmt: skip
    await filled(works, dossier, dossier.submitted(), *ends[state])
    said = words_of(await ask(site))
    assert phrase in said
    assert ("Vì sao là ngày ấy" in said) == (state in {"settled", "returned"})


async def test_a_reason_that_does_not_fit_the_stated_date_is_not_told(
    site: httpx.AsyncClient, works: Works, dossier: Dossier
) -> None:
    await filled(works, dossier, dossier.submitted(), dossier.accepted(date(2026, 11, 30)))  # the procedure says 3 days
    said = words_of(await ask(site))
    assert "Hẹn trả kết quả thứ Hai 30/11/2026" in said
    assert "cách tính từng ngày hiện không dựng lại được" in said


async def test_the_reason_is_told_by_the_calendar_as_acts_have_changed_it(
    site: httpx.AsyncClient, works: Works, dossier: Dossier, telemetry: Telemetry
) -> None:
    storm = year_record(
        shipped().calendar.with_day_off(date(2026, 11, 26), "Nghỉ tránh bão", "Storm"), 2026, "Công điện 12"
    )
    log, heard = Log(CALENDAR), fed(works, LISTENER, telemetry.metrics)
    await heard.give(log.fact(CalendarChanged(occurred_at=MONDAY, key="year/2026", act=UUID(int=1), **storm), 1))
    await filled(works, dossier, dossier.submitted(), dossier.accepted(), dossier.recounted())

    said = words_of(await ask(site))

    assert "Không tính thứ Năm 26/11/2026: Nghỉ tránh bão." in said
    assert "Hạn: 17:00 thứ Hai 30/11/2026." in said


async def test_markup_in_a_code_is_shown_as_text(site: httpx.AsyncClient) -> None:
    answer = await ask(site, '"><script>alert(1)</script>', "<b>")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert (await ask(site, "x" * 5000, "y" * 5000)).status_code == 404
    assert (await ask(site, "x" * 20_000, "y")).status_code == 400
    assert (await ask(site, f"\0{CODE}", "\0")).status_code == 404


async def test_the_page_names_nobody(site: httpx.AsyncClient, works: Works, dossier: Dossier) -> None:
    await filled(works, dossier, *dossier.life())
    answer = await ask(site)
    assert str(dossier.recipient) not in answer.text
    assert str(dossier.id) not in answer.text
    assert isinstance(dossier.id, UUID)


async def test_the_same_is_said_in_english(site: httpx.AsyncClient, works: Works, dossier: Dossier) -> None:
    await filled(works, dossier, dossier.submitted(), dossier.accepted())
    await site.get("/?lang=en")
    said = words_of(await ask(site))
    assert "Working days 1 to 3: Wednesday 25 Nov 2026 to Friday 27 Nov 2026." in said
    assert "Nothing. The result is handed over on the promised day at the latest." in said


async def test_every_stop_of_a_dossier_is_told_with_what_the_citizen_has_to_do(
    site: httpx.AsyncClient, works: Works, dossier: Dossier
) -> None:
    facts = [
        dossier.submitted(), dossier.accepted(), dossier.assigned(), dossier.moved(), dossier.paused(), dossier.resumed(),
        dossier.payment_required(), dossier.stopped(),
    ]  # fmt: skip
    told = {
        4: ("Hẹn trả kết quả thứ Tư 02/12/2026", "Cơ quan đã xin lỗi và hẹn lại ngày trả kết quả: 02/12/2026"),
        5: ("Tạm dừng", "Đang tạm dừng, chưa có ngày hẹn mới", "Việc giải quyết đang chờ nơi khác"),
        6: ("Hẹn trả kết quả thứ Ba 01/12/2026",),
        7: ("Chờ nộp nghĩa vụ tài chính", "Nộp tiền theo thông báo, chậm nhất thứ Tư 23/12/2026"),
        8: ("Đã dừng theo yêu cầu", "hồ sơ đã dừng theo đề nghị của bạn"),
    }
    await describe_units(works, (UNIT, "Phường Quảng Trị"))
    await describe_procedures(works)
    for number, fact in enumerate(facts, 1):
        await tell_all(works, [(dossier, [fact])], first=number)
        if number in told:
            said = words_of(await ask(site))
            for part in told[number]:
                assert part in said, (number, part)
