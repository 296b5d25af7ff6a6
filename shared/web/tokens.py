"""Bearer tokens: OIDC access tokens checked against a key source, verified once and remembered until they expire."""

from __future__ import annotations

import asyncio
import re
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import ECKey, RSAKey, import_key
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import JWTClaimsRegistry

from shared.kernel import Principal
from shared.store.vault import recipient_of
from shared.web.refusals import IssuerUnreachable, OtherTenant, TokenExpired, TokenInvalid

ROLES = frozenset(
    {"citizen", "clerk", "handler", "head", "inspector", "screener", "front", "publisher", "ops", "admin"}
)
ALGORITHMS = ("ES256", "RS256")
_TYPES = {None, "jwt", "at+jwt", "application/at+jwt"}
_FOREIGN_KEYS = {"jku", "x5u", "jwk", "x5c"}
_SCOPED_ROLES = {"intake.publish": "publisher"}
_LONGEST_TOKEN = 8192
_LONGEST_SUBJECT = 200
_SMALLEST_RSA = 2048
_LEEWAY = 5
_IDENTITY = re.compile(r"\d{9}|\d{12}")

VerificationKey = ECKey | RSAKey


class KeySource(Protocol):
    """Who knows an issuer's public keys."""

    async def key(self, kid: str | None) -> VerificationKey | None:
        """The key of this id (of the only key when there is no id), or None."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens count, for whom, in which province; `people_key` turns identity numbers into recipients."""

    issuer: str
    audience: str
    tenant: str
    people_key: bytes


