from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from shared.settings import Keys, Settings
from shared.testing.clients import local_client
from shared.testing.issuer import Issuer, Somebody
from shared.web.door import open_door
from shared.web.signin import Seal
from shared.web.signin_flow import Client, CodeFlow, SignInFailed

RETURN = "http://127.0.0.1:8000/dang-nhap/ve"
PEOPLE = (
    Somebody("leader", roles=["head"], units=["19360"]),
    Somebody("replayed", roles=["head"], identity={"nonce": "another sign-in's"}),
    Somebody("not-for-us", roles=["head"], identity={"aud": "another-client"}),
    Somebody("other-issuer", roles=["head"], identity={"iss": "https://issuer.example"}),
    Somebody("old", roles=["head"], identity={"exp": 1_700_000_000}),
    Somebody("somebody-else", roles=["head"], identity={"sub": "leader"}),
    Somebody("unsigned", roles=["head"], stranger=True),
    Somebody("other-province", roles=["head"], access={"tenant": "01"}),
    Somebody("other-audience", roles=["head"], access={"aud": "mail"}),
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer(PEOPLE) as running:
        yield running


def flow_to(url: str, home: Path, keys: Keys, client: Client | None = None) -> CodeFlow:
    door = open_door(Settings(home=home, issuer=url), keys)
    return CodeFlow(url, client or Client("gandan"), RETURN, door.verifier, Seal.of(keys))


@pytest.fixture
def flow(issuer: Issuer, tmp_path: Path, keys: Keys) -> CodeFlow:
    return flow_to(issuer.url, tmp_path, keys)


async def choose(url: str, subject: str) -> dict[str, str]:
    """Choose somebody on the issuer's page; what the browser brings back."""
    async with local_client() as client:
        assert subject in (await client.get(url)).text
        answer = await client.post(url, data={"subject": subject})
    back = answer.headers["location"]
    assert back.startswith(RETURN)
    return dict(parse_qsl(urlsplit(back).query))


async def test_somebody_signs_in_at_a_real_issuer_with_the_rights_of_the_access_token(flow: CodeFlow) -> None:
    departure = await flow.depart("/bang-dieu-hanh")
    signed = await flow.arrive(departure.ticket, await choose(departure.url, "leader"))
    who = signed.principal
    assert (who.subject, sorted(who.roles), sorted(who.units)) == ("leader", ["head"], ["19360"])
    assert signed.back == "/bang-dieu-hanh"


async def test_the_challenge_is_sent_and_the_proof_stays(flow: CodeFlow) -> None:
    departure = await flow.depart("/")
    asked = dict(parse_qsl(urlsplit(departure.url).query))
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == ("code", "S256", "openid")
    assert len(asked["code_challenge"]) == 43
    assert asked["state"] not in departure.ticket
    assert (await flow.depart("/")).url != departure.url


async def test_a_confidential_client_shows_its_secret(tmp_path: Path, keys: Keys) -> None:
    with Issuer(PEOPLE, secret="s3cret: 100% of ours+") as issuer:
        for secret, signed_in in (("s3cret: 100% of ours+", True), ("guessed", False)):
            settings = Settings(home=tmp_path, issuer=issuer.url, client_secret=secret)
            flow = flow_to(issuer.url, tmp_path, keys, Client.of(settings))
            departure = await flow.depart("/")
            query = await choose(departure.url, "leader")
            if signed_in:
                assert (await flow.arrive(departure.ticket, query)).principal.subject == "leader"
            else:
                assert await reason(flow, departure.ticket, query) == "untrusted"


def test_the_pages_are_known_at_the_issuer_by_a_name_of_their_own_or_by_the_audience(tmp_path: Path) -> None:
    known = Settings(home=tmp_path, issuer="https://login.example", audience="gandan-api")
    assert Client.of(known) == Client("gandan-api")
    assert Client.of(known.model_copy(update={"client_id": "gandan-pages"})).id == "gandan-pages"
    assert "s3cret" not in repr(Client.of(known.model_copy(update={"client_secret": "s3cret"})))


async def reason(flow: CodeFlow, ticket: str, query: dict[str, str]) -> str:
    with pytest.raises(SignInFailed) as failed:
        await flow.arrive(ticket, query)
    return failed.value.reason


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        ("replayed", "untrusted"), ("not-for-us", "untrusted"), ("other-issuer", "untrusted"), ("old", "untrusted"),
        ("somebody-else", "untrusted"), ("unsigned", "untrusted"), ("other-province", "no-rights"), ("other-audience", "no-rights"),
    ],
)  # fmt: skip
async def test_a_token_that_is_not_right_signs_nobody_in(flow: CodeFlow, subject: str, why: str) -> None:
    departure = await flow.depart("/")
    assert await reason(flow, departure.ticket, await choose(departure.url, subject)) == why


async def test_a_code_counts_once_and_only_with_its_own_ticket(flow: CodeFlow) -> None:
    first, second = await flow.depart("/"), await flow.depart("/")
    query = await choose(first.url, "leader")
    assert await reason(flow, second.ticket, query) == "foreign"
    assert await reason(flow, second.ticket, {**query, "state": (await choose(second.url, "leader"))["state"]}) == "untrusted"  # fmt: skip
    assert await reason(flow, first.ticket, query) == "untrusted"  # the issuer gave nothing for it the second time


async def test_what_the_browser_brings_back_is_not_believed(flow: CodeFlow) -> None:
    departure = await flow.depart("/")
    query = await choose(departure.url, "leader")
    assert await reason(flow, "", query) == "expired"
    assert await reason(flow, departure.ticket[:-3], query) == "expired"
    assert await reason(flow, departure.ticket, {**query, "iss": "https://issuer.example"}) == "foreign"
    assert await reason(flow, departure.ticket, {"state": query["state"]}) == "denied"


async def test_who_says_no_at_the_issuer_is_not_signed_in(flow: CodeFlow) -> None:
    departure = await flow.depart("/")
    query = await choose(departure.url, "")
    assert query["error"] == "access_denied"
    assert await reason(flow, departure.ticket, query) == "denied"


async def test_a_ticket_is_good_for_ten_minutes(flow: CodeFlow) -> None:
    departure = await flow.depart("/")
    query = await choose(departure.url, "leader")
    flow.seal = Seal(flow.seal.key, lambda: flow.now() + 601)
    assert await reason(flow, departure.ticket, query) == "expired"


async def test_an_issuer_that_does_not_answer_or_calls_itself_otherwise_is_named(
    issuer: Issuer, tmp_path: Path, keys: Keys
) -> None:
    silent = flow_to("http://127.0.0.1:9", tmp_path, keys)
    with pytest.raises(SignInFailed, match="unreachable"):
        await silent.depart("/")
    assert await silent.goodbye() is None

    def other(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"issuer": "https://issuer.example"})

    wrong = flow_to(issuer.url, tmp_path, keys)
    wrong.transport = httpx.MockTransport(other)
    with pytest.raises(SignInFailed, match="untrusted"):
        await wrong.depart("/")


async def test_the_issuers_own_sign_out_page_is_known(flow: CodeFlow, issuer: Issuer) -> None:
    assert await flow.goodbye() == f"{issuer.url}/logout?client_id=gandan"
