"""What an instrument of ours is called in Prometheus, as the exporter names it; which names a rule or a panel uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from shared.telemetry.metrics import Instrument, catalogue

_UNITS: Final[Mapping[str, str]] = {"s": "_seconds"}
_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "gauge": ("",),
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
}
OTHERS: Final = frozenset({
    "up",
    "http_server_request_duration_seconds_bucket",
    "http_server_request_duration_seconds_count",
    "kafka_consumer_group_lag_sum",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
})  # fmt: skip
"""Told by Prometheus itself, by FastAPI, by the collector about Kafka, by the process."""
_NAME: Final = re.compile(r"\b(?:gandan|http_server|kafka|messaging|process)_[a-z_]+|\bup\b")


def names_of(instrument: Instrument) -> frozenset[str]:
    """`gandan.outbox.relay.delay`, a histogram in seconds -> `gandan_outbox_relay_delay_seconds_bucket`, `_count`, `_sum`."""
    stem = instrument.name.replace(".", "_") + _UNITS.get(instrument.unit, "")
    return frozenset(stem + end for end in _ENDS[instrument.kind])


def known() -> frozenset[str]:
    """Every name there is."""
    return OTHERS.union(*map(names_of, catalogue()))


def used(text: str) -> frozenset[str]:
    """The names in an expression, or in a whole file of rules."""
    return frozenset(_NAME.findall(text))
