"""Versions on the wire: `ETag` out, `If-Match` in (428 without, 412 from the store), `If-None-Match` for reads."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastapi import Request, Response

from shared.web.operations import Operation, fails, takes_header
from shared.web.refusals import IfMatchMalformed, PreconditionRequired

_STRONG = re.compile(r'"([0-9]{1,9})"')


class NotModified(Exception):  # noqa: N818 - an answer, not an error
    """The client already holds this version (304)."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.tag = tag(version)


def tag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def etag(response: Response, version: int) -> None:
    """Put the version on an answer."""
    response.headers["etag"] = tag(version)


def revalidate(request: Request, response: Response, version: int) -> None:
    """For reads: put the version on the answer, or end with 304 when `If-None-Match` names it."""
    wanted = request.headers.get("if-none-match")
    if wanted is not None and (
        wanted.strip() == "*" or tag(version) in {each.strip().removeprefix("W/") for each in wanted.split(",")}
    ):
        raise NotModified(version)
    etag(response, version)


@dataclass(frozen=True, slots=True)
class Seen:
    """The version a client says it has read; `star` lets it say "whatever it is now" (None)."""

    star: bool

    async def __call__(self, request: Request) -> int | None:
        """Read `If-Match`; raises `PreconditionRequired` or `IfMatchMalformed`."""
        header = request.headers.get("if-match")
        if header is None:
            raise PreconditionRequired
        if (match := _STRONG.fullmatch(header.strip())) is not None:
            return int(match[1])
        if header.strip() == "*" and self.star:
            return None
        raise IfMatchMalformed

    def describe(self, operation: Operation) -> None:
        """Document the header and its problems."""
        star = " `*` stands for whatever version there is now." if self.star else ""
        pattern = r'^("[0-9]{1,9}"|\*)$' if self.star else r'^"[0-9]{1,9}"$'
        said = f"The version you read, as its ETag gave it.{star}"
        takes_header(operation, "If-Match", said, example='"3"', pattern=pattern)
        fails(
            operation,
            s400="A header is missing or malformed.",
            s412="Somebody changed it first.",
            s428="If-Match is missing.",
        )


seen = Seen(star=False)
"""A dependency: the version read, always named. For officers' commands."""

seen_or_any = Seen(star=True)
"""A dependency: the version read, or None for `*`. For citizens' acts."""
