"""Tokens as an issuer makes them, and as it never would; a clock moved by hand."""

from __future__ import annotations

import base64
import json
from typing import Any

from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

from shared.web.tokens import Trust, Verifier

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


def claims_of(**changes: Any) -> dict[str, Any]:
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


def issued(key: ECKey | RSAKey = EC, header: dict[str, Any] | None = None, **changes: Any) -> str:
    alg = "ES256" if isinstance(key, ECKey) else "RS256"
    registry = jws.JWSRegistry(algorithms=["ES256", "RS256"], strict_check_header=False)
    return jwt.encode({"alg": alg, "kid": key.kid, **(header or {})}, claims_of(**changes), key, registry=registry)


def verifier_of(clock: Clock | None = None, **options: Any) -> Verifier:
    return Verifier(Source(EC, RSA), TRUST, now=clock or Clock(), **options)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
