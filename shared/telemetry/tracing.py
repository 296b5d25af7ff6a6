"""Traces of facts: one trace from the request that stated a fact to whatever it caused, across outbox and broker.

A fact's `create` span is made when it is recorded and its context is stored with it; the relay sends that context
unchanged; a consumer continues it. The relay and each consumed batch are traces of their own that hold links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID

from opentelemetry import context as contexts
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    TraceState,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from shared.telemetry import attributes as names

MOST_LINKS: Final = 128
OLD_S: Final = 3600.0
"""A record older than this starts a trace of its own: traces that last for weeks break backends and tail sampling."""

_TRACEPARENT = re.compile(r"(?:00(?=.{53}\Z)|(?!00|ff)[0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_ROOT: Final = Context()
_ids = RandomIdGenerator()


class Carrier(NamedTuple):
    """The W3C trace context kept beside a fact and sent with it unchanged."""

    traceparent: str
    tracestate: str | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What tracing needs to know of a consumed record; `age` in seconds since it was recorded."""

    fact_id: UUID | str
    traceparent: str | None
    tracestate: str | None = None
    partition: int | None = None
    offset: int | None = None
    key: str | None = None
    age: float = 0.0
    timer: bool = False
    """The fact is a result of the clock (a breach, days after the dossier came)."""
    retried: bool = False
    """The record was parked and is tried again."""
    replayed: bool = False
    """The record was sent again from the facts (`x-replay`)."""

    @property
    def starts_anew(self) -> bool:
        """Whether its trace is only linked to, not continued."""
        return self.timer or self.retried or self.replayed or self.age > OLD_S


def current_trace_id() -> str | None:
    """The trace this code runs in, 32 hexadecimal digits; None outside of any."""
    context = get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def parse_carrier(traceparent: str | None, tracestate: str | None = None) -> SpanContext | None:
    """The stored context; None where there is none or it is malformed (it may come from outside)."""
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if match is None:
        return None
    state = TraceState.from_header([tracestate]) if tracestate else None
    context = SpanContext(int(match[1], 16), int(match[2], 16), True, TraceFlags(int(match[3], 16)), state)
    return context if context.is_valid else None


class Tracing:
    """Spans of one service. With `recording` off only ids are made: about a microsecond per fact."""

    def __init__(self, tracer: Tracer, service: str, *, recording: bool) -> None:
        self._tracer = tracer
        self._service = service
        self._recording = recording

    def create(self, topic: str, fact_id: UUID | str) -> Carrier:
        """The context to store with a fact: of a PRODUCER span `create <topic>` below the current span."""
        if not self._recording:
            return _unrecorded(get_current_span().get_span_context())
        about = {**_about(self._service, "create", topic), names.MESSAGE_ID: str(fact_id)}
        span = self._tracer.start_span(f"create {topic}", kind=SpanKind.PRODUCER, attributes=about)
        span.end()
        return _carrier(span.get_span_context())

    @contextmanager
    def send_batch(self, topics: Iterable[str], messages: Sequence[tuple[UUID | str, str | None]]) -> Iterator[None]:
        """A root CLIENT span `send <topic>` around one batch of (fact id, traceparent), with links to their contexts."""
        if not self._recording:
            yield
            return
        topic = _only(topics)
        about = {**_about(self._service, "send", topic), names.BATCH_COUNT: len(messages)}
        links = _links((fact_id, parse_carrier(parent)) for fact_id, parent in messages)
        with self._span(_ROOT, _named("send", topic), SpanKind.CLIENT, about, links):
            yield

    @contextmanager
    def process_batch(
        self, topics: Iterable[str], group: str, arrivals: Iterable[Arrival], count: int
    ) -> Iterator[None]:
        """A root CONSUMER span `process <topic>` around one batch of `count` records, with links to their contexts.

        `topics` and `arrivals` may be lazy: at most 128 arrivals are read, nothing at all when nothing is recorded.
        """
        if not self._recording:
            yield
            return
        topic = _only(topics)
        about = {**_about(self._service, "process", topic, group), names.BATCH_COUNT: count}
        links = _links((a.fact_id, parse_carrier(a.traceparent, a.tracestate)) for a in arrivals)
        with self._span(_ROOT, _named("process", topic), SpanKind.CONSUMER, about, links):
            yield

    @contextmanager
    def process_one(self, topic: str, group: str, arrival: Arrival) -> Iterator[None]:
        """Around one fact that writes: a CONSUMER span `process <topic>`, child of the stored context and linked to it.

        A timer result, a retry, a replay and an old record start a new trace that only links to the stored context.
        """
        origin = parse_carrier(arrival.traceparent, arrival.tracestate)
        parent = None if arrival.starts_anew else origin
        if not self._recording:
            with _current(NonRecordingSpan(_next_context(parent)), _ROOT):
                yield
            return
        above = _ROOT if parent is None else set_span_in_context(NonRecordingSpan(parent), _ROOT)
        about = {**_about(self._service, "process", topic, group), **_about_record(arrival)}
        with self._span(above, f"process {topic}", SpanKind.CONSUMER, about, _links([(arrival.fact_id, origin)])):
            yield

    @contextmanager
    def _span(
        self, above: Context, name: str, kind: SpanKind, about: Mapping[str, AttributeValue], links: list[Link]
    ) -> Iterator[None]:
        span = self._tracer.start_span(name, above, kind, about, links)
        try:
            with _current(span, above):
                yield
        except Exception as error:
            _fail(span, error)
            raise
        finally:
            span.end()


