from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from services.reporting import pages
from services.reporting.tests.conftest import describe_units, tell_all
from services.reporting.tests.facts import UNIT, Dossier
from services.reporting.tests.seeing import Seen, sign_in, words_of
from shared.kernel import Principal
from shared.runtime import Service
from shared.settings import Keys, Settings
from shared.store.unit_of_work import Works
from shared.store.vault import recipient_of
from shared.testing.clients import local_client
from shared.testing.issuer import Issuer, Somebody
from shared.web import signin
from shared.web.door import open_door

pytestmark = pytest.mark.postgres


async def test_a_leader_chooses_who_to_be_and_comes_to_the_board(site: httpx.AsyncClient, works: Works) -> None:
    await describe_units(works, ("44", "Tỉnh Quảng Trị"), (UNIT, "Phường Quảng Trị"))
    assert "Phường Quảng Trị" in (await site.get("/dang-nhap")).text
    answer = await sign_in(site, "head", "44")
    assert (answer.status_code, answer.headers["location"]) == (303, "/bang-dieu-hanh")
    board = await site.get("/bang-dieu-hanh")
    assert board.status_code == 200
    assert "Đang đăng nhập: Lãnh đạo" in words_of(board)


async def test_signing_out_ends_it(site: httpx.AsyncClient) -> None:
    await sign_in(site, "head", UNIT)
    form = Seen((await site.get("/bang-dieu-hanh")).text).fields["form"]
    answer = await site.post("/dang-xuat", data={"form": form})
    assert "Bạn đã đăng xuất" in answer.text
    assert (await site.get("/bang-dieu-hanh")).headers["location"] == "/dang-nhap?lai=%2Fbang-dieu-hanh"


async def test_a_forged_form_changes_nothing_and_says_so(site: httpx.AsyncClient) -> None:
    await sign_in(site, "head", UNIT)
    for form in ("", "forged"):
        for path in ("/dang-xuat", "/dang-nhap"):
            answer = await site.post(path, data={"form": form, "role": "admin"})
            assert answer.status_code == 403
            assert "Biểu mẫu đã cũ" in answer.text
    assert (await site.get("/bang-dieu-hanh")).status_code == 200


async def test_a_form_of_another_browser_signs_nobody_in(site: httpx.AsyncClient, service: Service) -> None:
    assert service.pages is not None
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service.pages), base_url="http://test") as attacker:
        form = Seen((await attacker.get("/dang-nhap")).text).fields["form"]
    await site.get("/dang-nhap")
    assert (await site.post("/dang-nhap", data={"form": form, "role": "head"})).status_code == 403


