from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import httpx
import pytest

from services.reporting import domain
from services.reporting.pages.routes import FOLDER
from services.reporting.store import lines
from services.reporting.tests.conftest import describe_units, tell_all, tell_letters
from services.reporting.tests.crawling import Crawler
from services.reporting.tests.facts import CODE, UNIT, Dossier, procedure
from services.reporting.tests.letters import RECEIPT, Letter
from services.reporting.tests.seeing import Seen, listed, sign_in, words_of
from services.reporting.tests.test_store import mixed
from shared.kernel import system
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.store.vault import recipient_of
from shared.web.pages import charts, writing
from shared.web.pages.visit import texts

pytestmark = pytest.mark.postgres


async def test_the_first_page_shows_the_figures_without_javascript(site: httpx.AsyncClient, works: Works) -> None:
    await tell_all(works, mixed())
    await describe_units(works, (UNIT, "Phường Quảng Trị"), ("18859", "Phường <Đồng Thuận>"))
    answer = await site.get("/")
    seen = Seen(answer.text)
    found = seen.values("all")
    assert answer.status_code == 200
    assert (found["open"], found["due_today"], found["overdue"], found["on_time_month"]) == (9, 3, 3, 6)
    assert "66,6% số hồ sơ giải quyết trong tháng này xong đúng hoặc trước hẹn (6 trên 9)." in words_of(answer)
    assert (seen.values(UNIT)["open"], seen.share[UNIT]) == (6, "66,6%")
    assert seen.values("18859") == {"open": 0}
    assert "Phường &lt;Đồng Thuận&gt;" in answer.text
    assert answer.text.index("Phường Quảng Trị") < answer.text.index("Phường &lt;Đồng Thuận&gt;")


async def test_the_page_speaks_vietnamese_first_and_english_from_then_on_when_asked(site: httpx.AsyncClient) -> None:
    vi, en, later = await site.get("/"), await site.get("/?lang=en"), await site.get("/tra-cuu")
    assert '<html lang="vi">' in vi.text
    assert "Tra cứu hồ sơ của bạn" in vi.text
    assert '<html lang="en">' in en.text
    assert "Look up your dossier" in en.text
    assert '<p class="rate" data-none data-of="all">No dossier was settled this month yet.</p>' in en.text
    assert '<html lang="en">' in later.text
    assert ("/tra-cuu?lang=vi", "Tiếng Việt") in Seen(later.text).links


async def test_everything_the_page_loads_is_ours_and_there(site: httpx.AsyncClient) -> None:
    text = (await site.get("/")).text
    found = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
    assert {path.partition("?")[0] for path in found} == {"/static/mark.svg", "/static/site.css", "/static/live.js"}
    for path in found:
        answer = await site.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)


async def test_every_answer_allows_nothing_foreign_nothing_inline_and_no_frame(
    site: httpx.AsyncClient, works: Works
) -> None:
    await tell_all(works, mixed())
    await describe_units(works, (UNIT, "Phường Quảng Trị"))
    await sign_in(site, "admin")
    policy = {
        "default-src": "'none'", "style-src": "'self'", "script-src": "'self'", "img-src": "'self'", "connect-src": "'self'", "base-uri": "'none'",
        "form-action": "'self'", "frame-ancestors": "'none'",
    }  # fmt: skip
    pages = ("/", "/tra-cuu", f"/don-vi/{UNIT}", "/ho-so", "/vu-viec", "/bang-dieu-hanh", "/dang-nhap", "/nowhere", "/ho-so?open=perhaps", "/viec-cua-toi")  # fmt: skip
    for path in pages:
        answer = await site.get(path)
        said = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
        assert {name: value for name, _, value in said} == policy, path
        assert answer.headers["cache-control"] == "no-store", path
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", path
        assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=|javascript:", answer.text), path
    for path in (*pages, "/static/site.css", "/static/live.js", "/dang-nhap/di"):
        headers = (await site.get(path)).headers
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer"), path


HOSTILE = """<script>alert('q7')</script>"><img src=x onerror=q7>{{7*7}}"""


async def test_markup_in_the_names_of_reference_data_and_officers_is_shown_as_text(
    site: httpx.AsyncClient, works: Works
) -> None:
    late = Dossier()
    await tell_all(works, [*mixed(), (late, [late.submitted(), late.accepted(date(2026, 11, 20)), late.assigned(HOSTILE)])])  # fmt: skip
    await describe_units(works, (UNIT, HOSTILE), ("18880", "Phường Đồng Hới"))
    async with works.begin(system("test")) as work:
        await lines.copy_procedures(work.db, 1, {"1.004873": replace(procedure(), name=HOSTILE)})
    await sign_in(site, "head", "44")
    crawler = Crawler(site)
    await crawler.crawl()
    shown = [path for path, text in crawler.texts.items() if "&lt;script&gt;alert(&#39;q7&#39;)" in text]
    assert {"/", "/bang-dieu-hanh", "/ho-so", f"/don-vi/{UNIT}"} <= set(shown)
    assert any(path.startswith("/ho-so/") for path in shown)
    for path, text in crawler.texts.items():
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
        assert "49" not in words_of(httpx.Response(200, text=text)).split(), path


