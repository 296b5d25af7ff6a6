"""A real issuer: its published keys are found, kept, fetched anew, and only good ones are taken."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from shared.web.refusals import IssuerUnreachable, TokenInvalid
from shared.web.tests.issuing import EC, ISSUER, RSA, TRUST, Clock, claims_of, issued
from shared.web.tokens import RemoteKeys, Verifier


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
    assert [(await verifier.principal(issued(key))).subject for key in (EC, RSA)] == ["u1", "u1"]
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
    token = jwt.encode({"alg": "ES256"}, claims_of(), EC, algorithms=["ES256"])
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
