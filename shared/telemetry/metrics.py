"""The catalogue of what we measure: every instrument, its unit, its meaning, and the labels it is given.

Never a label that names a person, a dossier or a case. Gauges are set by whoever knows, nobody registers a callback.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from opentelemetry.metrics import Counter, Histogram, Meter, NoOpMeter
from opentelemetry.metrics import _Gauge as Gauge

SHORT_S: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Bucket bounds the conventions advise for durations of work, in seconds."""
AGE_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 120.0, 600.0, 3600.0)
"""Bucket bounds for ages of records: from a quick hand-over to the hour after which a trace is cut."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One row of the catalogue."""

    name: str
    kind: str
    unit: str
    description: str
    labels: tuple[str, ...]


class _Maker:
    """Creates instruments and remembers what it created."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.rows: list[Instrument] = []

    def gauge(self, name: str, unit: str, description: str, *labels: str) -> Gauge:
        self.rows.append(Instrument(name, "gauge", unit, description, labels))
        return self.meter.create_gauge(name, unit, description)

    def counter(self, name: str, unit: str, description: str, *labels: str) -> Counter:
        self.rows.append(Instrument(name, "counter", unit, description, labels))
        counter = self.meter.create_counter(name, unit, description)
        if not labels:
            counter.add(0)  # an alert on an increase needs the zero before it
        return counter

    def histogram(self, name: str, bounds: tuple[float, ...], description: str, *labels: str) -> Histogram:
        self.rows.append(Instrument(name, "histogram", "s", description, labels))
        return self.meter.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=bounds)


class Outbox:
    """From commit to broker; label: service."""

    def __init__(self, make: _Maker) -> None:
        self.oldest_pending = make.gauge(
            "gandan.outbox.oldest_pending", "s", "Age of the oldest fact not yet sent; 0 when none waits.", "service"
        )
        self.pending = make.gauge("gandan.outbox.pending", "{event}", "Facts not yet sent.", "service")
        self.relay_delay = make.histogram(
            "gandan.outbox.relay.delay",
            AGE_S,
            "Time from the commit of a fact to the broker's acknowledgement.",
            "service",
        )


class Consumer:
    """What became of each record; applied + duplicates + ignored + refused + held + parked = consumed."""

    def __init__(self, make: _Maker) -> None:
        labels = ("consumer", "topic")
        self.record_age = make.histogram(
            "gandan.consumer.record_age", AGE_S, "Age of a record when it is applied.", *labels
        )
        self.lag = make.gauge(
            "gandan.consumer.lag", "s", "Age of the oldest record not yet read; 0 when all are.", *labels
        )
        self.applied = make.counter("gandan.consumer.applied", "{record}", "Records that had their effect.", *labels)
        self.duplicates = make.counter("gandan.consumer.duplicates", "{record}", "Records seen before.", *labels)
        self.ignored = make.counter(
            "gandan.consumer.ignored", "{record}", "Records of a type nobody here knows.", *labels
        )
        self.refused = make.counter("gandan.consumer.refused", "{record}", "Records the domain refused.", *labels)
        self.held = make.counter(
            "gandan.consumer.held", "{record}", "Records held until the gap before them fills.", *labels
        )
        self.parked = make.counter(
            "gandan.consumer.parked", "{record}", "Records set aside as poison, or behind one of the same key.", *labels
        )
        self.process_duration = make.histogram(
            "messaging.process.duration", SHORT_S, "Duration of processing a batch, with its transaction.",
            "messaging.consumer.group.name", "messaging.destination.name", "error.type",
        )  # fmt: skip


class Parked:
    """Records set aside, as they stand in the database."""

    def __init__(self, make: _Maker) -> None:
        self.records = make.gauge("gandan.parked.records", "{record}", "Records set aside now.", "consumer", "reason")
        self.oldest = make.gauge("gandan.parked.oldest", "s", "Age of the oldest record set aside.", "consumer")


class Deadlines:
    """The clock door."""

    def __init__(self, make: _Maker) -> None:
        self.sweep_lag = make.gauge(
            "gandan.deadline.sweep.lag",
            "s",
            "Age of the oldest due stage not yet announced; 0 when none is.",
            "service",
        )
        self.sweep_last_success = make.gauge(
            "gandan.deadline.sweep.last_success", "s", "When the sweeper last finished, seconds since 1970.", "service"
        )
        self.warned = make.counter("gandan.deadline.warned", "{deadline}", "Warnings announced.", "service", "level")
        self.breached = make.counter(
            "gandan.deadline.breached", "{deadline}", "Breaches announced.", "service", "level"
        )


class Dossiers:
    """What intake receives."""

    def __init__(self, make: _Maker) -> None:
        self.submitted = make.counter("gandan.dossier.submitted", "{dossier}", "Dossiers received.", "channel")


class Projection:
    """Read models."""

    def __init__(self, make: _Maker) -> None:
        self.staleness = make.gauge(
            "gandan.projection.staleness",
            "s",
            "Age of the first record not yet projected; 0 when all are.",
            "projection",
        )
        self.applied = make.counter("gandan.projection.applied", "{record}", "Facts projected.", "projection")


class Notices:
    """What people are told."""

    def __init__(self, make: _Maker) -> None:
        self.created = make.counter("gandan.notification.created", "{notice}", "Notices created.", "code")
        self.attempts = make.counter(
            "gandan.notification.attempts", "{attempt}", "Tries to hand a notice over, by what became of them.", "channel", "outcome",
        )  # fmt: skip
        self.pending = make.gauge(
            "gandan.notification.pending", "{delivery}", "Notices that have still to go out.", "channel"
        )


class Audit:
    """The chain of facts."""

    def __init__(self, make: _Maker) -> None:
        self.verified = make.gauge(
            "gandan.audit.chain.verified", "s", "When the chain was last found whole, seconds since 1970.", "service"
        )
        self.breaks = make.counter("gandan.audit.breaks", "{break}", "Damaged histories found.")


class Process:
    """Saturation of this process."""

    def __init__(self, make: _Maker) -> None:
        self.loop_lag = make.gauge("gandan.event_loop.lag", "s", "How late the event loop woke at the last look.")
        self.pool_in_use = make.gauge(
            "gandan.db.pool.in_use", "{connection}", "Database connections in use.", "service"
        )
        self.pool_wait = make.histogram("gandan.db.pool.wait", SHORT_S, "Wait for a database connection.", "service")
        self.spans_dropped = make.counter("gandan.trace.dropped", "{span}", "Spans the collector did not take.")


class Admission:
    """The HTTP door under load."""

    def __init__(self, make: _Maker) -> None:
        self.refused = make.counter(
            "gandan.admission.refused",
            "{request}",
            "Requests refused since too many were at work.",
            "service",
            "reason",
        )


class Egress:
    """What the national portal has still to hear of our dossiers."""

    def __init__(self, make: _Maker) -> None:
        self.rows = make.gauge("gandan.egress.rows", "{item}", "Items not yet told to the portal.", "state")
        self.oldest = make.gauge("gandan.egress.oldest", "s", "Age of the oldest of them; 0 when there is none.")

    def stands(self, counts: Mapping[str, tuple[int, float]]) -> None:
        """How the queue stands now: number and age of the oldest, by state."""
        for state in ("queued", "sending", "in-doubt", "refused"):
            self.rows.set(counts.get(state, (0, 0.0))[0], {"state": state})
        self.oldest.set(max((age for _, age in counts.values()), default=0.0))


class Sources:
    """How well source systems tell."""

    def __init__(self, make: _Maker) -> None:
        self.silence = make.gauge(
            "gandan.source.silence", "s", "Office time since the source was last heard.", "source"
        )
        self.silence_limit = make.gauge(
            "gandan.source.silence_limit", "s", "Office time after which it counts as silent.", "source"
        )
        self.skew = make.gauge(
            "gandan.source.skew", "s", "Its clock is so far ahead of ours; below 0: behind, or it always sends late.", "source"
        )  # fmt: skip
        self.waiting = make.gauge("gandan.source.waiting", "{event}", "Its events that wait now.", "source")
        self.events = make.counter("gandan.source.events", "{event}", "Its events, by what became of them.", "source", "outcome")  # fmt: skip


class Metrics:
    """Every instrument of a process, made once from its meter: `metrics.outbox.pending.set(3, {"service": "intake"})`."""

    def __init__(self, meter: Meter) -> None:
        make = _Maker(meter)
        self.outbox = Outbox(make)
        self.consumer = Consumer(make)
        self.parked = Parked(make)
        self.deadlines = Deadlines(make)
        self.dossiers = Dossiers(make)
        self.projection = Projection(make)
        self.notices = Notices(make)
        self.audit = Audit(make)
        self.process = Process(make)
        self.admission = Admission(make)
        self.egress = Egress(make)
        self.sources = Sources(make)
        self.instruments = tuple(make.rows)


def catalogue() -> tuple[Instrument, ...]:
    """The rows alone, for dashboards and alerts to be checked against."""
    return Metrics(NoOpMeter("gandan")).instruments
