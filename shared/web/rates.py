"""How often one principal, or one address nobody is known to have signed in from, may call a service: counted before any work.

Counted in this process's memory, per service: of several processes each gives the whole rate. The same buckets as `limits`;
the `limits` package of PyPI was looked at: its memory grows with every address, and its windows let twice the rate through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.settings import Settings
from shared.web.limits import Buckets, Limited, client_of
from shared.web.problems import problem
from shared.web.tokens import Verifier

Limit: TypeAlias = Limited | None
"""None: as many as they like."""


class Rates:
    """Pure ASGI between the edge and the framework: the 429 is said before the body is read or a token is checked.

    A token counts for its subject only once it was found good, so that invented tokens do not each bring a full bucket.
    """

    def __init__(
        self, app: ASGIApp, principal: Limit, address: Limit, verifier: Verifier, buckets: Callable[[], Buckets]
    ) -> None:
        self._app, self._principal, self._address = app, principal, address
        self._verifier, self._buckets = verifier, buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count this request, and let it in or refuse it."""
        request = Request(scope)
        limit, client = self._bucket(request)
        if limit is None:
            await self._app(scope, receive, send)
            return
        left = self._buckets().take(limit, client)
        if left < 0:
            await _refusal(request, limit, left)(scope, receive, send)
            return
        lines = [(name.encode(), value.encode()) for name, value in limit.headers(int(left)).items()]

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *lines]
            await send(message)

        await self._app(scope, receive, told)

    def _bucket(self, request: Request) -> tuple[Limit, str]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        who = self._verifier.remembered(token.strip()) if scheme.lower() == "bearer" else None
        return (self._principal, who.subject) if who is not None else (self._address, client_of(request))


def _refusal(request: Request, limit: Limited, left: float) -> ASGIApp:
    wait = limit.wait(left)
    facts = {"retry_after_seconds": wait, "violated_policies": [limit.name]}
    headers = {"retry-after": str(wait), **limit.headers(0)}
    return problem(request, "too-many-requests", facts=facts, headers=headers)


def rated(app: ASGIApp, settings: Settings, verifier: Verifier, buckets: Callable[[], Buckets]) -> ASGIApp:
    """The app behind the rates of these settings; the app itself where none is set."""
    principal, address = _limit("principal", settings.rate_principal), _limit("address", settings.rate_address)
    return app if principal is None and address is None else Rates(app, principal, address, verifier, buckets)


def _limit(name: str, rate: str | None) -> Limit:
    """`600/60`: a bucket of 600 that fills in 60 seconds."""
    if rate is None:
        return None
    most, seconds = map(int, rate.split("/"))
    return Limited(name, most * 60 / seconds, most)
