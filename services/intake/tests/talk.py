"""Speaking to intake over HTTP as one of its clients."""

from __future__ import annotations

from typing import Any

import httpx

from services.intake.tests.given import AN, MARITAL_STATUS, UNIT, complete
from shared.testing.talking import Client, Json, bearer
from shared.testing.talking import without_place as problem

__all__ = ["SUPPLEMENT", "Json", "Talk", "body", "problem"]
SUPPLEMENT = {"components": ["Căn cước"], "reason": "Ảnh bị mờ"}


def body(procedure: str = MARITAL_STATUS, **changes: Any) -> Json:
    """A dossier to be filed, complete unless said otherwise."""
    papers = [{"name": each.name, "kind": each.kind, "count": each.count} for each in complete(procedure)]
    submitter = {"name": AN.name, "identity_no": AN.identity_no, "phone": AN.phone}
    made = {"procedure": procedure, "unit": UNIT, "channel": "direct", "submitter": submitter, "components": papers}
    return {**made, "summary": "Xin cấp giấy xác nhận", **changes}


class Talk(Client):
    """A client of intake."""

    unit = UNIT
    person = AN.identity_no

    async def put(self, path: str, json: Any, *, token: str | None = None, seen: int | None = None) -> httpx.Response:
        """Put reference data, at the version read."""
        seen_ = {} if seen is None else {"if-match": f'"{seen}"'}
        return await self.http.put(path, json=json, headers={**bearer(token), **seen_})

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