@lru_cache(maxsize=512)
def _about(service: str, operation: str, topic: str | None, group: str | None = None) -> Mapping[str, AttributeValue]:
    about: dict[str, AttributeValue] = {
        names.SYSTEM: "kafka",
        names.OPERATION_NAME: operation,
        names.OPERATION_TYPE: operation,
        names.SERVICE: service,
    }
    if topic is not None:
        about[names.DESTINATION] = topic
    if group is not None:
        about[names.GROUP] = group
    return about


def _about_record(arrival: Arrival) -> dict[str, AttributeValue]:
    about: dict[str, AttributeValue] = {names.MESSAGE_ID: str(arrival.fact_id)}
    if arrival.partition is not None:
        about[names.PARTITION] = str(arrival.partition)
    if arrival.offset is not None:
        about[names.KAFKA_OFFSET] = arrival.offset
    if arrival.key is not None:
        about[names.KAFKA_KEY] = arrival.key
    return about


def _only(topics: Iterable[str]) -> str | None:
    """The one topic of a batch; None when it has several."""
    distinct = set(topics)
    return distinct.pop() if len(distinct) == 1 else None


def _named(operation: str, topic: str | None) -> str:
    return operation if topic is None else f"{operation} {topic}"


def _links(origins: Iterable[tuple[UUID | str, SpanContext | None]]) -> list[Link]:
    known = ((fact_id, context) for fact_id, context in origins if context is not None)
    return [Link(context, {names.MESSAGE_ID: str(fact_id)}) for fact_id, context in islice(known, MOST_LINKS)]


def _carrier(context: SpanContext) -> Carrier:
    parent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    return Carrier(parent, context.trace_state.to_header() if context.trace_state else None)


def _unrecorded(above: SpanContext) -> Carrier:
    """As `_carrier(_next_context(above))`, in half the time: this is the path of every fact without a collector."""
    if not above.is_valid:
        return Carrier(f"00-{_ids.generate_trace_id():032x}-{_ids.generate_span_id():016x}-02", None)
    state = above.trace_state.to_header() if above.trace_state else None
    flags = above.trace_flags & TraceFlags.RANDOM_TRACE_ID
    return Carrier(f"00-{above.trace_id:032x}-{_ids.generate_span_id():016x}-{flags:02x}", state)


def _next_context(above: SpanContext | None) -> SpanContext:
    """A context nobody records, below another or at the root of a new trace."""
    if above is None or not above.is_valid:
        flags = TraceFlags(TraceFlags.RANDOM_TRACE_ID)
        return SpanContext(_ids.generate_trace_id(), _ids.generate_span_id(), False, flags)
    flags = TraceFlags(above.trace_flags & TraceFlags.RANDOM_TRACE_ID)
    return SpanContext(above.trace_id, _ids.generate_span_id(), False, flags, above.trace_state)


@contextmanager
def _current(span: Span, above: Context) -> Iterator[None]:
    token = contexts.attach(set_span_in_context(span, above))
    try:
        yield
    finally:
        contexts.detach(token)


def _fail(span: Span, error: Exception) -> None:
    """The kind of error only: messages and stacks may hold personal data."""
    span.set_status(Status(StatusCode.ERROR))
    span.set_attribute(names.ERROR_TYPE, type(error).__qualname__)
