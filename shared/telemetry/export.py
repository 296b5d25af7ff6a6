"""Traces on their way to a collector: never blocking, never raising; what cannot be delivered is dropped and counted."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Counter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

logger = logging.getLogger(__name__)

WAITING = 8192
"""Spans that may wait for the collector; about 250 bytes each on the wire."""
_BATCH = 512
_DELAY_MS = 1000
_REQUEST_S = 3.0
_PAUSE_S = 5.0
_SAY_EVERY_S = 60.0
_EXPORTER_LOGGER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"


def traces_url(endpoint: str) -> str:
    """The address for traces below an OTLP base address: `http://collector:4318` -> `.../v1/traces`."""
    base = endpoint.rstrip("/")
    return base if base.endswith("/v1/traces") else f"{base}/v1/traces"


class _Reason(logging.Filter):
    """Swallows the exporter's own lines, several a second when the collector is away, and keeps the first: it names the cause."""

    first = ""

    def filter(self, record: logging.LogRecord) -> bool:
        self.first = self.first or record.getMessage()
        return False

    def take(self) -> str:
        reason, self.first = self.first or "no answer", ""
        return reason


class Delivery(SpanExporter):
    """Passes batches on; after a failure it drops for five seconds instead of waiting, and says so once a minute."""

    def __init__(self, inner: SpanExporter, dropped: Counter, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._inner = inner
        self._dropped = dropped
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting = 0
        self._paused_until = 0.0
        self._unsaid = 0
        self._said_at = -_SAY_EVERY_S
        self._abandoned = threading.Event()
        self._reason = _Reason()
        logging.getLogger(_EXPORTER_LOGGER).addFilter(self._reason)

    def admit(self) -> bool:
        """Whether one more span may wait; if not it is counted as dropped."""
        with self._lock:
            if self._waiting < WAITING:
                self._waiting += 1
                return True
        self._drop(1)
        return False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Deliver a batch from the exporting thread; a failure opens a pause."""
        if self._abandoned.is_set():
            return SpanExportResult.FAILURE
        result = self._attempt(spans)
        with self._lock:
            if self._abandoned.is_set():
                return result  # counted already
            self._waiting -= len(spans)
        if result is SpanExportResult.FAILURE:
            self._drop(len(spans))
        return result

    def _attempt(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._clock() < self._paused_until:
            return SpanExportResult.FAILURE
        result = self._inner.export(spans)
        if result is SpanExportResult.FAILURE:
            self._paused_until = self._clock() + _PAUSE_S
        return result

    def _drop(self, count: int) -> None:
        self._dropped.add(count)
        with self._lock:
            self._unsaid += count
            if self._clock() - self._said_at < _SAY_EVERY_S:
                return
            unsaid, self._unsaid, self._said_at = self._unsaid, 0, self._clock()
        logger.warning("%d spans dropped, the trace collector does not take them: %s", unsaid, self._reason.take())

    def abandon(self) -> None:
        """Deliver nothing more: what still waits is dropped, a running back-off ends."""
        with self._lock:
            self._abandoned.set()
            waiting, self._waiting = self._waiting, 0
        self._inner.shutdown()
        if waiting:
            self._drop(waiting)

    def shutdown(self) -> None:
        """Release the connection; called once the last batch is through."""
        if not self._abandoned.is_set():
            self.abandon()
        logging.getLogger(_EXPORTER_LOGGER).removeFilter(self._reason)


class Departures(BatchSpanProcessor):
    """The library's batching thread behind our own waiting room, so that a full queue is counted, not logged per span."""

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(delivery, WAITING + _BATCH, _DELAY_MS, _BATCH)
        self._delivery = delivery

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a finished span; about a microsecond, whatever the collector does."""
        if span.context is not None and span.context.trace_flags.sampled and self._delivery.admit():
            super().on_end(span)

    def close(self, timeout: float) -> None:
        """Deliver what waits, for at most `timeout` seconds, then drop the rest."""
        closing = threading.Thread(target=self.shutdown, name="telemetry-close", daemon=True)
        closing.start()
        closing.join(timeout)
        if closing.is_alive():
            self._delivery.abandon()


def departures(endpoint: str, dropped: Counter) -> Departures:
    """The way out to the OTLP/HTTP collector at this base address."""
    return Departures(Delivery(OTLPSpanExporter(traces_url(endpoint), timeout=_REQUEST_S), dropped))
