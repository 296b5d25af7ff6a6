"""The counter's pages without a browser: what they say in both languages, who may see them, what they load."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from services.intake.domain import State
from services.intake.handlers import LISTS
from services.intake.pages.dossiers import DECISIONS, METHODS, OUTCOMES, REASONS, STEPS
from services.intake.pages.routes import FOLDER, TABS
from services.intake.tests.given import MARITAL_STATUS, UNIT
from services.intake.tests.talk import Talk
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact, fact_type
from shared.runtime import Service
from shared.web.pages.visit import texts

pytestmark = pytest.mark.postgres

_FORM = re.compile(r'name="form" value="([^"]+)"')


@pytest_asyncio.fixture
async def site(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without JavaScript."""
    assert service.pages is not None
    transport = httpx.ASGITransport(app=service.pages, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


async def sign_in(site: httpx.AsyncClient, role: str, unit: str = UNIT) -> httpx.Response:
    page = await site.get("/dang-nhap")
    return await site.post("/dang-nhap", data={"form": token_of(page), "lai": "/", "role": role, "unit": unit})


def token_of(page: httpx.Response) -> str:
    found = _FORM.findall(page.text)
    assert found, page.text
    return str(found[-1])


async def test_a_clerk_signs_in_and_comes_to_the_counter(site: httpx.AsyncClient) -> None:
    assert (await site.get("/quay")).headers["location"] == "/dang-nhap?lai=%2Fquay"
    assert (await sign_in(site, "clerk")).headers["location"] == "/quay"
    page = await site.get("/quay")
    assert (page.status_code, "Quầy một cửa" in page.text) == (200, True)
    assert "One-stop counter" in (await site.get("/quay?lang=en")).text
    for path in re.findall(r'(?:src|href)="(/(?:quay/)?static/[^"]+)"', page.text):
        assert (await site.get(path)).status_code == 200


@pytest.mark.parametrize("role", ["citizen", "ops", "admin"])
async def test_who_has_no_business_at_a_counter_is_told_so(site: httpx.AsyncClient, role: str) -> None:
    await sign_in(site, role)
    for path in ("/quay", "/quay/tim", "/quay/danh-sach/open"):
        assert (await site.get(path)).status_code == 403


async def test_a_handler_finds_and_lists_but_does_not_file(site: httpx.AsyncClient) -> None:
    await sign_in(site, "handler")
    page = await site.get(f"/quay?thu-tuc={MARITAL_STATUS}")
    assert ("Tìm hồ sơ" in page.text, 'name="identity_no"' in page.text) == (True, False)
    sent = {"form": token_of(page), "unit": UNIT, "procedure": MARITAL_STATUS, "name": "An", "paper-0": "1"}
    assert (await site.post("/quay", data=sent)).status_code in {403, 404}


async def test_a_form_of_no_session_files_nothing(site: httpx.AsyncClient) -> None:
    await sign_in(site, "clerk")
    for form in ("", "forged"):
        for path in ("/quay", "/quay/tim"):
            answer = await site.post(path, data={"form": form, "unit": UNIT, "procedure": MARITAL_STATUS, "name": "An"})
            assert (answer.status_code, "Biểu mẫu đã cũ" in answer.text) == (403, True)
    assert (await site.get("/quay")).text.count("<strong>0</strong>") == len(LISTS)


async def test_markup_that_is_typed_stays_text_and_senseless_answers_are_plain(site: httpx.AsyncClient) -> None:
    await sign_in(site, "clerk")
    hostile = "<script>alert(1)</script>"
    page = await site.get(f"/quay?thu-tuc={MARITAL_STATUS}")
    sent = {"form": token_of(page), "unit": UNIT, "procedure": MARITAL_STATUS, "name": hostile, "phone": hostile}
    for answer in (
        await site.post("/quay", data=sent),
        await site.post("/quay/tim", data={"form": token_of(page), "q": hostile}),
    ):
        assert hostile not in answer.text
    assert (await site.get("/quay/danh-sach/unheard-of")).status_code == 404
    assert (await site.get("/quay/danh-sach/open?cursor=x")).status_code == 400
    foreign = await site.post("/quay", data={**sent, "phone": "", "unit": "18880", "paper-0": "1"})
    assert foreign.status_code in {403, 404}


async def test_a_form_changed_after_it_was_taken_in_is_not_a_silent_second_dossier(site: httpx.AsyncClient) -> None:
    await sign_in(site, "clerk")
    page = await site.get(f"/quay?thu-tuc={MARITAL_STATUS}")
    key = re.findall(r'name="key" value="(\w+)"', page.text)[0]
    sent = {"form": token_of(page), "key": key, "unit": UNIT, "procedure": MARITAL_STATUS, "channel": "direct", "name": "An", "identity_no": "044085001234", "paper-0": "1"}  # fmt: skip
    first, again = await site.post("/quay", data=sent), await site.post("/quay", data=sent)
    changed = await site.post("/quay", data={**sent, "name": "Ân"})
    assert (first.status_code, first.text.partition("<main")[2]) == (201, again.text.partition("<main")[2])
    assert (changed.status_code, "đã được nhận trước khi bạn sửa" in changed.text) == (409, True)
    fresh = re.findall(r'name="key" value="(\w+)"', changed.text)[0]
    like = await site.post("/quay", data={**sent, "name": "Ân", "key": fresh})
    assert (like.status_code, 'name="despite"' in like.text) == (200, True)
    second = await site.post("/quay", data={**sent, "name": "Ân", "key": fresh, "despite": "1"})
    assert "H50.144-261123-0002" in second.text
    assert "H50.144-261123-0002" in (await site.post("/quay", data={**sent, "name": "Ân", "key": fresh})).text


async def test_what_was_taken_in_on_paper_is_entered_with_its_reason_its_sets_and_its_explained_date(
    site: httpx.AsyncClient,
) -> None:
    await sign_in(site, "clerk")
    page = await site.get(f"/quay?thu-tuc={MARITAL_STATUS}")
    sent = {"form": token_of(page), "unit": UNIT, "procedure": MARITAL_STATUS, "name": "An", "paper-0": "1", "received_at": "2026-11-20T08:15"}  # fmt: skip
    without = await site.post("/quay", data=sent)
    assert (without.status_code, 'id="wrong-late_entry_reason"' in without.text) == (422, True)
    assert "Hãy ghi lý do nhập muộn." in without.text
    assert 'value="2026-11-20T08:15"' in without.text
    for wrong in (
        {"received_at": "hôm qua"},
        {"sets": "0"},
        {"owner_identity_no": "12", "owner_name": "Bình"},
        {"summary": "a" * 1001},
        {"received_at": "2026-11-24T08:15", "late_entry_reason": "x"},
    ):
        refused = await site.post("/quay", data={**sent, **wrong})
        assert (refused.status_code, re.findall(r'id="wrong-(\w+)"', refused.text)) == (422, [next(iter(wrong))])

    taken = await site.post("/quay", data={**sent, "late_entry_reason": "Mất điện <b>", "sets": "2"})

    assert (taken.status_code, "thứ Năm 26/11/2026" in taken.text) == (201, True)
    shown = (await site.get(re.findall(r'href="(/quay/ho-so/[0-9a-f-]+)"', taken.text)[0])).text
    assert "08:15 20/11/2026" in shown
    assert "Lý do nhập muộn: Mất điện &lt;b&gt;" in shown
    assert "<dt>Số bộ hồ sơ</dt><dd>2</dd>" in shown
    assert "<li>Không tính thứ Ba 24/11/2026: Ngày Văn hóa Việt Nam.</li>" in shown


async def step(site: httpx.AsyncClient, path: str, **said: str) -> httpx.Response:
    """Send a form of the dossier's page as it stands; the page after it."""
    page = await site.get(path)
    version = re.findall(r'name="version" value="(\d+)"', page.text)
    answer = await site.post(path, data={"form": token_of(page), "version": version[0] if version else "0", **said})
    return answer if answer.status_code != 303 else await site.get(answer.headers["location"])


async def test_a_dossier_goes_from_the_missing_paper_to_the_citizen_s_hands_at_the_counter(
    site: httpx.AsyncClient, talk: Talk
) -> None:
    dossier = await talk.file()
    path = f"/quay/ho-so/{dossier['id']}"
    await sign_in(site, "clerk")
    assert (
        "Chờ bổ sung" in (await step(site, path, decision="request-supplement", reason="Mờ", **{"paper-0": "1"})).text
    )
    nothing = await step(site, path, decision="supply")
    assert (nothing.status_code, "ít nhất một giấy tờ đã mang đến" in nothing.text) == (422, True)
    assert "thời hạn chạy tiếp" in (await step(site, path, decision="supply", **{"paper-0": "1"})).text
    clerk = await step(site, path, decision="settle", outcome="granted")
    assert (clerk.status_code, 'id="outcome"' in clerk.text) == (404, False)  # whoever receives does not decide
    await sign_in(site, "handler")
    undecided = await step(site, path, decision="settle", result_number="7/XN")
    assert (undecided.status_code, "Hãy chọn kết quả." in undecided.text, 'value="7/XN"' in undecided.text) == (
        422,
        True,
        True,
    )
    settled = await step(site, path, decision="settle", outcome="granted", result_number="7/XN")
    assert "người nộp được thông báo đến nhận" in settled.text
    await sign_in(site, "clerk")
    assert "Hồ sơ kết thúc" in (await step(site, path, decision="return-result", method="post")).text

    shown = (await talk.get(f"/dossiers/{dossier['id']}", talk.citizen())).json()
    assert [shown[name] for name in ("state", "outcome", "result_number")] == ["returned", "granted", "7/XN"]
    assert len(shown["components"]) == 2
    history = (await talk.get(f"/dossiers/{dossier['id']}/history", talk.token("clerk"))).json()["items"]
    assert history[-1]["data"]["method"] == "post"
    late = await step(site, path, decision="return-result", version="3")
    assert (late.status_code, "quyết định của bạn chưa được ghi" in late.text) == (412, True)


def test_everything_that_can_happen_has_its_words_in_both_languages() -> None:
    known = texts(FOLDER)
    counter = known["counter"]
    assert set(State) <= known["states"].keys()
    assert {f"list-{name}" for name in LISTS} <= counter.keys()
    assert {f"decide-{name}" for name in DECISIONS} | {f"reason-{name}" for name in REASONS} <= counter.keys()
    assert {f"{what}-{name}" for name in STEPS for what in ("step", "go", "done")} <= counter.keys()
    assert {f"outcome-{name}" for name in OUTCOMES} | {f"method-{name}" for name in METHODS} <= counter.keys()
    stated = {fact_type(kind).split(".")[2] for kind in vars(facts).values() if isinstance(kind, type) and issubclass(kind, Fact) and getattr(kind, "topic", "") == "intake.dossiers"}  # fmt: skip
    assert {f"did-{name}" for name in stated - {"identity-read"}} <= counter.keys()
    assert {tab.name for tab in TABS} <= known["common"].keys()
    for section, rows in known.items():
        assert section == "common" or not rows.keys() & known["common"].keys(), section
        for name, row in rows.items():
            assert row.keys() == {"vi", "en"}, (section, name)
            assert sorted(re.findall(r"\{\w+\}", row["vi"])) == sorted(re.findall(r"\{\w+\}", row["en"])), name