async def test_an_expired_session_leads_to_a_sign_in_that_says_so_and_back(
    site: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.web.pages import signing  # noqa: PLC0415 - only this test changes how long a session lasts

    with monkeypatch.context() as changed:
        changed.setattr(signing, "SESSION_SECONDS", 0)
        await sign_in(site, "head", UNIT)
    answer = await site.get("/ho-so?open=true")
    assert answer.headers["location"] == "/dang-nhap?lai=%2Fho-so%3Fopen%3Dtrue&het-han=1"
    page = await site.get(answer.headers["location"])
    assert "Phiên đăng nhập đã hết hạn" in page.text
    form = Seen(page.text).fields
    again = await site.post("/dang-nhap", data={**form, "role": "head", "unit": UNIT})
    assert again.headers["location"] == "/ho-so?open=true"


async def test_a_role_without_business_on_a_page_is_told_so(site: httpx.AsyncClient) -> None:
    for role, path in (("clerk", "/bang-dieu-hanh"), ("citizen", "/bang-dieu-hanh"), ("ops", "/ho-so")):
        await sign_in(site, role, UNIT, person="044199012345" if role == "citizen" else "")
        answer = await site.get(path)
        assert (answer.status_code, "Vai trò của bạn không xem trang này" in answer.text) == (403, True), role


async def test_a_citizen_sees_the_own_dossiers_and_no_trace(site: httpx.AsyncClient, works: Works, keys: Keys) -> None:
    mine, theirs = Dossier(recipient=recipient_of(keys.people, "044199012345")), Dossier()
    await tell_all(works, [(mine, mine.life()), (theirs, theirs.life())])
    await sign_in(site, "citizen", person="044 199 012 345")
    listing = await site.get("/ho-so")
    assert str(mine.id) in listing.text
    assert str(theirs.id) not in listing.text
    shown = await site.get(f"/ho-so/{mine.id}")
    assert "Kết quả đã được trả cho công dân" in shown.text
    assert "0af7651916cd" not in shown.text
    assert (await site.get(f"/ho-so/{theirs.id}")).status_code == 404


async def test_a_wrong_identity_number_is_asked_again(site: httpx.AsyncClient) -> None:
    answer = await sign_in(site, "citizen", person="12")
    assert answer.status_code == 422
    assert "Số định danh gồm 9 hoặc 12 chữ số" in answer.text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example"])
async def test_the_way_back_never_leaves_this_host(site: httpx.AsyncClient, back: str) -> None:
    assert (await sign_in(site, "head", UNIT, back=back)).headers["location"] == "/bang-dieu-hanh"


async def test_an_account_of_too_many_units_is_told_so(works: Works, tmp_path: Path, keys: Keys) -> None:
    many = Somebody("many", roles=["head"], units=[f"{n:05}" for n in range(600)])
    with Issuer([many]) as crowded:
        door = open_door(Settings(home=tmp_path, issuer=crowded.url, public_url="https://test"), keys)
        transport = httpx.ASGITransport(pages.site(works, door), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://test") as site:
            answer = await through_the_issuer(site, "many", "/")
    assert (answer.status_code, "quá nhiều đơn vị" in answer.text) == (403, True)


async def test_an_unknown_role_is_not_signed_in(site: httpx.AsyncClient) -> None:
    for role in ("front", "screener", "king"):
        assert (await sign_in(site, role)).status_code == 404


async def test_rights_are_asked_of_the_directory_on_every_page(works: Works, tmp_path: Path, keys: Keys) -> None:
    granted = {"head"}

    async def directory(who: Principal) -> Principal:
        return replace(who, roles=frozenset(granted))

    door = open_door(Settings(home=tmp_path), keys, directory=directory)
    transport = httpx.ASGITransport(pages.site(works, door), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as site:
        await sign_in(site, "head", UNIT)
        assert (await site.get("/bang-dieu-hanh")).status_code == 200
        granted.clear()
        assert (await site.get("/bang-dieu-hanh")).status_code == 403


PEOPLE = (Somebody("leader", roles=["head"], units=["44"]), Somebody("nobody", access={"tenant": "01"}))


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer(PEOPLE) as running:
        yield running


@pytest_asyncio.fixture
async def provincial(works: Works, tmp_path: Path, keys: Keys, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """The pages of an installation with a real issuer, reached over HTTPS."""
    settings = Settings(home=tmp_path, issuer=issuer.url, public_url="https://test")
    transport = httpx.ASGITransport(pages.site(works, open_door(settings, keys)), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://test") as made:
        yield made


async def through_the_issuer(site: httpx.AsyncClient, subject: str, back: str) -> httpx.Response:
    """Follow the way to the issuer, choose there, and come back."""
    page = Seen((await site.get("/dang-nhap", params={"lai": back})).text)
    start = next(path for path, _ in page.links if path.startswith("/dang-nhap/di"))
    departure = await site.get(start)
    assert departure.status_code == 303
    async with local_client() as client:
        answer = await client.post(departure.headers["location"], data={"subject": subject})
    way_back = urlsplit(answer.headers["location"])
    assert f"{way_back.scheme}://{way_back.netloc}{way_back.path}" == "https://test/dang-nhap/ve"
    return await site.get(f"{way_back.path}?{way_back.query}")


async def test_a_leader_signs_in_at_a_real_issuer_and_comes_back_to_the_page(provincial: httpx.AsyncClient) -> None:
    answer = await through_the_issuer(provincial, "leader", "/bang-dieu-hanh?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/bang-dieu-hanh?lang=en")
    assert "__Host-gandan-session" in provincial.cookies
    assert (await provincial.get("/bang-dieu-hanh")).status_code == 200


async def test_there_is_no_choosing_where_a_real_issuer_is(provincial: httpx.AsyncClient) -> None:
    page = await provincial.get("/dang-nhap")
    assert "<form" not in page.text.partition("<main")[2]
    form = Seen(page.text).fields
    assert (await provincial.post("/dang-nhap", data={**form, "role": "admin"})).status_code == 403


@pytest.mark.parametrize(
    ("subject", "sentence"), [("nobody", "chưa được cấp quyền"), ("", "không cho đăng nhập, hoặc bạn đã từ chối")]
)
async def test_who_is_not_signed_in_is_told_why(provincial: httpx.AsyncClient, subject: str, sentence: str) -> None:
    answer = await through_the_issuer(provincial, subject, "/")
    assert answer.status_code == 403
    assert sentence in answer.text
    assert "__Host-gandan-session" not in provincial.cookies


async def test_an_answer_nobody_asked_for_signs_nobody_in(provincial: httpx.AsyncClient) -> None:
    answer = await provincial.get("/dang-nhap/ve?code=stolen&state=guessed")
    assert (answer.status_code, "Hãy bắt đầu lại" in answer.text) == (403, True)


async def test_signing_out_shows_the_issuers_own_sign_out(provincial: httpx.AsyncClient, issuer: Issuer) -> None:
    await through_the_issuer(provincial, "leader", "/")
    form = Seen((await provincial.get("/")).text).fields["form"]
    answer = await provincial.post("/dang-xuat", data={"form": form})
    assert f"{issuer.url}/logout" in answer.text
    assert (await provincial.get("/bang-dieu-hanh")).status_code == 303


async def test_an_issuer_that_does_not_answer_is_said_plainly(works: Works, tmp_path: Path, keys: Keys) -> None:
    settings = Settings(home=tmp_path, issuer="http://127.0.0.1:9")
    transport = httpx.ASGITransport(pages.site(works, open_door(settings, keys)), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as site:
        answer = await site.get("/dang-nhap/di")
    assert (answer.status_code, "Chưa kết nối được hệ thống tài khoản" in answer.text) == (503, True)


async def test_the_built_in_issuers_way_is_shut_without_an_issuer(site: httpx.AsyncClient) -> None:
    assert (await site.get("/dang-nhap/di")).status_code == 404
    assert (await site.get("/dang-nhap/ve")).status_code == 404


def test_a_session_lasts_a_working_day() -> None:
    assert signin.SESSION_SECONDS == 8 * 3600
