"""Refusals the door itself speaks, before or instead of a handler; texts are in `data/problems.toml`."""

from __future__ import annotations

from typing import Any, ClassVar

from shared.kernel import Refused


class DoorRefused(Refused):
    """The request cannot be taken as it is."""

    status: ClassVar[int] = 400

    def __init__(self, detail: str = "", *, headers: dict[str, str] | None = None, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.headers = headers or {}


class TokenMissing(DoorRefused):
    """This address needs a bearer token."""

    status = 401


class TokenExpired(DoorRefused):
    """The bearer token has expired."""

    status = 401


class TokenInvalid(DoorRefused):
    """The bearer token cannot be trusted."""

    status = 401


class OtherTenant(DoorRefused):
    """The bearer token is for another province."""

    status = 403


class RoleNotAllowed(DoorRefused):
    """None of your roles may do this."""

    status = 403


class IssuerUnreachable(DoorRefused):
    """The identity provider cannot be reached to check the token."""

    status = 503


class IdempotencyKeyMissing(DoorRefused):
    """A command needs the header Idempotency-Key."""


class IdempotencyKeyMalformed(DoorRefused):
    """Idempotency-Key must be 1 to 200 visible characters."""


class PreconditionRequired(DoorRefused):
    """A change needs the header If-Match with the version you read."""

    status = 428


class IfMatchMalformed(DoorRefused):
    """If-Match must be one version in double quotes."""


class BadCursor(DoorRefused):
    """The cursor is damaged or belongs to another list."""


class TooManyRequests(DoorRefused):
    """Too many requests in a short time."""

    status = 429
