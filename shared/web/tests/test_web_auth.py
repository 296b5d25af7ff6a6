"""Whose token counts, and what each role may call."""

from __future__ import annotations

import base64
import hmac
import json
import stat
import threading
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from shared.kernel import Caller, Once, Principal
from shared.settings import Keys, Settings, WrongSetting
from shared.store.vault import recipient_of
from shared.web.app import service_app
from shared.web.auth import allow, caller, routes_without_right
from shared.web.devissuer import DevIssuer, mint
from shared.web.door import open_door
from shared.web.refusals import IssuerUnreachable, OtherTenant, TokenExpired, TokenInvalid
from shared.web.tests.service import Shelf
from shared.web.tokens import RemoteKeys, Trust, Verifier

ISSUER = "https://id.example.vn"
TRUST = Trust(issuer=ISSUER, audience="gandan", tenant="44", people_key=b"p" * 32)
EC = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig", "alg": "ES256"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
NOW = 1_800_000_000.0


class Clock:
    """Seconds moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Source:
    """Keys by id, counting how often it is asked."""

    def __init__(self, *keys: ECKey | RSAKey) -> None:
        self.keys = {key.kid: key for key in keys}
        self.asked = 0

    async def key(self, kid: str | None) -> ECKey | RSAKey | None:
        self.asked += 1
        return self.keys.get(kid)


def _claims(**changes: Any) -> dict[str, Any]:
    claims = {
        "iss": ISSUER,
        "aud": "gandan",
        "sub": "u1",
        "tenant": "44",
        "roles": ["clerk"],
        "units": ["19360"],
        "exp": NOW + 60,
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def _token(key: ECKey | RSAKey = EC, header: dict[str, Any] | None = None, **changes: Any) -> str:
    alg = "ES256" if isinstance(key, ECKey) else "RS256"
    registry = jws.JWSRegistry(algorithms=["ES256", "RS256"], strict_check_header=False)
    return jwt.encode({"alg": alg, "kid": key.kid, **(header or {})}, _claims(**changes), key, registry=registry)


def _verifier(clock: Clock | None = None, **options: Any) -> Verifier:
    return Verifier(Source(EC, RSA), TRUST, now=clock or Clock(), **options)


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("key", [EC, RSA], ids=["ES256", "RS256"])
async def test_a_good_token_gives_its_principal(key: ECKey | RSAKey) -> None:
    found = await _verifier().principal(_token(key, roles=["clerk", "head", "emperor"], units=["19360", "19363"]))
    assert found == Principal("u1", frozenset({"clerk", "head"}), frozenset({"19360", "19363"}))


async def test_a_citizens_number_is_normalised_and_becomes_a_recipient() -> None:
    found = await _verifier().principal(_token(roles=["citizen"], person="044 085-001.234"))
    assert found.person == "044085001234"
    assert found.recipient == recipient_of(b"p" * 32, "044085001234")
    assert "044085001234" not in repr(found)


@pytest.mark.parametrize(
    "person", ["12345", "04408500123x", "٠٤٤٠٨٥٠٠١٢٣٤", ["044085001234"], 44085001234, "0440850012345"]
)
async def test_a_number_that_is_no_identity_number_is_refused(person: Any) -> None:
    with pytest.raises(TokenInvalid):
        await _verifier().principal(_token(person=person))


async def test_the_publish_scope_is_the_publisher_role() -> None:
    assert (await _verifier().principal(_token(roles=None, scope="openid intake.publish"))).roles == {"publisher"}


@pytest.mark.parametrize("kind", ["at+jwt", "JWT", "application/at+jwt"])
async def test_the_usual_types_of_token_are_taken(kind: str) -> None:
    assert (await _verifier().principal(_token(header={"typ": kind}))).subject == "u1"


WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "shop"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "no expiry": {"exp": None},
    "an expiry that is no number": {"exp": "never"},
    "an endless expiry": {"exp": float("inf")},
    "not valid yet": {"nbf": NOW + 3600},
    "issued tomorrow": {"iat": NOW + 86400},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is no text": {"sub": 5},
    "an endless subject": {"sub": "u" * 300},
}


@pytest.mark.parametrize("changes", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
async def test_a_token_is_invalid_with(changes: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalid):
        await _verifier().principal(_token(**changes))


WRONG_HEADERS: dict[str, dict[str, Any]] = {
    "a key address": {"jku": "https://evil.example/keys"},
    "a certificate address": {"x5u": "https://evil.example/cert"},
    "its own key": {"jwk": EC.as_dict(private=False)},
    "an unknown key id": {"kid": "nobody"},
    "a key id that is no text": {"kid": 5},
    "the type of an ID of something else": {"typ": "secevent+jwt"},
}


@pytest.mark.parametrize("header", WRONG_HEADERS.values(), ids=WRONG_HEADERS)
async def test_a_header_is_refused_with(header: dict[str, Any]) -> None:
    body = f"{_part({'alg': 'ES256', 'kid': 'ec-1', **header})}.{_part(_claims())}"
    signed = jws.serialize_compact({"alg": "ES256"}, b"x", EC, algorithms=["ES256"]).rpartition(".")[2]
    source = Source(EC)
    with pytest.raises(TokenInvalid):
        await Verifier(source, TRUST, now=Clock()).principal(f"{body}.{signed}")
    assert source.asked == (1 if header.get("kid") == "nobody" else 0)


async def test_a_token_without_signature_is_refused() -> None:
    for algorithm in ("none", "None", "nOnE"):
        with pytest.raises(TokenInvalid):
            await _verifier().principal(f"{_part({'alg': algorithm, 'kid': 'ec-1'})}.{_part(_claims())}.")


@pytest.mark.parametrize("key", [EC, RSA], ids=["EC", "RSA"])
async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(key: ECKey | RSAKey) -> None:
    signed = f"{_part({'alg': 'HS256', 'kid': key.kid})}.{_part(_claims())}"
    mac = hmac.digest(key.as_pem(private=False), signed.encode(), "sha256")
    with pytest.raises(TokenInvalid):
        await _verifier().principal(f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


async def test_a_token_of_another_key_with_the_same_id_is_refused() -> None:
    with pytest.raises(TokenInvalid):
        await _verifier().principal(_token(ECKey.generate_key("P-256", {"kid": "ec-1"})))


async def test_a_changed_claim_breaks_the_signature() -> None:
    header, _, signature = _token().split(".")
    with pytest.raises(TokenInvalid):
        await _verifier().principal(f"{header}.{_part(_claims(roles=['admin']))}.{signature}")


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "....", "é.é.é", "x" * 9000, "\0"])
async def test_what_is_no_token_at_all_is_refused(text: str) -> None:
    with pytest.raises(TokenInvalid):
        await _verifier().principal(text)


async def test_an_expired_token_says_so() -> None:
    with pytest.raises(TokenExpired):
        await _verifier().principal(_token(exp=NOW - 60))


@pytest.mark.parametrize("tenant", ["45", None, ["44"]])
async def test_a_token_of_another_province_is_refused(tenant: Any) -> None:
    with pytest.raises(OtherTenant):
        await _verifier().principal(_token(tenant=tenant))


async def test_a_token_is_checked_once_and_forgotten_when_it_expires() -> None:
    clock, source = Clock(), Source(EC)
    verifier, token = Verifier(source, TRUST, now=clock), _token()
    for _ in range(3):
        await verifier.principal(token)
    assert source.asked == 1
    clock.now += 71
    with pytest.raises(TokenExpired):
        await verifier.principal(token)


async def test_remembered_tokens_are_bounded() -> None:
    verifier = _verifier(remember=5)
    for n in range(20):
        await verifier.principal(_token(jti=str(n)))
    assert len(verifier._known) == 5


# ---- over HTTP


async def _whoami(client: httpx.AsyncClient, authorization: str | None) -> httpx.Response:
    return await client.get(
        "/intake/v1/whoami", headers={"authorization": authorization} if authorization is not None else {}
    )


@pytest.mark.parametrize("authorization", [None, "", "Basic YTpi", "Bearer", "Bearer "])
async def test_without_a_token_it_is_401_and_says_how(client: httpx.AsyncClient, authorization: str | None) -> None:
    answer = await _whoami(client, authorization)
    assert (answer.status_code, answer.json()["code"]) == (401, "token-missing")
    assert answer.headers["www-authenticate"] == 'Bearer realm="gandan"'


async def test_a_bad_token_is_401_with_its_reason(client: httpx.AsyncClient, issuer: DevIssuer) -> None:
    invalid = await _whoami(client, "Bearer a.b.c")
    expired = await _whoami(client, f"bearer {issuer.token('clerk', ttl=-60)}")
    assert [(each.status_code, each.json()["code"]) for each in (invalid, expired)] == [
        (401, "token-invalid"),
        (401, "token-expired"),
    ]
    assert 'error="invalid_token"' in expired.headers["www-authenticate"]


async def test_a_token_of_another_province_is_403_over_http(client: httpx.AsyncClient, issuer: DevIssuer) -> None:
    answer = await _whoami(client, f"Bearer {replace(issuer, tenant='45').token('clerk')}")
    assert (answer.status_code, answer.json()["code"]) == (403, "other-tenant")


async def test_a_role_that_may_not_is_403_and_hears_which_may(
    client: httpx.AsyncClient, issuer: DevIssuer, body: dict[str, Any]
) -> None:
    headers = {"authorization": f"Bearer {issuer.token('inspector')}", "idempotency-key": "a", "accept-language": "en"}
    answer = await client.post("/intake/v1/dossiers", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")
    assert "citizen, clerk" in answer.json()["detail"]


async def test_the_right_is_asked_before_the_body_is_judged(client: httpx.AsyncClient, issuer: DevIssuer) -> None:
    headers = {"authorization": f"Bearer {issuer.token('inspector')}", "idempotency-key": "a"}
    assert (await client.post("/intake/v1/dossiers", json={}, headers=headers)).status_code == 403


async def test_the_acting_role_is_the_first_named_that_is_held(
    client: httpx.AsyncClient, issuer: DevIssuer, shelf: Shelf
) -> None:
    await _whoami(client, f"Bearer {issuer.token('head', 'clerk', subject='u7', units=['19360'])}")
    assert shelf.seen[0].subject == "u7"
    assert shelf.seen[0].may_act_for("19360")

    async def acting(*held: str) -> str:
        principal = Principal("u", frozenset(held))
        request: Any = type("R", (), {"headers": {"authorization": "Bearer x"}, "app": None})()
        right = allow("citizen", "clerk", "head")
        request.app = type("A", (), {"state": type("S", (), {"door": _DoorOf(principal)})})
        return (await right(request)).acting

    assert [await acting("head", "clerk"), await acting("head"), await acting("admin", "citizen", "head")] == [
        "clerk",
        "head",
        "citizen",
    ]


class _DoorOf:
    """A door whose every token is this principal's."""

    directory = None

    def __init__(self, principal: Principal) -> None:
        self._principal = principal
        self.verifier = self

    async def principal(self, _token: str) -> Principal:
        return self._principal


