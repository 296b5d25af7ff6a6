"""The embedded default's own token issuer: an ES256 key in the home, off as soon as a real issuer is configured."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from shared.settings import Settings, WrongSetting, usable
from shared.web.tokens import ROLES, identity_number

NAME = "urn:gandan:dev-issuer"
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class DevIssuer:
    """Signs tokens for demos, tests and the chooser page of the embedded mode."""

    signing: ECKey
    audience: str
    tenant: str
    name: str = NAME
    now: Callable[[], float] = time.time

    @staticmethod
    def load_or_make(settings: Settings) -> DevIssuer:
        """The issuer of a home: `issuer.json` (0600), made at the first start; refused with a real issuer."""
        if settings.issuer is not None:
            raise WrongSetting("GANDAN_ISSUER is set: tokens come from that issuer, the built-in one is off")
        with usable(settings.home):
            kept = _kept(settings.home / "issuer.json")
        key = ECKey.import_key(json.loads(kept))
        return DevIssuer(key, settings.audience, settings.province)

    def token(
        self,
        *roles: str,
        units: Iterable[str] = (),
        subject: str | None = None,
        person: str | None = None,
        ttl: float = _HOUR,
    ) -> str:
        """A token for these roles; a role we do not know is refused with `ValueError`."""
        if unknown := set(roles) - ROLES:
            raise ValueError(f"unknown role {', '.join(sorted(unknown))}; known: {', '.join(sorted(ROLES))}")
        now = int(self.now())
        claims: dict[str, Any] = {
            "iss": self.name,
            "aud": self.audience,
            "sub": subject or f"dev-{'-'.join(roles) or 'nobody'}",
            "tenant": self.tenant,
            "roles": list(roles),
            "units": list(units),
            "scope": "",
            "iat": now,
            "exp": now + int(ttl),
            "jti": secrets.token_hex(8),
        }
        if person is not None:
            claims["person"] = identity_number(person)
        return jwt.encode(
            {"alg": "ES256", "typ": "at+jwt", "kid": self.kid}, claims, self.signing, algorithms=["ES256"]
        )

    @property
    def kid(self) -> str:
        """The id of its only key: the key's thumbprint (RFC 7638)."""
        return self.signing.thumbprint()

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public key, as an issuer publishes it."""
        return {"keys": [{**self.signing.as_dict(private=False), "kid": self.kid, "use": "sig", "alg": "ES256"}]}

    async def key(self, kid: str | None) -> ECKey | None:
        """It is a key source for its own tokens."""
        return self.signing if kid in {None, self.kid} else None


def _kept(path: Path) -> str:
    """The key file's content; of several processes starting at once, one makes it and all read the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        made = ECKey.generate_key("P-256").as_dict(private=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text(encoding="utf-8")


def mint(
    settings: Settings,
    *roles: str,
    units: Iterable[str] = (),
    subject: str | None = None,
    person: str | None = None,
    ttl: float = _HOUR,
) -> str:
    """What `gandan token` prints."""
    return DevIssuer.load_or_make(settings).token(*roles, units=units, subject=subject, person=person, ttl=ttl)
