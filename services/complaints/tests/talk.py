"""Speaking to complaints over HTTP as one of its clients."""

from __future__ import annotations

from typing import Any

import httpx

from services.complaints.tests.given import AN, TEXT, UNIT
from shared.testing.talking import Client, Json, without_place

__all__ = ["Json", "Talk", "body", "code", "names", "part", "without_place"]


def body(**changes: Any) -> Json:
    """A letter to be handed in online, by one named person."""
    sender = {"name": AN.name, "identity_no": AN.identity_no, "phone": AN.phone}
    return {"channel": "online", "unit": UNIT, "text": TEXT, "parties": [sender], "anonymous": False, **changes}


def part(kind: str = "feedback", unit: str = UNIT, summary: str = "Đường thôn ngập") -> Json:
    """A part of a letter, as its screener says."""
    return {"kind": kind, "summary": summary, "unit": unit}


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and problem code of an answer."""
    return answer.status_code, answer.json()["code"]


def names(items: list[Json]) -> list[str]:
    """The names of these items."""
    return [item["name"] for item in items]


class Talk(Client):
    """A client of complaints."""

    unit = UNIT
    person = AN.identity_no

    async def follow(self, link: str, token: str) -> httpx.Response:
        """The page a list's `next` or `prev` leads to."""
        return await self.get(link.removeprefix("/complaints/v1"), token)

    async def hand_in(self, token: str | None = None, **changes: Any) -> Json:
        """Hand in a letter; the answer's body."""
        answer = await self.post("/submissions", body(**changes), token=token or self.citizen())
        assert answer.status_code == 201, answer.text
        handed: Json = answer.json()
        return handed

    async def open(self, *parts: Json, token: str | None = None, **changes: Any) -> list[Json]:
        """Hand in a letter and split it; the cases as its screener is told them."""
        letter = await self.hand_in(token, **changes)
        answer = await self.post(
            f"/submissions/{letter['id']}/split", {"parts": list(parts) or [part()]}, token=self.token("screener"), if_match='"1"'
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        cases: list[Json] = answer.json()["opened"]
        return cases

    async def act(self, case: Json, command: str, role: str, json: Any = None, **claims: Any) -> Json:
        """Give a command on a case, whatever its version is; the answer's body."""
        answer = await self.try_to(case, command, role, json, **claims)
        assert answer.status_code == 200, answer.text
        changed: Json = answer.json()
        return changed

    async def try_to(self, case: Json, command: str, role: str, json: Any = None, **claims: Any) -> httpx.Response:
        """Give a command on a case at the version it has now; the answer."""
        token = self.citizen() if role == "citizen" else self.token(role, **claims)
        seen = await self.get(f"/cases/{case['id']}", self.token("inspector", units=("44",)))
        return await self.post(f"/cases/{case['id']}/{command}", json, token=token, if_match=seen.headers["etag"])
