import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from shared.telemetry import export
from shared.telemetry.export import Delivery, traces_url
from shared.telemetry.setup import Telemetry, setup
from shared.telemetry.tracing import Arrival
from shared.testing.otlp import OtlpReceiver

OTHER_PROCESS = """
import sys
from shared.telemetry.setup import setup
telemetry = setup("gandan", instance="child", version="0.1.0", otlp_endpoint=sys.argv[1], environment="test")
print(telemetry.tracing("intake").create("intake.dossiers", "f1").traceparent)
telemetry.shutdown(5.0)
"""


def create_in_another_process(endpoint: str) -> str:
    command = [sys.executable, "-c", OTHER_PROCESS, endpoint]
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    child = subprocess.run(command, capture_output=True, text=True, check=True, env=path)  # noqa: S603 - our own code
    return child.stdout.strip()


def start(endpoint: str | None) -> Telemetry:
    return setup("gandan", instance="i1", version="0.1.0", otlp_endpoint=endpoint, environment="test")


def dropped(telemetry: Telemetry) -> int:
    (line,) = [x for x in telemetry.metrics_text().decode().splitlines() if x.startswith("gandan_trace_dropped_total ")]
    return int(float(line.split()[1]))


@pytest.fixture
def mute() -> Iterator[str]:
    """A collector that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_trace_across_two_processes_is_seen_whole_from_outside() -> None:
    with OtlpReceiver() as receiver:
        traceparent = create_in_another_process(receiver.endpoint)
        telemetry = start(receiver.endpoint)
        with telemetry.tracing("reporting").process_one(
            "intake.dossiers", "reporting.dossiers", Arrival("f1", traceparent)
        ):
            pass
        telemetry.shutdown(5.0)
        (process,) = receiver.wait_for("process intake.dossiers")
        create, also_process = sorted(receiver.trace(traceparent[3:35]), key=lambda span: span.name)
    assert also_process == process
    assert (create.name, create.service, process.service) == ("create intake.dossiers", "intake", "reporting")
    assert process.parent_id == create.span_id
    assert process.links == ((create.trace_id, create.span_id),)
    assert create.resource["service.instance.id"] == "child"
    assert process.attributes["gandan.service"] == "reporting"
    assert dropped(telemetry) == 0


@pytest.mark.parametrize("where", ["mute", "nobody"])
def test_a_missing_collector_never_holds_up_a_span_nor_the_end(where: str, request: pytest.FixtureRequest) -> None:
    telemetry = start(request.getfixturevalue(where))
    tracing = telemetry.tracing("intake")
    durations = []
    for number in range(1500):
        began = time.perf_counter()
        tracing.create("intake.dossiers", str(number))
        durations.append(time.perf_counter() - began)
    began = time.perf_counter()
    telemetry.shutdown(0.3)
    assert time.perf_counter() - began < export._REQUEST_S, "the end waited for a request"
    assert max(durations) < export._REQUEST_S, "a span waited for a request"
    assert dropped(telemetry) == 1500


class Listening(logging.Filter):
    """Lets every line of a logger pass, and knows that there was one."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.Event()

    def filter(self, record: logging.LogRecord) -> bool:
        del record
        self.heard.set()
        return True


@pytest.fixture
def exporter() -> Iterator[Listening]:
    """Listens to the library's exporter, which says so when it is refused."""
    listening, logger = Listening(), logging.getLogger(OTLPSpanExporter.__module__)
    logger.addFilter(listening)
    yield listening
    logger.removeFilter(listening)


def test_spans_nobody_takes_are_counted_and_said_once_a_minute(
    nobody: str, exporter: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    telemetry = start(nobody)
    tracing = telemetry.tracing("intake")
    for number in range(600):
        tracing.create("intake.dossiers", str(number))
    assert exporter.heard.wait(60), "nobody was asked to take the spans"
    telemetry.shutdown(0.5)
    assert dropped(telemetry) == 600
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    said = re.fullmatch(r"(\d+) spans dropped, the trace collector does not take them: Transient error (.*)", line)
    assert said is not None, line
    assert said[1] in {"600", "512"}, "all of them, or the batch that was refused before the end came"
    assert "Connection refused" in said[2]


class Scripted(SpanExporter):
    """An exporter that fails while told to."""

    def __init__(self) -> None:
        self.failing = True
        self.taken = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self.failing:
            return SpanExportResult.FAILURE
        self.taken += len(spans)
        return SpanExportResult.SUCCESS


class Clock:
    """Time that moves when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def span() -> ReadableSpan:
    return ReadableSpan("a span")


def deliver(delivery: Delivery, span: ReadableSpan, count: int) -> SpanExportResult:
    assert all(delivery.admit() for _ in range(count))
    return delivery.export([span] * count)


def test_after_a_failure_it_drops_for_a_while_and_then_delivers_again(
    span: ReadableSpan, caplog: pytest.LogCaptureFixture
) -> None:
    telemetry, inner, clock = start(None), Scripted(), Clock()
    delivery = Delivery(inner, telemetry.metrics.process.spans_dropped, clock=clock)
    deliver(delivery, span, 1)
    inner.failing = False
    assert deliver(delivery, span, 2) is SpanExportResult.FAILURE
    clock.now += 5
    assert deliver(delivery, span, 1) is SpanExportResult.SUCCESS
    assert (inner.taken, dropped(telemetry)) == (1, 3)
    inner.failing = True
    clock.now += 55
    deliver(delivery, span, 1)
    delivery.shutdown()
    assert [record.getMessage().split()[0] for record in caplog.records] == ["1", "3"]


def test_a_full_waiting_room_turns_spans_away_and_counts_them(
    monkeypatch: pytest.MonkeyPatch, span: ReadableSpan
) -> None:
    monkeypatch.setattr(export, "WAITING", 3)
    telemetry, inner = start(None), Scripted()
    inner.failing = False
    delivery = Delivery(inner, telemetry.metrics.process.spans_dropped)
    assert [delivery.admit() for _ in range(5)] == [True, True, True, False, False]
    delivery.export([span, span])
    assert [delivery.admit() for _ in range(3)] == [True, True, False]
    assert dropped(telemetry) == 3
    delivery.shutdown()
    assert dropped(telemetry) == 6, "what still waits at the end is dropped too"


def exporting_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("OtelBatch")}


def test_services_of_one_process_share_one_exporting_thread() -> None:
    with OtlpReceiver() as receiver:
        before = exporting_threads()
        telemetry = start(receiver.endpoint)
        for service in ("intake", "complaints", "notifications", "reporting"):
            telemetry.tracing(service).create("t", service)
        started = exporting_threads() - before
        telemetry.shutdown(5.0)
        found = {span.service for span in receiver.wait_for("create t", 4)}
    assert len(started) == 1
    assert found == {"intake", "complaints", "notifications", "reporting"}


@pytest.mark.parametrize("endpoint", ["http://c:4318", "http://c:4318/", "http://c:4318/v1/traces"])
def test_the_address_of_traces_follows_from_the_base_address(endpoint: str) -> None:
    assert traces_url(endpoint) == "http://c:4318/v1/traces"
