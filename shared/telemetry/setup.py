"""One set of providers per process, made on purpose and passed on: nothing happens at import, nothing is global."""

from __future__ import annotations

from dataclasses import dataclass

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import Tracer
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from shared.telemetry.attributes import SCHEMA_URL
from shared.telemetry.export import Departures, departures
from shared.telemetry.metrics import Metrics
from shared.telemetry.tracing import Tracing

_SCOPE = "gandan"


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a process measures with; `shutdown` it once, at the end."""

    tracer_provider: TracerProvider
    meter_provider: MeterProvider
    tracer: Tracer
    metrics: Metrics
    version: str
    registry: CollectorRegistry
    departures: Departures | None

    @property
    def recording(self) -> bool:
        """Whether spans are recorded at all; ids exist either way."""
        return self.departures is not None

    def provider_for(self, service: str) -> TracerProvider:
        """The provider of one of several services in this process: its own `service.name`, the same way out."""
        resource = self.tracer_provider.resource.merge(Resource({"service.name": service}))
        return _tracer_provider(resource, self.departures)

    def tracing(self, service: str) -> Tracing:
        """Our own tracing of facts for one service."""
        tracer = self.provider_for(service).get_tracer(_SCOPE, self.version, SCHEMA_URL)
        return Tracing(tracer, service, recording=self.recording)

    def metrics_text(self) -> bytes:
        """Everything measured, in the text format Prometheus scrapes (`text/plain; version=0.0.4`)."""
        return generate_latest(self.registry)

    def shutdown(self, timeout: float) -> None:
        """Deliver the last spans for at most `timeout` seconds; blocks, so call it off the event loop. Metrics stay readable."""
        if self.departures is not None:
            self.departures.close(timeout)


def setup(service: str, *, instance: str, version: str, otlp_endpoint: str | None, environment: str) -> Telemetry:
    """Telemetry of this process; without an endpoint spans are only ids, which is cheap."""
    resource = Resource.create({
        "service.name": service,
        "service.namespace": "gandan",
        "service.version": version,
        "service.instance.id": instance,
        "deployment.environment.name": environment,
    })  # fmt: skip
    registry = CollectorRegistry()
    meter_provider = _meter_provider(resource, registry)
    metrics = Metrics(meter_provider.get_meter(_SCOPE, version, SCHEMA_URL))
    out = None if otlp_endpoint is None else departures(otlp_endpoint, metrics.process.spans_dropped)
    tracer_provider = _tracer_provider(resource, out)
    tracer = tracer_provider.get_tracer(_SCOPE, version, SCHEMA_URL)
    return Telemetry(tracer_provider, meter_provider, tracer, metrics, version, registry, out)


def _meter_provider(resource: Resource, registry: CollectorRegistry) -> MeterProvider:
    ProcessCollector(registry=registry)
    reader = PrometheusMetricReader(scope_info_enabled=False, registry=registry)
    return MeterProvider([reader], resource, shutdown_on_exit=False)


def _tracer_provider(resource: Resource, out: Departures | None) -> TracerProvider:
    """Everything is kept (a province makes about 6 spans a second), or nothing is recorded."""
    if out is None:
        return TracerProvider(ALWAYS_OFF, resource, shutdown_on_exit=False)
    provider = TracerProvider(ParentBased(ALWAYS_ON), resource, shutdown_on_exit=False)
    provider.add_span_processor(out)
    return provider
