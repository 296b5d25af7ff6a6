"""Services that trace into memory: the `recorder` fixture."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.telemetry.tracing import Tracing


@dataclass
class Recorder:
    """Services that trace into one memory."""

    provider: TracerProvider
    memory: InMemorySpanExporter

    def tracing(self, service: str) -> Tracing:
        """The tracing of one service, recorded here."""
        return Tracing(self.provider.get_tracer("gandan"), service, recording=True)

    def spans(self, name: str) -> list[ReadableSpan]:
        """All spans of this name, as they ended."""
        return [span for span in self.memory.get_finished_spans() if span.name == name]

    def only(self, name: str) -> ReadableSpan:
        """The one span of this name."""
        (span,) = self.spans(name)
        return span


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A memory for spans, empty at first."""
    provider = TracerProvider(shutdown_on_exit=False)
    memory = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    yield Recorder(provider, memory)
    provider.shutdown()
