"""The national portal's adapter over HTTP: one call for each item, and what its silence means."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from services.intake.domain.egress import LOOKUP, OK, Declined, InDoubt, NotReached

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 20.0
_BROKEN = 500
_NOT_NOW = frozenset({401, 403, 408, 425, 429})
"""The door is shut to everything, whatever is sent: the session has ended, or too much came at once."""


@dataclass(frozen=True, slots=True, repr=False)
class PortalGateway:
    """One endpoint; a session is sent along where there is one."""

    http: httpx.AsyncClient
    url: str
    session: str | None

    async def look_up(self, agency: str, code: str) -> int | None:
        """The status the portal has of a dossier; 0 where it does not say; None where it does not know the code."""
        try:
            said = await self._call({"service": LOOKUP, "madonvi": agency, "mahoso": code})
        except InDoubt as error:
            raise NotReached from error  # a question changes nothing
        found = said.get("data") or said.get("result")
        first = found[0] if isinstance(found, list) and found else found
        if not isinstance(first, dict):
            return None
        status = str(first.get("TrangThaiHoSo") or "")
        return int(status) if status.isascii() and status.isdigit() else 0

    async def send(self, agency: str, service: str, item: Mapping[str, Any], *, updating: bool | None) -> str:
        """One item; the code of the receipt."""
        asked: dict[str, Any] = {"service": service, "madonvi": agency, "data": [item]}
        if updating is not None:
            asked["isUpdating"] = str(updating)
        said = await self._call(asked)
        return str(said["error_code"])

    async def _call(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        body = asked if self.session is None else {**asked, "session": self.session}
        try:
            answer = await self.http.post(self.url, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise NotReached(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise InDoubt(type(error).__name__) from None
        return _said(answer)


def _said(answer: httpx.Response) -> Mapping[str, Any]:
    if answer.status_code >= _BROKEN:
        raise InDoubt(f"HTTP {answer.status_code}")
    if answer.status_code in _NOT_NOW:
        raise NotReached(f"HTTP {answer.status_code}")
    if not answer.is_success:
        raise Declined(f"HTTP {answer.status_code}")
    try:
        said = answer.json()
    except ValueError:
        raise InDoubt("no JSON") from None
    if not isinstance(said, dict) or "error_code" not in said:
        raise InDoubt("no error_code")
    if (code := str(said["error_code"])) not in OK:
        raise Declined(code[:20])
    return said


@asynccontextmanager
async def opened(
    url: str, session: str | None = None, *, answer_seconds: float = ANSWER_SECONDS
) -> AsyncIterator[PortalGateway]:
    """The adapter at this address, for as long as there is something to send; a user and password in it are not logged."""
    address = httpx.URL(url)
    auth = (address.username, address.password) if address.username else None
    async with httpx.AsyncClient(auth=auth, timeout=httpx.Timeout(answer_seconds, connect=CONNECT_SECONDS)) as http:
        yield PortalGateway(http, str(address.copy_with(userinfo=b"")), session)