class Verifier:
    """From a token's text to a principal."""

    def __init__(
        self, source: KeySource, trust: Trust, *, now: Callable[[], float] = time.time, remember: int = 10_000
    ) -> None:
        self._source, self._trust, self._now, self._size = source, trust, now, remember
        self._known: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()
        self._registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)

    async def principal(self, token: str) -> Principal:
        """Who holds this token; raises `TokenExpired`, `TokenInvalid`, `OtherTenant` or `IssuerUnreachable`."""
        digest = sha256(token.encode()).digest()
        known = self._alive(digest)
        if known is not None:
            self._known.move_to_end(digest)
            return known
        self._known.pop(digest, None)
        claims = await self._claims(token)
        principal = self._principal(claims)
        self._remember(digest, float(claims["exp"]), principal)
        return principal

    def remembered(self, token: str) -> Principal | None:
        """Who holds this token if it was checked before and still counts; costs no cryptography and no waiting."""
        return self._alive(sha256(token.encode()).digest())

    def _alive(self, digest: bytes) -> Principal | None:
        known = self._known.get(digest)
        return known[1] if known is not None and known[0] > self._now() else None

    def _remember(self, digest: bytes, until: float, principal: Principal) -> None:
        self._known[digest] = (until, principal)
        if len(self._known) > self._size:
            self._known.popitem(last=False)

    async def _claims(self, token: str) -> dict[str, Any]:
        kid = _header_kid(token)
        key = await self._source.key(kid)
        if key is None:
            raise TokenInvalid
        try:
            claims = jwt.decode(token, key, algorithms=ALGORITHMS, registry=self._registry).claims
            self._rules().validate(claims)
        except ExpiredTokenError:
            raise TokenExpired from None
        except (JoseError, ValueError, TypeError, OverflowError):
            raise TokenInvalid from None
        return claims

    def _rules(self) -> JWTClaimsRegistry:
        return JWTClaimsRegistry(
            now=int(self._now()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._trust.issuer},
            aud={"essential": True, "value": self._trust.audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        if claims.get("tenant") != self._trust.tenant:
            raise OtherTenant(served=self._trust.tenant)
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise TokenInvalid
        person = identity_number(claims["person"]) if claims.get("person") else None
        recipient = recipient_of(self._trust.people_key, person) if person else None
        return Principal(subject, _roles(claims), frozenset(_texts(claims.get("units"))), person, recipient)


def _header_kid(token: str) -> str | None:
    """The key id of a token whose header is of the accepted kind; checked before any key is looked for."""
    try:
        header = extract_compact(token.encode()).headers() if len(token) <= _LONGEST_TOKEN else {}
    except (JoseError, ValueError, TypeError):
        raise TokenInvalid from None
    kid, kind = header.get("kid"), header.get("typ")
    fair = header.get("alg") in ALGORITHMS and "crit" not in header and _FOREIGN_KEYS.isdisjoint(header)
    if not fair or not isinstance(kid, str | None) or (kind.lower() if isinstance(kind, str) else kind) not in _TYPES:
        raise TokenInvalid
    return kid


def _roles(claims: Mapping[str, Any]) -> frozenset[str]:
    scoped = {_SCOPED_ROLES[each] for each in str(claims.get("scope") or "").split() if each in _SCOPED_ROLES}
    return (frozenset(_texts(claims.get("roles"))) & ROLES) | scoped


def _texts(value: object) -> Iterable[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def identity_number(text: object) -> str:
    """An identity number as digits alone, 9 or 12 of them; `TokenInvalid` otherwise."""
    digits = re.sub(r"[\s.\-]", "", text) if isinstance(text, str) else ""
    if not (digits.isascii() and _IDENTITY.fullmatch(digits)):
        raise TokenInvalid
    return digits


class RemoteKeys:
    """An issuer's published keys (JWKS), fetched when an unknown key id appears, at most once per cooldown."""

    def __init__(
        self,
        issuer: str,
        *,
        jwks_url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], float] = time.monotonic,
        cooldown: float = 30,
        lifetime: float = 300,
    ) -> None:
        self._issuer, self._url, self._transport, self._now = issuer.rstrip("/"), jwks_url, transport, now
        self._cooldown, self._lifetime = cooldown, lifetime
        self._keys: dict[str | None, VerificationKey] = {}
        self._tried: float | None = None
        self._fetched: float | None = None
        self._lock = asyncio.Lock()

    async def key(self, kid: str | None) -> VerificationKey | None:
        """The key of this id; raises `IssuerUnreachable` when no key was ever fetched."""
        if self._wanting(kid):
            async with self._lock:
                if self._wanting(kid):
                    await self._refresh()
        if self._fetched is None:
            raise IssuerUnreachable(headers={"retry-after": "5"})
        return self._keys.get(kid) if kid is not None else self._only()

    def _wanting(self, kid: str | None) -> bool:
        now = self._now()
        if self._tried is not None and now - self._tried < self._cooldown:
            return False
        unknown = kid is not None and kid not in self._keys
        return self._fetched is None or unknown or now - self._fetched > self._lifetime

    def _only(self) -> VerificationKey | None:
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    async def _refresh(self) -> None:
        """Fetch the keys; on failure the former ones stay in use."""
        self._tried = self._now()
        try:
            async with httpx.AsyncClient(timeout=5, transport=self._transport) as client:
                found = (await _fetch(client, await self._address(client))).get("keys", [])
        except (httpx.HTTPError, ValueError):
            return
        keys = [key for each in found if (key := _usable(each)) is not None]
        self._keys = {key.kid: key for key in keys}
        self._fetched = self._now()

    async def _address(self, client: httpx.AsyncClient) -> str:
        if self._url is None:
            self._url = str((await _fetch(client, f"{self._issuer}/.well-known/openid-configuration"))["jwks_uri"])
        return self._url


async def _fetch(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    response = await client.get(url)
    response.raise_for_status()
    found = orjson.loads(response.content)
    if not isinstance(found, dict):
        raise ValueError(url)  # noqa: TRY004 - a document of the wrong shape, handled like any other bad one
    return found


def _usable(raw: Mapping[str, Any]) -> VerificationKey | None:
    """An EC P-256 or RSA signing key; shared secrets and everything else are left out."""
    if raw.get("use", "sig") != "sig" or raw.get("kty") not in {"EC", "RSA"}:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a short RSA key warns; it is refused below
            key = import_key({name: value for name, value in raw.items() if name != "d"})
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, ECKey):
        return key if key.curve_name == "P-256" else None
    if isinstance(key, RSAKey):
        return key if key.raw_value.key_size >= _SMALLEST_RSA else None
    return None
