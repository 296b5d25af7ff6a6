"""Whose token counts: its signature, its claims, its header, its time."""

from __future__ import annotations

import base64
import hmac
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from shared.kernel import Principal
from shared.store.vault import recipient_of
from shared.web.refusals import OtherTenant, TokenExpired, TokenInvalid
from shared.web.tests.issuing import EC, NOW, RSA, TRUST, Clock, Source, claims_of, issued, part, verifier_of
from shared.web.tokens import Verifier


@pytest.mark.parametrize("key", [EC, RSA], ids=["ES256", "RS256"])
async def test_a_good_token_gives_its_principal(key: ECKey | RSAKey) -> None:
    found = await verifier_of().principal(issued(key, roles=["clerk", "head", "emperor"], units=["19360", "19363"]))
    assert found == Principal("u1", frozenset({"clerk", "head"}), frozenset({"19360", "19363"}))


async def test_a_citizens_number_is_normalised_and_becomes_a_recipient() -> None:
    found = await verifier_of().principal(issued(roles=["citizen"], person="044 085-001.234"))
    assert found.person == "044085001234"
    assert found.recipient == recipient_of(b"p" * 32, "044085001234")
    assert "044085001234" not in repr(found)


@pytest.mark.parametrize(
    "person", ["12345", "04408500123x", "٠٤٤٠٨٥٠٠١٢٣٤", ["044085001234"], 44085001234, "0440850012345"]
)
async def test_a_number_that_is_no_identity_number_is_refused(person: Any) -> None:
    with pytest.raises(TokenInvalid):
        await verifier_of().principal(issued(person=person))


async def test_the_publish_scope_is_the_publisher_role() -> None:
    assert (await verifier_of().principal(issued(roles=None, scope="openid intake.publish"))).roles == {"publisher"}


@pytest.mark.parametrize("kind", ["at+jwt", "JWT", "application/at+jwt"])
async def test_the_usual_types_of_token_are_taken(kind: str) -> None:
    assert (await verifier_of().principal(issued(header={"typ": kind}))).subject == "u1"


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
        await verifier_of().principal(issued(**changes))


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
    body = f"{part({'alg': 'ES256', 'kid': 'ec-1', **header})}.{part(claims_of())}"
    signed = jws.serialize_compact({"alg": "ES256"}, b"x", EC, algorithms=["ES256"]).rpartition(".")[2]
    source = Source(EC)
    with pytest.raises(TokenInvalid):
        await Verifier(source, TRUST, now=Clock()).principal(f"{body}.{signed}")
    assert source.asked == (1 if header.get("kid") == "nobody" else 0)


async def test_a_token_without_signature_is_refused() -> None:
    for algorithm in ("none", "None", "nOnE"):
        with pytest.raises(TokenInvalid):
            await verifier_of().principal(f"{part({'alg': algorithm, 'kid': 'ec-1'})}.{part(claims_of())}.")


@pytest.mark.parametrize("key", [EC, RSA], ids=["EC", "RSA"])
async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(key: ECKey | RSAKey) -> None:
    signed = f"{part({'alg': 'HS256', 'kid': key.kid})}.{part(claims_of())}"
    mac = hmac.digest(key.as_pem(private=False), signed.encode(), "sha256")
    with pytest.raises(TokenInvalid):
        await verifier_of().principal(f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


async def test_a_token_of_another_key_with_the_same_id_is_refused() -> None:
    with pytest.raises(TokenInvalid):
        await verifier_of().principal(issued(ECKey.generate_key("P-256", {"kid": "ec-1"})))


async def test_a_changed_claim_breaks_the_signature() -> None:
    header, _, signature = issued().split(".")
    with pytest.raises(TokenInvalid):
        await verifier_of().principal(f"{header}.{part(claims_of(roles=['admin']))}.{signature}")


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "....", "é.é.é", "x" * 9000, "\0"])
async def test_what_is_no_token_at_all_is_refused(text: str) -> None:
    with pytest.raises(TokenInvalid):
        await verifier_of().principal(text)


async def test_an_expired_token_says_so() -> None:
    with pytest.raises(TokenExpired):
        await verifier_of().principal(issued(exp=NOW - 60))


@pytest.mark.parametrize("tenant", ["45", None, ["44"]])
async def test_a_token_of_another_province_is_refused(tenant: Any) -> None:
    with pytest.raises(OtherTenant):
        await verifier_of().principal(issued(tenant=tenant))


async def test_a_token_is_checked_once_and_forgotten_when_it_expires() -> None:
    clock, source = Clock(), Source(EC)
    verifier, token = Verifier(source, TRUST, now=clock), issued()
    for _ in range(3):
        await verifier.principal(token)
    assert source.asked == 1
    clock.now += 71
    with pytest.raises(TokenExpired):
        await verifier.principal(token)


async def test_remembered_tokens_are_bounded() -> None:
    verifier = verifier_of(remember=5)
    for n in range(20):
        await verifier.principal(issued(jti=str(n)))
    assert len(verifier._known) == 5
