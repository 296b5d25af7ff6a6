"""The pages of source systems: how well a source tells, and its dates beside the lawful ones; for its owner and the province."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest
import pytest_asyncio

from services.intake import handlers
from services.intake.domain.comparison import KINDS, SPANS, Comparison, Group, span_of
from services.intake.domain.source_quality import LAGS
from services.intake.domain.sources import Mandate, Reason
from services.intake.handlers import Desk
from services.intake.handlers import comparison as reading
from services.intake.pages import comparison
from services.intake.pages.routes import FOLDER
from services.intake.store.comparison import Wanted
from services.intake.tests.given import OTHER_UNIT, RESIDENCE, UNIT
from services.intake.tests.test_quay_pages import token_of
from services.intake.tests.vendor import ADMIN, CODE, TAN_THANH, later, progressed, registered, send, upserted
from shared.runtime import Service
from shared.testing.clock import StandingClock
from shared.web.pages.visit import texts

pytestmark = pytest.mark.postgres


@pytest_asyncio.fixture
async def site(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without JavaScript."""
    assert service.pages is not None
    transport = httpx.ASGITransport(app=service.pages, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


@pytest.fixture
def here(service: Service) -> Desk:
    """The desk behind the pages."""
    desk: Desk = service.api.state.desk
    return desk


async def sign_in(site: httpx.AsyncClient, role: str, account: str = "") -> httpx.Response:
    page = await site.get("/dang-nhap")
    return await site.post("/dang-nhap", data={"form": token_of(page), "lai": "/", "role": role, "account": account})


def told(number: int, appointment: str | None, **more: object) -> dict[str, object]:
    """A dossier received on Monday 23 November, whose lawful date is Friday 27: Tuesday is a day off."""
    slip = {"appointment_at": f"{appointment}T16:00:00+07:00"} if appointment else {}
    return upserted({"code": f"{CODE[:-4]}{number:04}", **slip, **more})


async def compared(desk: Desk) -> None:
    """Seven dossiers: promised the same day, later twice, earlier, without a slip, paused, and not accepted."""
    await registered(desk)
    await send(
        desk, told(1, "2026-11-27"), told(2, "2026-11-30"), told(3, "2026-12-10", procedure=RESIDENCE), told(4, "2026-11-24"), told(5, None),
        told(6, "2026-11-30", status=5), told(7, None, channel="online", status=1),
    )  # fmt: skip


async def test_a_vendor_signs_in_with_the_account_of_the_source_and_comes_to_its_own_page(site: httpx.AsyncClient, here: Desk) -> None:  # fmt: skip
    await registered(here)
    await send(here, upserted(), upserted({"name": "Nguyễn Văn An"}))
    assert (await sign_in(site, "publisher", TAN_THANH)).headers["location"] == "/nguon"
    assert (await site.get("/nguon")).headers["location"] == f"/nguon/{TAN_THANH}"

    page = await site.get(f"/nguon/{TAN_THANH}")
    english = await site.get(f"/nguon/{TAN_THANH}?lang=en")

    assert page.status_code == 200
    assert "1 sự kiện bị từ chối (50%); nhiều nhất: thông tin cá nhân chưa mã hóa." in page.text
    assert "1 events were rejected (50%); most often: personal data in clear." in english.text
    (chart,) = re.findall(r'<svg class="trend".*?</svg>', page.text)
    assert re.findall(r'<rect class="(\w+)"', chart) == ["plain", "late"]
    assert "Nguyễn" not in page.text
    for path in re.findall(r'(?:src|href)="(/(?:quay/)?static/[^"]+)"', page.text):
        assert (await site.get(path)).status_code == 200
    assert (await site.get("/nguon/other")).status_code == 404


async def test_those_who_run_the_installation_see_all_sources_the_silent_ones_first(site: httpx.AsyncClient, here: Desk, clock: StandingClock) -> None:  # fmt: skip
    await registered(here)
    await registered(here, "xa-hung", principal="hung", silence_hours=1)
    await send(here, told(1, None), source="xa-hung")
    clock.move(hours=7)
    await sign_in(site, "ops")

    page = await site.get("/nguon")

    assert re.findall(r'href="/nguon/([a-z-]+)"', page.text) == ["xa-hung", TAN_THANH]
    assert "1 hệ thống im lặng lâu hơn mức thường lệ." in page.text
    assert "Đã im lặng" in (await site.get("/nguon/xa-hung")).text
    assert (await site.get("/nguon/xa-hung/so-sanh")).status_code == 403


async def test_one_that_never_sent_anything_is_silent_by_the_limit_of_its_entry(site: httpx.AsyncClient, here: Desk, clock: StandingClock) -> None:  # fmt: skip
    await registered(here, silence_hours=3)
    await handlers.topics_made(here, [TAN_THANH])
    await sign_in(site, "publisher", TAN_THANH)

    clock.move(hours=2)
    before = (await site.get(f"/nguon/{TAN_THANH}")).text
    clock.move(hours=5)
    after = (await site.get(f"/nguon/{TAN_THANH}")).text

    assert "Chưa gửi sự kiện nào." in before
    assert "Chưa gửi sự kiện nào, đã 5 giờ làm việc kể từ khi có thể gửi." in after
    assert "cách đây" not in before + after


async def test_the_days_on_which_it_speaks_for_a_unit_are_said_where_they_are_bound(site: httpx.AsyncClient, here: Desk) -> None:  # fmt: skip
    ended = Mandate(OTHER_UNIT, date(2026, 1, 1), date(2026, 6, 30))
    await registered(here, units=(Mandate(UNIT, date(2026, 1, 1)), ended, Mandate(OTHER_UNIT, date(2027, 1, 1))))
    await sign_in(site, "publisher", TAN_THANH)

    page = (await site.get(f"/nguon/{TAN_THANH}")).text

    names = [here.shelf.units[unit].name for unit in (UNIT, OTHER_UNIT)]
    assert f"Gửi thay cho: {names[0]}, {names[1]} (đến hết 30/06/2026), {names[1]} (từ 01/01/2027)." in page


@pytest.mark.parametrize("role", ["clerk", "citizen", "head"])
async def test_the_counter_and_citizens_have_no_business_there(site: httpx.AsyncClient, here: Desk, role: str) -> None:
    await registered(here)
    await sign_in(site, role)
    for path in ("/nguon", f"/nguon/{TAN_THANH}", f"/nguon/{TAN_THANH}/so-sanh", f"/nguon/{TAN_THANH}/so-sanh.csv"):
        assert (await site.get(path)).status_code == 403


async def test_an_account_of_no_source_or_of_another_sees_nothing(site: httpx.AsyncClient, here: Desk) -> None:
    await registered(here)
    await sign_in(site, "publisher", "nobody")
    for path in ("/nguon", f"/nguon/{TAN_THANH}", f"/nguon/{TAN_THANH}/so-sanh", f"/nguon/{TAN_THANH}/so-sanh.csv"):
        assert (await site.get(path)).status_code == 404


async def test_a_clock_that_is_ahead_late_events_and_numbers_missing_are_said_with_what_to_do(site: httpx.AsyncClient, here: Desk, clock: StandingClock) -> None:  # fmt: skip
    await registered(here)
    now = clock()
    events = [
        upserted({"code": f"{CODE[:-4]}{number:04}"}, time=later(now, **away))
        for number, away in ((2, {"minutes": 3}), (4, {"hours": -2}))
    ]
    await send(here, *events, progressed(4, data={"code": f"{CODE[:-4]}0009"}, time=later(now)))
    await sign_in(site, "publisher", TAN_THANH)

    page = (await site.get(f"/nguon/{TAN_THANH}")).text

    assert "Đồng hồ chạy nhanh ít nhất 3 phút." in page
    assert "NTP" in page
    assert "33,3% sự kiện tới chậm hơn một giờ." in page
    assert "2 số hồ sơ chưa từng thấy." in page
    assert "1 sự kiện đang chờ, lâu nhất từ 23/11/2026." in page


async def test_each_promise_stands_beside_the_lawful_date_and_the_sums_are_those_of_the_lists(here: Desk) -> None:
    await compared(here)
    source = await handlers.read_compared_source(here, ADMIN, TAN_THANH)

    total = await handlers.read_comparison(here, source)

    assert dict(total.counts) == {"later": 2, "same": 1, "earlier": 1, "unpromised": 1, "standing": 1, "uncounted": 1}
    assert (total.number, total.procedures[0].differing, total.procedures[0].usual_days) == (7, 2, 3)
    for kind, number in total.counts.items():
        assert len(await handlers.read_compared(here, source, Wanted(kind), after=None, back=False, limit=50)) == number
    for span, number in total.spans.items():
        found = await handlers.read_compared(here, source, Wanted(span=span), after=None, back=False, limit=50)
        assert len(found) == number
        assert {span_of(each.days) for each in found if each.days is not None} <= {span}
    first, *_ = await handlers.read_compared(here, source, Wanted(), after=None, back=False, limit=1)
    assert (first.promised_on, first.lawful_on, first.kind) == (
        date(2026, 11, 27),
        date(2026, 11, 27),
        "same",
    )


async def test_what_is_late_by_the_law_but_not_by_the_slip_is_counted_apart(here: Desk, clock: StandingClock) -> None:
    await compared(here)
    clock.move(days=7)
    source = await handlers.read_compared_source(here, ADMIN, TAN_THANH)

    total = await handlers.read_comparison(here, source)

    rows = await handlers.read_compared(here, source, Wanted(), after=None, back=False, limit=50)
    assert total.late_by_slip == sum(each.late_by_slip for each in rows) == 2
    assert total.late_by_law == sum(each.late_by_law for each in rows) == 4
    assert total.hidden == sum(each.late_by_law and not each.late_by_slip for each in rows) == 2


async def test_the_page_leads_from_each_number_to_its_dossiers_with_their_explanation(site: httpx.AsyncClient, here: Desk) -> None:  # fmt: skip
    await compared(here)
    await sign_in(site, "publisher", TAN_THANH)

    page = await site.get(f"/nguon/{TAN_THANH}/so-sanh")
    one_kind = await site.get(f"/nguon/{TAN_THANH}/so-sanh?loai=earlier")

    assert "7 hồ sơ của nguồn này" in page.text
    assert set(re.findall(r"H50\.44\.12-261123-(\d{4})", one_kind.text)) < set(
        re.findall(r"H50\.44\.12-261123-(\d{4})", page.text)
    )
    assert "Giấy hẹn ghi ngày trả kết quả" in one_kind.text
    assert "/ho-so/" not in one_kind.text.partition("<main")[2]
    for wrong in ("?loai=x", "?lech=x"):
        assert (await site.get(f"/nguon/{TAN_THANH}/so-sanh{wrong}")).status_code == 404


async def test_nothing_is_said_of_promises_where_none_can_be_compared(site: httpx.AsyncClient, here: Desk) -> None:
    await registered(here)
    await send(here, told(1, None))
    await sign_in(site, "publisher", TAN_THANH)
    path = f"/nguon/{TAN_THANH}/so-sanh"

    none = (await site.get(path)).text
    await send(here, told(2, "2026-11-27"))
    one = (await site.get(path)).text

    said = ("Chưa có hồ sơ nào có cả hai ngày để so.", "Mọi ngày hẹn đều trùng hạn theo luật.")
    assert [[words in page for words in said] for page in (none, one)] == [[True, False], [False, True]]


async def test_the_file_has_every_dossier_once_and_can_be_opened_in_a_spreadsheet(site: httpx.AsyncClient, here: Desk, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(reading, "AT_ONCE", 3)
    await registered(here)
    await send(here, *(told(number, "2026-11-30") for number in range(1, 9)))
    await sign_in(site, "admin")

    answer = await site.get(f"/nguon/{TAN_THANH}/so-sanh.csv?lang=en")
    some = await site.get(f"/nguon/{TAN_THANH}/so-sanh.csv?loai=same")

    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert (head[0], head[5], head[6]) == ("Code", "Promised on", "Lawful date")
    assert [row[0] for row in rows] == [f"{CODE[:-4]}{number:04}" for number in range(1, 9)]
    assert {(row[5], row[6], row[7], row[8]) for row in rows} == {
        ("2026-11-30", "2026-11-27", "3", "Promised later than the law")
    }
    assert all("promised 30/11/2026" in row[12] for row in rows)
    assert len(some.text.splitlines()) == 1


async def test_the_list_is_read_page_by_page_and_back(
    site: httpx.AsyncClient, here: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "PER_PAGE", 3)
    await registered(here)
    await send(here, *(told(number, "2026-11-30") for number in range(1, 8)))
    await sign_in(site, "admin")
    address, seen = f"/nguon/{TAN_THANH}/so-sanh?loai=later", []
    while address:
        page = await site.get(address)
        seen += re.findall(r'<th scope="row"><a href="/ho-so/[^"]+">([^<]+)</a>', page.text)
        address = next(iter(re.findall(r'rel="next" href="([^"#]+)', page.text)), "").replace("&amp;", "&")
        back = next(iter(re.findall(r'rel="prev" href="([^"#]+)', page.text)), "").replace("&amp;", "&")

    assert seen == [f"{CODE[:-4]}{number:04}" for number in range(1, 8)]
    assert f"{CODE[:-4]}0004" in (await site.get(back)).text


def test_sums_are_made_of_groups() -> None:
    total = Comparison(
        [
            Group("1", "later", 12, True, True, 3),
            Group("1", "same", 0, False, True, 2),
            Group("2", "uncounted", None, False, False, 4),
        ]
    )
    assert (total.number, total.hidden, total.late_by_slip, total.late_by_law) == (9, 2, 3, 5)
    assert (total.spans["p11"], total.spans["0"], sum(total.spans.values())) == (3, 2, 5)
    assert [(each.procedure, each.differing, each.usual_days) for each in total.procedures] == [
        ("1", 3, 12),
        ("2", 0, None),
    ]


def test_everything_the_pages_may_have_to_say_has_its_words() -> None:
    known = texts(FOLDER)
    assert {f"reason-{each.value}" for each in Reason} | {f"lag-{each}" for each in LAGS} <= known["source"].keys()
    assert {f"silence-{each}" for each in ("never", "learning", "regular", "silent")} <= known["source"].keys()
    assert {f"kind-{each}" for each in KINDS} | {f"span-{each}" for each in SPANS} <= known["comparison"].keys()
