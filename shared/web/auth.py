"""Who may call a route: every route declares its right, `Depends(allow("clerk"))` or `Depends(public)`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts

from shared.kernel import Caller, Once, Principal
from shared.web.door import Door, door_of
from shared.web.operations import Operation, fails
from shared.web.refusals import DoorRefused, RoleNotAllowed, TokenExpired, TokenInvalid, TokenMissing
from shared.web.tokens import ROLES

SCHEME = "bearer"


@dataclass(frozen=True, slots=True)
class Allow:
    """A right: a signed-in principal with one of these roles (any role when none is named)."""

    roles: tuple[str, ...]

    async def __call__(self, request: Request) -> Principal:
        """The principal, acting in the first of these roles that it holds."""
        principal = await signed_in(request)
        if not self.roles:
            return replace(principal, acting=min(principal.roles, default="nobody"))
        for role in self.roles:
            if role in principal.roles:
                return replace(principal, acting=role)
        raise RoleNotAllowed(needed=", ".join(self.roles))

    def describe(self, operation: Operation) -> None:
        """Document the scheme and the roles."""
        operation["security"] = [{SCHEME: []}]
        operation["x-roles"] = list(self.roles)
        fails(operation, s401="Not signed in, or the token is not valid.", s403="None of your roles may do this.")


@dataclass(frozen=True, slots=True)
class Public:
    """A right: anybody, without a token."""

    async def __call__(self) -> None:
        """Nothing to check."""

    def describe(self, operation: Operation) -> None:
        """Document that no token is needed; a route that makes use of one all the same says so itself."""
        operation.setdefault("security", [])


public = Public()
"""A dependency for open routes."""


def allow(*roles: str) -> Allow:
    """A dependency giving the `Principal`; without roles, anybody signed in. An unknown role is a mistake in the code."""
    if unknown := set(roles) - ROLES:
        raise ValueError(f"unknown role: {', '.join(sorted(unknown))}")
    return Allow(roles)


async def signed_in(request: Request) -> Principal:
    """The principal of the bearer token, with the directory's rights; raises 401 or 403 refusals."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenMissing(headers={"www-authenticate": 'Bearer realm="gandan"'})
    return await _known(door_of(request), token.strip())


async def _known(door: Door, token: str) -> Principal:
    try:
        principal = await door.verifier.principal(token)
    except (TokenExpired, TokenInvalid) as refusal:
        refusal.headers = _challenge(refusal)
        raise
    return await door.directory(principal) if door.directory is not None else principal


def _challenge(refusal: DoorRefused) -> dict[str, str]:
    return {
        "www-authenticate": f'Bearer realm="gandan", error="invalid_token", error_description="{type(refusal).__doc__}"'
    }


def caller(principal: Principal, once: Once | None = None) -> Caller:
    """Who a handler works for."""
    return Caller(principal, once)


def dependencies_of(route: Any) -> Iterator[Any]:
    """Every callable a route depends on, depth first."""
    return _calls(route.dependant)  # codespell:ignore dependant


def _calls(node: Any) -> Iterator[Any]:
    for each in node.dependencies:
        yield each.call
        yield from _calls(each)


def routes_without_right(app: FastAPI) -> list[str]:
    """Routes that declare neither `allow` nor `public`, as `GET /path`; a test asserts there is none."""
    return [line for context in iter_route_contexts(app.routes) if not _has_right(context) for line in _lines(context)]


def _has_right(context: Any) -> bool:
    if not isinstance(context.original_route, APIRoute):
        return True
    return any(isinstance(call, Allow | Public) for call in dependencies_of(context))


def _lines(context: Any) -> Iterable[str]:
    return [f"{method} {context.path}" for method in sorted(context.methods or ())]
