"""What the HTTP door of one service needs: settings, keys, who checks tokens, whose rights the directory knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from fastapi import Request

from shared.kernel import Principal
from shared.settings import Keys, Settings
from shared.web.devissuer import DevIssuer
from shared.web.tokens import RemoteKeys, Trust, Verifier

Directory: TypeAlias = Callable[[Principal], Awaitable[Principal]]
"""Replaces the rights of a token by those of the staff directory, where it knows the subject."""


@dataclass(frozen=True, slots=True)
class Door:
    """Kept on `app.state.door`."""

    settings: Settings
    keys: Keys
    verifier: Verifier
    directory: Directory | None = None


def open_door(settings: Settings, keys: Keys, *, directory: Directory | None = None) -> Door:
    """The door of these settings: tokens of the configured issuer, else of the embedded dev issuer."""
    if settings.issuer is None:
        issuer = DevIssuer.load_or_make(settings)
        return Door(settings, keys, Verifier(issuer, _trust(settings, keys, issuer.name)), directory)
    remote = RemoteKeys(settings.issuer, jwks_url=settings.jwks_url)
    return Door(settings, keys, Verifier(remote, _trust(settings, keys, settings.issuer)), directory)


def _trust(settings: Settings, keys: Keys, issuer: str) -> Trust:
    return Trust(issuer=issuer, audience=settings.audience, tenant=settings.province, people_key=keys.people)


def door_of(request: Request) -> Door:
    """The door of the app that answers this request."""
    door: Door = request.app.state.door
    return door