@pytest.mark.parametrize(
    "address", ["/tra-cuu?ma={0}", "/dang-nhap?lai=/{0}", "/?x={0}&lang=en", "/{0}", "/don-vi/{0}", "/ho-so?unit={0}"]
)
async def test_markup_in_an_address_is_never_repeated_as_markup(site: httpx.AsyncClient, address: str) -> None:
    answer = await site.get(address.format(HOSTILE))
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text


def test_every_state_and_every_notice_can_be_said() -> None:
    states, letters = texts(FOLDER)["states"], texts(FOLDER)["case-states"]
    assert set(domain.PHASES) <= states.keys()
    assert {f"advice-{state}" for state in domain.PHASES} <= texts(FOLDER)["lookup"].keys()
    assert {*domain.LETTER_PHASES, *domain.CASE_PHASES} <= letters.keys()
    assert {f"limit-{kind}" for kind in domain.RULES} <= letters.keys()


async def test_a_citizens_matters_are_on_one_page_and_a_strangers_are_not(
    site: httpx.AsyncClient, works: Works, keys: Keys
) -> None:
    me = recipient_of(keys.people, "044199012345")
    mine, theirs = Dossier(recipient=me), Dossier(code="H50.12-261123-0002")
    letter = Letter(recipient=me)
    await tell_all(works, [(mine, mine.life()), (theirs, theirs.life())])
    await tell_letters(works, [(letter, [letter.registered(), letter.split()], [letter.opened(), letter.assigned()])])
    await describe_units(works, (UNIT, "Phường Quảng Trị"))
    assert (await sign_in(site, "citizen", person="044199012345")).headers["location"] == "/viec-cua-toi"
    answer = await site.get("/viec-cua-toi")
    said = words_of(answer)
    assert "Hồ sơ 1" in said
    assert f"{CODE} 1.004873 Phường Quảng Trị Đã trả kết quả (đúng hẹn)" in said
    assert f"{RECEIPT} Đơn thư Phường Quảng Trị Đơn đã thành vụ việc" in said
    assert f"{RECEIPT}.1 Phản ánh Phường Quảng Trị" in said
    assert theirs.code not in answer.text
    assert "officer-9" not in answer.text
    await sign_in(site, "citizen", person="044199099999")
    assert "Bạn chưa có hồ sơ hay đơn thư nào ở đây." in words_of(await site.get("/viec-cua-toi"))
    await sign_in(site, "clerk", UNIT)
    assert (await site.get("/viec-cua-toi")).status_code == 403


async def test_a_page_that_is_not_there_says_so(site: httpx.AsyncClient) -> None:
    for path in ("/nowhere", "/static/secret.txt", "/static/..%2f__init__.py", "/don-vi/00000"):
        answer = await site.get(path)
        assert answer.status_code == 404
        assert "Không có trang này" in answer.text


async def test_a_list_needs_a_sign_in_and_comes_back_to_itself(site: httpx.AsyncClient, works: Works) -> None:
    await tell_all(works, mixed())
    answer = await site.get(f"/ho-so?unit={UNIT}&open=true")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/dang-nhap?lai=%2Fho-so%3Funit%3D{UNIT}%26open%3Dtrue"
    back = await sign_in(site, "clerk", UNIT, back=f"/ho-so?unit={UNIT}&open=true")
    assert back.headers["location"] == f"/ho-so?unit={UNIT}&open=true"
    assert len(await listed(site, back.headers["location"])) == 6


async def test_an_officer_is_told_how_many_there_are_beside_those_of_the_own_unit(
    site: httpx.AsyncClient, works: Works
) -> None:
    await tell_all(works, mixed())
    await sign_in(site, "clerk", UNIT)
    answer = await site.get("/ho-so?open=true")
    assert "6 hồ sơ bạn được xem, trong 9 hồ sơ của toàn tỉnh" in words_of(answer)


async def test_long_lists_come_in_pages_both_ways(site: httpx.AsyncClient, works: Works) -> None:
    made = [Dossier() for _ in range(120)]
    await tell_all(works, [(each, [each.submitted()]) for each in made])
    await sign_in(site, "clerk", UNIT)
    assert len(set(await listed(site, "/ho-so"))) == 120
    second = next(path for path, text in Seen((await site.get("/ho-so")).text).links if "Trang sau" in text)
    first = next(path for path, text in Seen((await site.get(second)).text).links if "Trang trước" in text)
    pages = [Seen((await site.get(path)).text).links for path in (first, "/ho-so")]
    back, front = ([path for path, _ in links if path.startswith("/ho-so/")] for links in pages)
    assert (len(front), back) == (50, front)
    broken = await site.get(second.replace("cursor=", "cursor=A"))
    assert (broken.status_code, "Địa chỉ này hỏi điều không hiểu được" in broken.text) == (400, True)


@pytest.mark.parametrize("query", ["unit=%27%3B--", "due_on=tomorrow", "open=maybe", "state=DROP", "assigned=perhaps"])
async def test_a_senseless_address_is_answered_plainly(site: httpx.AsyncClient, query: str) -> None:
    await sign_in(site, "admin")
    answer = await site.get(f"/ho-so?{query}")
    assert answer.status_code == 400
    assert "Một phần của địa chỉ có giá trị sai" in answer.text


