import shutil
import subprocess

import pytest
from opentelemetry.metrics import Counter, Histogram

from shared.telemetry.metrics import Metrics, catalogue
from shared.telemetry.setup import Telemetry, setup

EXPECTED = {
    "gandan_outbox_oldest_pending_seconds",
    "gandan_outbox_pending",
    "gandan_outbox_relay_delay_seconds",
    "gandan_consumer_record_age_seconds",
    "gandan_consumer_lag_seconds",
    "gandan_consumer_applied_total",
    "gandan_consumer_duplicates_total",
    "gandan_consumer_ignored_total",
    "gandan_consumer_refused_total",
    "gandan_consumer_held_total",
    "gandan_consumer_parked_total",
    "messaging_process_duration_seconds",
    "gandan_parked_records",
    "gandan_parked_oldest_seconds",
    "gandan_deadline_sweep_lag_seconds",
    "gandan_deadline_sweep_last_success_seconds",
    "gandan_deadline_warned_total",
    "gandan_deadline_breached_total",
    "gandan_dossier_submitted_total",
    "gandan_projection_staleness_seconds",
    "gandan_projection_applied_total",
    "gandan_notification_created_total",
    "gandan_notification_attempts_total",
    "gandan_notification_pending",
    "gandan_audit_chain_verified_seconds",
    "gandan_audit_breaks_total",
    "gandan_event_loop_lag_seconds",
    "gandan_db_pool_in_use",
    "gandan_db_pool_wait_seconds",
    "gandan_trace_dropped_total",
    "gandan_admission_refused_total",
    "gandan_egress_rows",
    "gandan_egress_oldest_seconds",
    "gandan_source_silence_seconds",
    "gandan_source_silence_limit_seconds",
    "gandan_source_skew_seconds",
    "gandan_source_waiting",
    "gandan_source_events_total",
}


@pytest.fixture
def telemetry() -> Telemetry:
    return setup("gandan", instance="i1", version="0.1.0", otlp_endpoint=None, environment="test")


def measure_everything(metrics: Metrics) -> None:
    groups = [value for value in vars(metrics).values() if type(value).__module__ == Metrics.__module__]
    rows = iter(metrics.instruments)
    for instrument in (instrument for group in groups for instrument in vars(group).values()):
        labels = dict.fromkeys(next(rows).labels, "x")
        if isinstance(instrument, Counter):
            instrument.add(1, labels)
        elif isinstance(instrument, Histogram):
            instrument.record(0.2, labels)
        else:
            instrument.set(2, labels)


def scraped(telemetry: Telemetry) -> list[str]:
    return telemetry.metrics_text().decode().splitlines()


def test_every_instrument_has_its_name_at_prometheus(telemetry: Telemetry) -> None:
    measure_everything(telemetry.metrics)
    helped = {line.split()[2] for line in scraped(telemetry) if line.startswith("# HELP")}
    assert {name for name in helped if not name.startswith(("process_", "target"))} == EXPECTED
    assert len(catalogue()) == len(EXPECTED)


def test_gauges_keep_the_last_value_and_carry_no_scope_labels(telemetry: Telemetry) -> None:
    pending = telemetry.metrics.outbox.pending
    pending.set(7, {"service": "intake"})
    pending.set(3, {"service": "intake"})
    assert 'gandan_outbox_pending{service="intake"} 3.0' in scraped(telemetry)


def test_breaches_are_counted_by_level(telemetry: Telemetry) -> None:
    for level in ("first", "first", "second"):
        telemetry.metrics.deadlines.breached.add(1, {"service": "intake", "level": level})
    assert 'gandan_deadline_breached_total{level="first",service="intake"} 2.0' in scraped(telemetry)


def test_a_counter_without_labels_stands_at_zero_before_anything_happens(telemetry: Telemetry) -> None:
    assert "gandan_audit_breaks_total 0.0" in scraped(telemetry)


def test_the_process_says_who_it_is(telemetry: Telemetry) -> None:
    (target,) = [line for line in scraped(telemetry) if line.startswith("target_info")]
    for label in (
        'service_name="gandan"',
        'service_namespace="gandan"',
        'service_version="0.1.0"',
        'service_instance_id="i1"',
        'deployment_environment_name="test"',
    ):
        assert label in target


def test_no_instrument_is_labelled_by_a_person_or_a_case() -> None:
    labels = {label for row in catalogue() for label in row.labels}
    assert labels <= {
        "service", "consumer", "topic", "reason", "level", "channel", "outcome", "projection", "code", "state", "source",
        "messaging.consumer.group.name", "messaging.destination.name", "error.type",
    }  # fmt: skip


def test_prometheus_itself_finds_nothing_to_say_about_our_metrics(telemetry: Telemetry) -> None:
    measure_everything(telemetry.metrics)
    text = telemetry.metrics_text()
    assert text.count(b"# HELP") == text.count(b"# TYPE")
    promtool = shutil.which("promtool")
    if promtool is not None:
        checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)  # noqa: S603 - our own text
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
