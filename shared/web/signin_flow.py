"""Sign-in at any OIDC issuer: authorization code with PKCE (S256), state and nonce; the pages keep the session afterwards."""

from __future__ import annotations

import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import JWTClaimsRegistry

from shared.kernel import Principal
from shared.settings import Settings
from shared.web.refusals import DoorRefused, IssuerUnreachable
from shared.web.signin import Seal, SessionExpired
from shared.web.tokens import ALGORITHMS, RemoteKeys, Verifier

TICKET_SECONDS = 600
"""How long somebody may take at the issuer."""

_SCOPE = "openid"
_LEEWAY = 5


class SignInFailed(Exception):  # noqa: N818 - reads as what the page then says
    """Nobody was signed in; `reason`: denied, expired, foreign, untrusted, no-rights, unreachable."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Client:
    """What we are at the issuer; a public client has no secret, PKCE protects its codes."""

    id: str
    secret: str | None = field(default=None, repr=False)

    @staticmethod
    def of(settings: Settings) -> Client:
        """The client of an installation."""
        return Client(settings.client_id or settings.audience, settings.client_secret)

    @property
    def login(self) -> httpx.Auth:
        """What it shows with a code: id and secret, each form-encoded first (RFC 6749 section 2.3.1)."""
        if self.secret is None:
            return httpx.Auth()
        return httpx.BasicAuth(quote(self.id, safe=""), quote(self.secret, safe=""))


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and the sealed ticket it brings back."""

    url: str
    ticket: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who came back, and to which page they wanted to go."""

    principal: Principal
    back: str


@dataclass(slots=True)
class CodeFlow:
    """The way to one issuer and back to `return_url`."""

    issuer: str
    client: Client
    return_url: str
    verifier: Verifier
    seal: Seal
    transport: httpx.AsyncBaseTransport | None = None
    now: Callable[[], float] = time.time
    _found: Mapping[str, Any] | None = None
    _source: RemoteKeys | None = None

    async def depart(self, back: str) -> Departure:
        """Begin: the issuer's address with a challenge only the ticket's holder can meet."""
        known = await self._discovered()
        state, nonce, proof = (secrets.token_urlsafe(24) for _ in range(3))
        challenge = urlsafe_b64encode(sha256(proof.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self.client.id, "redirect_uri": self.return_url, "scope": _SCOPE, "state": state, "nonce": nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        start = known["authorization_endpoint"]
        url = f"{start}{'&' if '?' in start else '?'}{urlencode(asked)}"
        return Departure(url, self.seal.close("sign-in", [state, nonce, proof, back], TICKET_SECONDS))

    async def arrive(self, ticket: str, query: Mapping[str, str]) -> SignedIn:
        """End: who it is, after everything was checked; `SignInFailed` otherwise."""
        state, nonce, proof, back = self._opened(ticket)
        if not compare_digest(query.get("state", "").encode(), state.encode()):
            raise SignInFailed("foreign")
        if query.get("iss", self.issuer).rstrip("/") != self.issuer.rstrip("/"):
            raise SignInFailed("foreign")  # RFC 9207: an answer of another issuer
        if "error" in query or not query.get("code"):
            raise SignInFailed("denied")
        tokens = await self._exchange(query["code"], proof)
        subject = await self._identity(str(tokens.get("id_token", "")), nonce)
        who = await self._principal(str(tokens.get("access_token", "")))
        if who.subject != subject:
            raise SignInFailed("untrusted")
        return SignedIn(who, back)

    async def goodbye(self) -> str | None:
        """Where somebody ends the session at the issuer too, if it has such a page."""
        try:
            page = (await self._discovered()).get("end_session_endpoint")
        except SignInFailed:
            return None
        return f"{page}?{urlencode({'client_id': self.client.id})}" if isinstance(page, str) else None

    def _opened(self, ticket: str) -> tuple[str, str, str, str]:
        try:
            opened = self.seal.open("sign-in", ticket)
        except SessionExpired:
            raise SignInFailed("expired") from None
        if opened is None:
            raise SignInFailed("expired")
        state, nonce, proof, back = opened
        return state, nonce, proof, back

    async def _exchange(self, code: str, proof: str) -> dict[str, Any]:
        known = await self._discovered()
        sent = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.return_url, "client_id": self.client.id, "code_verifier": proof,
        }  # fmt: skip
        return await self._asked(known["token_endpoint"], sent)

    async def _principal(self, token: str) -> Principal:
        """Rights come from the access token, checked as every bearer token is."""
        try:
            return await self.verifier.principal(token)
        except IssuerUnreachable:
            raise SignInFailed("unreachable") from None
        except DoorRefused:
            raise SignInFailed("no-rights") from None

    async def _identity(self, token: str, nonce: str) -> str:
        """The subject of an identity token that is the issuer's, for us, for this very sign-in (OIDC Core 3.1.3.7)."""
        try:
            key = await (await self._keys()).key(extract_compact(token.encode()).headers().get("kid"))
            if key is None:
                raise SignInFailed("untrusted")
            registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
            claims = jwt.decode(token, key, algorithms=ALGORITHMS, registry=registry).claims
            self._rules(nonce).validate(claims)
        except IssuerUnreachable:
            raise SignInFailed("unreachable") from None
        except (JoseError, ValueError, TypeError, OverflowError):
            raise SignInFailed("untrusted") from None
        return str(claims["sub"])

    async def _keys(self) -> RemoteKeys:
        if self._source is None:
            address = (await self._discovered())["jwks_uri"]
            self._source = RemoteKeys(self.issuer, jwks_url=address, transport=self.transport)
        return self._source

    def _rules(self, nonce: str) -> JWTClaimsRegistry:
        return JWTClaimsRegistry(
            now=int(self.now()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client.id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )

    async def _discovered(self) -> Mapping[str, Any]:
        """The issuer's own description, asked once; one that calls itself something else is not trusted."""
        if self._found is None:
            found = await self._asked(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if found.get("issuer") != self.issuer or not all(isinstance(found.get(name), str) for name in wanted):
                raise SignInFailed("untrusted")
            self._found = found
        return self._found

    async def _asked(self, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A JSON object from the issuer; a form that it refuses means the code was not good."""
        try:
            async with httpx.AsyncClient(timeout=5, transport=self.transport) as client:
                answer = await (
                    client.get(url) if form is None else client.post(url, data=dict(form), auth=self.client.login)
                )
                found = answer.json() if answer.is_success else None
        except (httpx.HTTPError, ValueError):
            raise SignInFailed("unreachable") from None
        if answer.is_client_error and form is not None:
            raise SignInFailed("untrusted")
        if not isinstance(found, dict):
            raise SignInFailed("unreachable")
        return found
