"""A real OTLP/HTTP receiver on 127.0.0.1 that keeps the spans it is sent: traces across processes, seen from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue


@dataclass(frozen=True, slots=True)
class ReceivedSpan:
    """A finished span; ids are hexadecimal, `parent_id` is empty for a root, `links` are (trace id, span id)."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    links: tuple[tuple[str, str], ...]

    @property
    def service(self) -> str:
        """The `service.name` of the process or service that made it."""
        return str(self.resource["service.name"])


class OtlpReceiver:
    """`with OtlpReceiver() as receiver:` listens; give `receiver.endpoint` to what is under test."""

    def __init__(self) -> None:
        self._received: list[ReceivedSpan] = []
        self._changed = Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._take))

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.05,), name="otlp-receiver", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        """The OTLP base address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def spans(self, name: str | None = None) -> list[ReceivedSpan]:
        """All spans received so far, or those with this name."""
        with self._changed:
            return [span for span in self._received if name is None or span.name == name]

    def trace(self, trace_id: str) -> list[ReceivedSpan]:
        """The spans of one trace received so far."""
        return [span for span in self.spans() if span.trace_id == trace_id]

    def wait_for(self, name: str, count: int = 1, timeout: float = 60.0) -> list[ReceivedSpan]:
        """The spans with this name once there are `count`; AssertionError after `timeout` seconds."""
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self.spans(name)) >= count, timeout)
            assert enough, f"{len(self.spans(name))} of {count} spans `{name}` arrived in {timeout} s"
            return self.spans(name)

    def _take(self, body: bytes) -> None:
        arrived = _decode(body)
        with self._changed:
            self._received += arrived
            self._changed.notify_all()


def _handler(take: Callable[[bytes], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Nothing: tests read the spans."""

    return Handler


def _decode(body: bytes) -> list[ReceivedSpan]:
    return [
        ReceivedSpan(
            span.name,
            span.kind,
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            _plain(span.attributes),
            _plain(group.resource.attributes),
            tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        )
        for group in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def _plain(attributes: Any) -> dict[str, Any]:
    pairs: list[KeyValue] = list(attributes)
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value") for pair in pairs}
