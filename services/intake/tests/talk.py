"""Speaking to intake over HTTP as one of its clients."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from services.intake.tests.given import AN, MARITAL_STATUS, UNIT, complete
from shared.web.devissuer import DevIssuer

Json = dict[str, Any]
SUPPLEMENT = {"components": ["Căn cước"], "reason": "Ảnh bị mờ"}


def body(procedure: str = MARITAL_STATUS, **changes: Any) -> Json:
    """A dossier to be filed, complete unless said otherwise."""
    papers = [{"name": each.name, "kind": each.kind, "count": each.count} for each in complete(procedure)]
    submitter = {"name": AN.name, "identity_no": AN.identity_no, "phone": AN.phone}
    made = {"procedure": procedure, "unit": UNIT, "channel": "direct", "submitter": submitter, "components": papers}
    return {**made, "summary": "Xin cấp giấy xác nhận", **changes}


@dataclass(slots=True)
class Talk:
    """A client with an issuer of tokens; every command gets a fresh key unless one is given."""

    http: httpx.AsyncClient
    issuer: DevIssuer
    keys: Any = field(default_factory=lambda: count(1))

    def token(self, *roles: str, **claims: Any) -> str:
        """A token; officers are of the one unit unless said otherwise."""
        units = () if roles == ("citizen",) else (UNIT,)
        return self.issuer.token(*roles, **{"units": units, "subject": "-".join(roles), **claims})

    def citizen(self, person: str | None = AN.identity_no) -> str:
        """A citizen's token."""
        return self.token("citizen", subject=f"citizen-{person}", person=person)

    async def get(self, path: str, token: str | None = None, **headers: str) -> httpx.Response:
        """Read."""
        return await self.http.get(path, headers={**_bearer(token), **_named(headers)})

    async def post(
        self, path: str, json: Any = None, *, token: str | None = None, key: str | None = None, **headers: str
    ) -> httpx.Response:
        """Command."""
        once = {"idempotency-key": key or f"key-{next(self.keys)}"}
        return await self.http.post(path, json=json, headers={**_bearer(token), **once, **_named(headers)})

    async def put(self, path: str, json: Any, *, token: str | None = None, seen: int | None = None) -> httpx.Response:
        """Put reference data, at the version read."""
        seen_ = {} if seen is None else {"if-match": f'"{seen}"'}
        return await self.http.put(path, json=json, headers={**_bearer(token), **seen_})

    async def file(self, token: str | None = None, **changes: Any) -> Json:
        """File a dossier; the answer's body."""
        answer = await self.post("/dossiers", body(**changes), token=token or self.token("clerk"))
        assert answer.status_code == 201, answer.text
        filed: Json = answer.json()
        return filed

    async def act(self, dossier: Json, command: str, role: str, json: Any = None) -> Json:
        """Give a command on a dossier at the version it has; the answer's body."""
        token = self.citizen() if role == "citizen" else self.token(role)
        path = f"/dossiers/{dossier['id']}/{command}"
        answer = await self.post(path, json, token=token, if_match=f'"{dossier["version"]}"')
        assert answer.status_code == 200, answer.text
        changed: Json = answer.json()
        return changed


def problem(answer: httpx.Response) -> Json:
    """A problem's body without what differs between two requests."""
    assert answer.headers["content-type"] == "application/problem+json"
    said: Json = answer.json()
    return {name: value for name, value in said.items() if name not in {"instance", "trace_id"}}


def _bearer(token: str | None) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
