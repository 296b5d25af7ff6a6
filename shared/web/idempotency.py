"""A command sent twice is done once: `Idempotency-Key` in, `kernel.Once` for the handler, the first answer replayed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from string import Formatter
from typing import Any, TypeAlias

import orjson
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from shared.kernel import Once, Repeated
from shared.web.door import Door, door_of
from shared.web.etag import tag
from shared.web.nul import refuse_nul
from shared.web.operations import Operation, fails, gives_header, takes_header
from shared.web.refusals import IdempotencyKeyMalformed, IdempotencyKeyMissing

Rendered: TypeAlias = BaseModel | Mapping[str, Any]
Renderer: TypeAlias = Callable[[bytes, Door], Rendered]
"""From the stored snapshot (`work.answers`) to what the route answers; recomputes what is never stored (a slip's secret)."""

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_QUOTED = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
"""A string of structured fields (RFC 8941 section 3.3.3)."""
_DOCUMENTED = r'^([!#-~][!-~]{0,199}|"[!#-\[\]-~]{1,200}")$'
"""The same for readers, without escapes inside quotes."""


@dataclass(frozen=True, slots=True)
class OnceOnly:
    """The dependency made by `once`."""

    status: int
    render: Renderer | None
    location: str | None
    names: tuple[str, ...] = ()
    """The fields `location` names."""

    async def __call__(self, request: Request) -> Once:
        """The key and fingerprint of this command; raises `IdempotencyKeyMissing` or `IdempotencyKeyMalformed`."""
        key = self.key(request)
        body = await request.body()
        refuse_nul(body)
        return Once.of(key, request.method, request.scope["path"], body, self.status)

    def key(self, request: Request) -> str:
        """The key of this command, whose first answer will be told as this route does."""
        header = request.headers.get("idempotency-key")
        if header is None:
            raise IdempotencyKeyMissing
        request.state.once = self
        return _key(header)

    def describe(self, operation: Operation) -> None:
        """Document the header, the replay and its problems."""
        takes_header(
            operation,
            "Idempotency-Key",
            "A new key for each command; the same key when you repeat it.",
            example='"0198f0e7-7b21"',
            pattern=_DOCUMENTED,
        )
        gives_header(
            operation, "Idempotent-Replayed", "`true` when this is the answer of an earlier request with the same key."
        )
        if self.location is not None:
            gives_header(operation, "Location", "Where the new resource is.")
        fails(
            operation,
            s400="A header is missing or malformed.",
            s409="The rules do not allow it now, or the first request with this key is still running.",
            s422="Some information is not right, or the key was used with another body.",
        )


def once(status: int = 201, *, render: Renderer | None = None, location: str | None = None) -> OnceOnly:
    """A dependency giving `Once`; `location` is a template such as `/v1/dossiers/{id}`, below the service's mount."""
    names = tuple(name for _, name, _, _ in Formatter().parse(location or "") if name)
    return OnceOnly(status, render, location, names)


Named: TypeAlias = Callable[[bytes], Once]
"""From what stands for a body that was read piece by piece (its digest) to the command."""


@dataclass(frozen=True, slots=True)
class OnceStreamed:
    """The dependency made by `once_streamed`: the body is the route's to read."""

    only: OnceOnly

    async def __call__(self, request: Request) -> Named:
        """The key of this command, the fingerprint to follow."""
        return partial(_named, self.only.key(request), request.method, request.scope["path"], self.only.status)

    def describe(self, operation: Operation) -> None:
        """Document it as any other command."""
        self.only.describe(operation)


def _named(key: str, method: str, path: str, status: int, digest: bytes) -> Once:
    return Once.of(key, method, path, digest, status)


def once_streamed(status: int = 201, *, render: Renderer | None = None, location: str | None = None) -> OnceStreamed:
    """As `once`, for a body too large to be read at once."""
    return OnceStreamed(once(status, render=render, location=location))


def _key(header: str) -> str:
    text = header.strip()
    if text.startswith('"'):
        quoted = _QUOTED.fullmatch(text)
        text = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else ""
    if not _KEY.fullmatch(text):
        raise IdempotencyKeyMalformed
    return text


def stamp(request: Request, response: Response, answer: Rendered) -> None:
    """Give an answer its `ETag` and, where the route's `once` has a template, its `Location`; a replay has the same."""
    response.headers.update(_stamps(request, answer))


def _stamps(request: Request, answer: Rendered) -> dict[str, str]:
    """ETag from `version`, Location from the fields its template names."""
    stamps = {}
    if (version := _field(answer, "version")) is not None:
        stamps["etag"] = tag(version)
    registered: OnceOnly | None = getattr(request.state, "once", None)
    if registered is not None and registered.location is not None:
        values = {name: _field(answer, name) for name in registered.names}
        stamps["location"] = request.scope.get("root_path", "") + registered.location.format_map(values)
    return stamps


def _field(answer: Rendered, name: str) -> Any:
    return answer.get(name) if isinstance(answer, Mapping) else getattr(answer, name, None)


async def repeated(request: Request, error: Repeated) -> Response:
    """The exception handler of `kernel.Repeated`: the first answer again, rendered by the route's own renderer."""
    registered: OnceOnly = request.state.once
    rendered = registered.render(error.answer, door_of(request)) if registered.render else orjson.loads(error.answer)
    body = (
        rendered.model_dump_json(by_alias=True).encode() if isinstance(rendered, BaseModel) else orjson.dumps(rendered)
    )
    headers = {"idempotent-replayed": "true"}
    if isinstance(rendered, BaseModel | dict):
        headers |= _stamps(request, rendered)
    return Response(body, error.status, headers, "application/json")
