"""Scripts of other origins (CORS): none may read our answers unless a setting names their origin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
TAKEN: Final = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID", "traceparent", "tracestate")  # fmt: skip
SHOWN: Final = ("ETag", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotent-Replayed", "Content-Language", "traceresponse")  # fmt: skip
SECONDS: Final = 600
"""How long a browser remembers what it was told."""


def shared_with(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """The app open to scripts of these origins; cookies are never sent along, tokens are."""
    if not origins:
        return app
    return CORSMiddleware(
        app, allow_origins=origins, allow_methods=METHODS, allow_headers=TAKEN, expose_headers=SHOWN, max_age=SECONDS
    )
