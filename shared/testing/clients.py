"""HTTP clients of tests: patient ones that repeat a command with its Idempotency-Key until it is answered."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.moments import uuid7

PASSES = frozenset({429, 502, 503, 504})
"""Answers that ask to come again."""


def local_client(timeout: float = 60) -> httpx.AsyncClient:
    """A client for loopback: no certificates are loaded, no proxy is asked."""
    return httpx.AsyncClient(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False, timeout=timeout)


class UnexpectedAnswerError(AssertionError):
    """An answer no repetition would change."""


@dataclass(slots=True)
class PatientClient:
    """Sends commands to `base()`, which may move; a broken connection or a passing refusal is tried again."""

    base: Callable[[], str]
    token: str
    http: httpx.AsyncClient = field(default_factory=local_client)
    seen: Counter[str] = field(default_factory=Counter)
    """What came back: status codes, names of broken connections, `replayed`, `retry-after`."""
    patience: float = 90

    async def command(self, path: str, body: Mapping[str, Any] | None, *, if_match: str | None = None) -> Any:
        """POST until it is accepted; the answer's JSON."""
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": uuid7().hex}
        if if_match is not None:
            headers["if-match"] = if_match
        answer = await self._until_answered("POST", path, headers, body)
        if answer.status_code not in {200, 201}:
            raise UnexpectedAnswerError(f"POST {path}: {answer.status_code} {answer.text[:500]}")
        self.seen["replayed"] += "idempotent-replayed" in answer.headers
        return answer.json()

    async def get(self, path: str) -> httpx.Response:
        """GET until it is answered."""
        return await self._until_answered("GET", path, {"authorization": f"Bearer {self.token}"}, None)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.http.aclose()

    async def _until_answered(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> httpx.Response:
        async with asyncio.timeout(self.patience):
            while True:
                try:
                    answer = await self.http.request(method, self.base() + path, headers=dict(headers), json=body)
                except httpx.TransportError as error:
                    self.seen[type(error).__name__] += 1
                else:
                    self.seen[str(answer.status_code)] += 1
                    if not self._comes_again(answer):
                        return answer
                await asyncio.sleep(0.05)

    def _comes_again(self, answer: httpx.Response) -> bool:
        if answer.status_code in PASSES:
            self.seen["retry-after"] += "retry-after" in answer.headers
            return True
        return answer.status_code == httpx.codes.CONFLICT and answer.json()["code"] == "still-running"