async def test_the_directory_replaces_the_rights_of_a_token(settings: Settings, keys: Keys, issuer: DevIssuer) -> None:
    async def directory(principal: Principal) -> Principal:
        return replace(principal, roles=frozenset({"head"}), units=frozenset({"19363"}))

    router = APIRouter(prefix="/v1")

    @router.get("/me")
    async def me(who: Annotated[Principal, Depends(allow("head"))]) -> dict[str, Any]:
        return {"units": sorted(who.units), "acting": who.acting}

    app = service_app(
        "x", title="X", description="", routers=[router], door=open_door(settings, keys, directory=directory)
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        answer = await http.get("/v1/me", headers={"authorization": f"Bearer {issuer.token('admin')}"})
    assert answer.json() == {"units": ["19363"], "acting": "head"}


def test_every_route_of_a_good_service_declares_its_right(app: FastAPI) -> None:
    assert routes_without_right(app) == []


def test_a_route_without_a_right_is_found(settings: Settings, keys: Keys) -> None:
    router = APIRouter(prefix="/v1")

    @router.get("/open")
    async def forgotten() -> dict[str, str]:
        return {}

    @router.post("/nested")
    async def nested(who: Annotated[str, Depends(_through_another)]) -> dict[str, str]:
        return {"who": who}

    app = service_app("x", title="X", description="", routers=[router], door=open_door(settings, keys))
    assert routes_without_right(app) == ["GET /v1/open"]


async def _through_another(who: Annotated[Principal, Depends(allow("clerk"))]) -> str:
    return who.subject


def test_a_right_for_an_unknown_role_is_a_mistake_in_the_code() -> None:
    with pytest.raises(ValueError, match="emperor"):
        allow("clerk", "emperor")


def test_a_caller_is_a_principal_with_its_key() -> None:
    who, key = Principal("u", frozenset()), Once("k", b"f")
    assert caller(who, key) == Caller(who, key)


# ---- the built-in issuer


def test_the_issuers_key_is_made_once_and_only_ours_to_read(settings: Settings) -> None:
    first, second = DevIssuer.load_or_make(settings), DevIssuer.load_or_make(settings)
    assert first.jwks() == second.jwks()
    assert stat.S_IMODE((settings.home / "issuer.json").stat().st_mode) == 0o600
    assert "d" not in first.jwks()["keys"][0]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    barrier, made = threading.Barrier(8), []

    def start() -> None:
        barrier.wait()
        made.append(DevIssuer.load_or_make(Settings(home=tmp_path / "new")).kid)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert len(made) == 8
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["issuer.json"]


def test_the_issuer_is_off_with_a_real_one(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="GANDAN_ISSUER"):
        mint(Settings(home=tmp_path, issuer=ISSUER), "clerk")
    assert list(tmp_path.iterdir()) == []


async def test_a_minted_token_opens_the_door(client: httpx.AsyncClient, settings: Settings) -> None:
    token = mint(settings, "citizen", person="044085001234", subject="c1", ttl=60)
    assert (await _whoami(client, f"Bearer {token}")).json() == {"subject": "c1", "acting": "citizen", "units": []}


def test_an_unknown_role_is_not_minted(settings: Settings) -> None:
    with pytest.raises(ValueError, match="emperor"):
        mint(settings, "emperor")


# ---- a real issuer


class Issuer:
    """An identity provider's two addresses, which may fail or change keys."""

    def __init__(self, *keys: Any) -> None:
        self.keys = list(keys)
        self.down = False
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.down:
            raise httpx.ConnectError("down")
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(200, json={"jwks_uri": f"{ISSUER}/keys"})
        return httpx.Response(200, json={"keys": self.keys})


def _public(key: ECKey | RSAKey) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


def _remote(issuer: Issuer, clock: Clock) -> RemoteKeys:
    return RemoteKeys(ISSUER, transport=httpx.MockTransport(issuer), now=clock)


async def test_keys_are_discovered_and_fetched_once() -> None:
    issuer, clock = Issuer(_public(EC), _public(RSA)), Clock()
    verifier = Verifier(_remote(issuer, clock), TRUST, now=clock)
    assert [(await verifier.principal(_token(key))).subject for key in (EC, RSA)] == ["u1", "u1"]
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_an_unknown_key_id_asks_again_but_not_within_the_cooldown() -> None:
    new = ECKey.generate_key("P-256", {"kid": "ec-2"})
    issuer, clock = Issuer(_public(EC)), Clock()
    remote = _remote(issuer, clock)
    assert await remote.key("ec-1") is not None
    issuer.keys = [_public(new)]
    for _ in range(5):
        assert await remote.key("ec-2") is None
    assert issuer.asked.count("/keys") == 1
    clock.now += 31
    assert await remote.key("ec-2") is not None
    assert await remote.key("ec-1") is None


async def test_keys_are_fetched_anew_after_their_lifetime_and_kept_when_that_fails() -> None:
    issuer, clock = Issuer(_public(EC)), Clock()
    remote = _remote(issuer, clock)
    await remote.key("ec-1")
    issuer.down = True
    clock.now += 301
    assert await remote.key("ec-1") is not None
    assert issuer.asked.count("/keys") == 2


async def test_an_issuer_that_was_never_reached_is_503_and_not_401() -> None:
    issuer, clock = Issuer(_public(EC)), Clock()
    issuer.down = True
    remote = _remote(issuer, clock)
    with pytest.raises(IssuerUnreachable):
        await remote.key("ec-1")
    issuer.down = False
    clock.now += 31
    assert await remote.key("ec-1") is not None


async def test_only_strong_public_signing_keys_are_taken() -> None:
    weak = [
        OctKey.generate_key(256, {"kid": "shared"}).as_dict(),
        {**_public(EC), "kid": "for-encryption", "use": "enc"},
        _public(ECKey.generate_key("P-384", {"kid": "p384"})),
        {"kty": "EC", "kid": "broken", "crv": "P-256"},
        {"kty": "RSA", "kid": "short", "n": base64.urlsafe_b64encode(b"\xff" * 128).rstrip(b"=").decode(), "e": "AQAB"},
    ]
    remote = _remote(Issuer(*weak, _public(EC)), Clock())
    found = {kid: await remote.key(kid) for kid in ("shared", "for-encryption", "p384", "broken", "short", "ec-1")}
    assert [kid for kid, key in found.items() if key is not None] == ["ec-1"]


async def test_a_token_without_key_id_is_taken_when_there_is_one_key() -> None:
    clock = Clock()
    token = jwt.encode({"alg": "ES256"}, _claims(), EC, algorithms=["ES256"])
    assert (await Verifier(_remote(Issuer(_public(EC)), clock), TRUST, now=clock).principal(token)).subject == "u1"
    with pytest.raises(TokenInvalid):
        await Verifier(_remote(Issuer(_public(EC), _public(RSA)), clock), TRUST, now=clock).principal(token)


async def test_a_document_of_the_wrong_shape_is_an_issuer_not_reached() -> None:
    remote = RemoteKeys(
        ISSUER,
        jwks_url=f"{ISSUER}/keys",
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=["no"])),
        now=Clock(),
    )
    with pytest.raises(IssuerUnreachable):
        await remote.key("ec-1")
