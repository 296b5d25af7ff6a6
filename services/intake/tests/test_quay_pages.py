"""The counter's pages without a browser: what they say in both languages, who may see them, what they load."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from services.intake.domain import State
from services.intake.handlers import LISTS
from services.intake.pages.dossiers import DECISIONS, REASONS
from services.intake.pages.routes import FOLDER, TABS
from services.intake.tests.given import MARITAL_STATUS, UNIT
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
    sent = {"form": token_of(page), "key": key, "unit": UNIT, "procedure": MARITAL_STATUS, "channel": "direct", "name": "An", "paper-0": "1"}  # fmt: skip
    first, again = await site.post("/quay", data=sent), await site.post("/quay", data=sent)
    changed = await site.post("/quay", data={**sent, "name": "Ân"})
    assert (first.status_code, first.text.partition("<main")[2]) == (201, again.text.partition("<main")[2])
    assert (changed.status_code, "đã được nhận trước khi bạn sửa" in changed.text) == (409, True)
    fresh = re.findall(r'name="key" value="(\w+)"', changed.text)[0]
    second = await site.post("/quay", data={**sent, "name": "Ân", "key": fresh})
    assert "H50.144-261123-0002" in second.text


def test_everything_that_can_happen_has_its_words_in_both_languages() -> None:
    known = texts(FOLDER)
    counter = known["counter"]
    assert set(State) <= known["states"].keys()
    assert {f"list-{name}" for name in LISTS} <= counter.keys()
    assert {f"decide-{name}" for name in DECISIONS} | {f"reason-{name}" for name in REASONS} <= counter.keys()
    stated = {fact_type(kind).split(".")[2] for kind in vars(facts).values() if isinstance(kind, type) and issubclass(kind, Fact) and getattr(kind, "topic", "") == "intake.dossiers"}  # fmt: skip
    assert {f"did-{name}" for name in stated - {"identity-read"}} <= counter.keys()
    assert {tab.name for tab in TABS} <= known["common"].keys()
    for section, rows in known.items():
        assert section == "common" or not rows.keys() & known["common"].keys(), section
        for name, row in rows.items():
            assert row.keys() == {"vi", "en"}, (section, name)
            assert sorted(re.findall(r"\{\w+\}", row["vi"])) == sorted(re.findall(r"\{\w+\}", row["en"])), name
