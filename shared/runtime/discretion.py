"""Addresses as people type them may hold a name or a number: a request's span keeps the shape of its URL only."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor

from shared.telemetry.redaction import MARK, redact

PATH: Final = "url.path"
QUERY: Final = "url.query"
_PLAIN = re.compile(r"[A-Za-z0-9._~-]{0,60}")
_NAME = re.compile(r"[a-z_-]{1,40}")


class Discretion(SpanProcessor):
    """Rewrites the address attributes of a span as soon as it starts, before anybody exports it."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - the library's words
        """Keep the path without people in it, and of the query only the names."""
        found = span.attributes or {}
        if isinstance(path := found.get(PATH), str):
            span.set_attribute(PATH, discreet_path(path))
        if isinstance(query := found.get(QUERY), str):
            span.set_attribute(QUERY, discreet_query(query))


def discreet_path(path: str) -> str:
    """`/intake/v1/procedures/0905 817 263` -> `/intake/v1/procedures/[…]`; ids, codes and words stay."""
    return "/".join(redact(part) if _PLAIN.fullmatch(part) else MARK for part in path.split("/"))


def discreet_query(query: str) -> str:
    """`unit=19360&limit=20` -> `unit=&limit=`."""
    names = (name for name, _ in parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{name if _NAME.fullmatch(name) else MARK}=" for name in names)
