"""Speaking to a service over HTTP as one of its clients; each service adds what its own clients say."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar

import httpx

from shared.web.devissuer import DevIssuer

Json = dict[str, Any]


@dataclass(slots=True)
class Client:
    """A client with an issuer of tokens; every command gets a fresh key unless one is given."""

    http: httpx.AsyncClient
    issuer: DevIssuer
    keys: Any = field(default_factory=lambda: count(1))

    unit: ClassVar[str]
    """Of officers, unless said otherwise."""
    person: ClassVar[str | None]
    """The identity number of the citizen, unless said otherwise."""

    def token(self, *roles: str, **claims: Any) -> str:
        """A token; officers are of the one unit unless said otherwise."""
        units = () if roles == ("citizen",) else (self.unit,)
        return self.issuer.token(*roles, **{"units": units, "subject": "-".join(roles), **claims})

    def citizen(self, person: str | None = "") -> str:
        """A citizen's token: of the one citizen, of another, or (None) of somebody without a number."""
        number = self.person if person == "" else person
        return self.token("citizen", subject=f"citizen-{number}", person=number)

    async def get(self, path: str, token: str | None = None, **headers: str) -> httpx.Response:
        """Read."""
        return await self.http.get(path, headers={**bearer(token), **_named(headers)})

    async def post(
        self, path: str, json: Any = None, *, token: str | None = None, key: str | None = None, **headers: str
    ) -> httpx.Response:
        """Command."""
        once = {"idempotency-key": key or f"key-{next(self.keys)}"}
        return await self.http.post(path, json=json, headers={**bearer(token), **once, **_named(headers)})


def bearer(token: str | None) -> dict[str, str]:
    """The header that carries a token."""
    return {"authorization": f"Bearer {token}"} if token else {}


def without_place(answer: httpx.Response) -> Json:
    """A problem without what differs from request to request."""
    assert answer.headers["content-type"] == "application/problem+json"
    return {name: value for name, value in answer.json().items() if name not in {"instance", "trace_id"}}


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