async def test_an_officer_sees_a_dossiers_dates_reason_and_trace_and_a_stranger_nothing(
    site: httpx.AsyncClient, works: Works
) -> None:
    dossier = Dossier()
    await tell_all(works, [(dossier, dossier.life())])
    await sign_in(site, "handler", UNIT)
    shown = await site.get(f"/ho-so/{dossier.id}")
    assert shown.status_code == 200
    assert "0af7651916cd43dd8448eb211c80319c" in shown.text
    assert "Đúng hẹn (27/11/2026)" in words_of(shown)
    await sign_in(site, "handler", "18880")
    hidden, absent = await site.get(f"/ho-so/{dossier.id}"), await site.get(f"/ho-so/{Dossier().id}")
    assert hidden.status_code == absent.status_code == 404
    assert "0af7651916cd" not in hidden.text


async def test_a_unit_is_shown_to_everybody_with_a_chart_and_its_numbers(site: httpx.AsyncClient, works: Works) -> None:
    await tell_all(works, mixed())
    await describe_units(works, (UNIT, "Phường Quảng Trị"))
    answer = await site.get(f"/don-vi/{UNIT}")
    found = Seen(answer.text).values(UNIT)
    assert (found["open"], found["overdue"], found["late_month"]) == (6, 2, 2)
    assert '<svg class="trend"' in answer.text
    assert "23/11/2026 16 2 0" in words_of(answer)


async def test_a_fault_is_a_page_without_a_word_of_what_broke(site: httpx.AsyncClient, works: Works) -> None:
    async with works.reading() as db:
        await db.execute("ALTER TABLE unit_line_1 RENAME TO unit_line_gone")
    try:
        answer = await site.get("/")
    finally:
        async with works.reading() as db:
            await db.execute("ALTER TABLE unit_line_gone RENAME TO unit_line_1")
    assert answer.status_code == 500
    assert "Trang này gặp lỗi" in answer.text
    assert "unit_line" not in answer.text


def test_both_languages_say_the_same_things() -> None:
    for section, rows in texts(FOLDER).items():
        for name, row in rows.items():
            assert row.keys() == {"vi", "en"}, (section, name)
            assert sorted(re.findall(r"\{\w+\}", row["vi"])) == sorted(re.findall(r"\{\w+\}", row["en"])), (
                section,
                name,
            )


def test_no_section_changes_what_the_head_of_every_page_says() -> None:
    for section, rows in texts(FOLDER).items():
        assert section == "common" or not rows.keys() & texts(FOLDER)["common"].keys(), section


def test_a_share_never_looks_better_than_it_is() -> None:
    assert writing.share_text(9999, 10_000, "vi") == "99,9%"
    assert writing.share_text(1, 1, "vi") == "100%"
    assert writing.share_text(2, 3, "en") == "66.6%"
    assert writing.share_text(0, 0, "en") == "–"


def test_numbers_are_written_as_the_reader_writes_them() -> None:
    assert (writing.number_text(1234567, "vi"), writing.number_text(1234567, "en")) == ("1.234.567", "1,234,567")
    assert (writing.decimal_text(2.0, "vi"), writing.decimal_text(2.54, "vi"), writing.decimal_text(2.5, "en")) == ("2", "2,5", "2.5")  # fmt: skip


def test_a_bar_is_as_long_as_its_share_and_zero_has_none() -> None:
    assert 'width="50.00"' in charts.bar(2, 4)
    assert "<rect" not in charts.bar(0, 4)
    assert "<rect" not in charts.bar(0, 0)


def test_the_late_part_of_a_column_stands_on_its_timely_part() -> None:
    drawn = charts.trend([charts.Pair(4, 2, 1)], "what <came>")
    assert 'aria-label="what &lt;came&gt;"' in drawn
    assert re.findall(r'class="(\w+)" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', drawn) == [("came", "0.00", "100.00"), ("plain", "50.00", "50.00"), ("late", "50.00", "25.00")]  # fmt: skip


async def test_a_list_shows_the_system_a_dossier_comes_from_and_finds_all_of_one(site: httpx.AsyncClient, works: Works) -> None:  # fmt: skip
    ours, theirs = Dossier(code="H50.12-261123-0001"), Dossier(code="H50.44.12-261123-0002")
    await tell_all(
        works,
        [
            (ours, [ours.submitted(), ours.accepted()]),
            (theirs, [theirs.submitted(source="tan-thanh"), theirs.accepted()]),
        ],
    )
    await sign_in(site, "clerk", UNIT)

    everything, of_one = await site.get("/ho-so"), await site.get("/ho-so?source=tan-thanh")

    assert "nguồn tan-thanh" in words_of(everything)
    assert ("H50.12-261123-0001" in everything.text, "H50.12-261123-0001" in of_one.text) == (True, False)
    assert "Hệ thống nguồn: tan-thanh" in words_of(of_one)
    assert theirs.code in of_one.text
