"""Finding the spans of a journey among all that arrived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.testing.otlp import ReceivedSpan
from shared.testing.waiting import wait_until

SERVER, CONSUMER = 2, 5
"""Span kinds, as OTLP numbers them."""


async def only(look: Callable[[], list[ReceivedSpan]]) -> ReceivedSpan:
    """The only span found, once it has arrived."""
    found: Any = await wait_until(look)
    assert len(found) == 1, f"{len(found)} spans instead of one: {found[0].name}"
    span: ReceivedSpan = found[0]
    return span


async def the_span(spans: Any, name: str, attribute: str, value: str) -> ReceivedSpan:
    """The only span of this name with this attribute."""
    return await only(lambda: [span for span in spans(name) if span.attributes.get(attribute) == value])


async def below(spans: Any, name: str, parent: ReceivedSpan, service: str | None = None) -> ReceivedSpan:
    """The only span of this name directly below another one (of this service)."""
    return await only(
        lambda: [s for s in spans(name) if s.parent_id == parent.span_id and service in {None, s.service}]
    )


def reading(spans: list[ReceivedSpan], topic: str, origin: tuple[str, str]) -> list[ReceivedSpan]:
    """The batches of reporting that hold a fact of this topic; one of several topics is named after none."""
    named = {"process", f"process {topic}"}
    return [s for s in linked(spans, origin) if s.service == "reporting" and s.name in named]


def linked(spans: list[ReceivedSpan], origin: tuple[str, str]) -> list[ReceivedSpan]:
    """Those of these spans that point to a trace and span."""
    return [span for span in spans if origin in span.links]
