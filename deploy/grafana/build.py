"""The dashboard: rows of panels as data, written out as Grafana's JSON by `python -m deploy.grafana.build`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PLACE: Final = Path(__file__).parent / "dashboards" / "gandan.json"
WIDTH: Final = 24
"""Columns of Grafana's grid."""
HEIGHT: Final = 8
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: what it shows, why one looks at it, its unit in Grafana's words, expression and legend of each line."""

    title: str
    description: str
    unit: str
    lines: Sequence[tuple[str, str]]
    limit: float | None = None
    """From here on it is red, as in the alert."""


ROWS: Final[Sequence[tuple[str, Sequence[Panel]]]] = (
    ("Work", (
        Panel("Dossiers received", "By channel, a minute.", "short",
              [('sum by (channel) (rate(gandan_dossier_submitted_total{job="$job"}[$__rate_interval])) * 60', "{{channel}}")]),
        Panel("Deadlines breached", "Announced, an hour.", "short",
              [('sum by (service) (rate(gandan_deadline_breached_total{job="$job"}[$__rate_interval])) * 3600', "{{service}}")]),
        Panel("Notices created", "By code, a minute.", "short",
              [('sum by (code) (rate(gandan_notification_created_total{job="$job"}[$__rate_interval])) * 60', "{{code}}")]),
    )),
    ("From commit to reader", (
        Panel("Oldest fact in the outbox", "How long the oldest fact has waited for Kafka.", "s",
              [('max by (service) (gandan_outbox_oldest_pending_seconds{job="$job"})', "{{service}}")], 60),
        Panel("Commit to acknowledgement", "99 of 100 facts are with Kafka within this time.", "s",
              [('histogram_quantile(0.99, sum by (le, service) (rate(gandan_outbox_relay_delay_seconds_bucket{job="$job"}[$__rate_interval])))',
                "{{service}}")], 5),
        Panel("Readers behind", "Age of the first record not yet read.", "s",
              [('max by (consumer, topic) (gandan_consumer_lag_seconds{job="$job"})', "{{consumer}} {{topic}}")], 120),
        Panel("Readers behind, by Kafka's count", "Records not yet read, as the collector sees it.", "short",
              [("sum by (group) (kafka_consumer_group_lag_sum)", "{{group}}")]),
        Panel("Records a second", "Applied by each reader.", "short",
              [('sum by (consumer) (rate(gandan_consumer_applied_total{job="$job"}[$__rate_interval]))', "{{consumer}}")]),
        Panel("Set aside", "Records that could not be applied, by reason.", "short",
              [('sum by (consumer, reason) (gandan_parked_records{job="$job"})', "{{consumer}} {{reason}}")], 1),
    )),
    ("Clock", (
        Panel("Sweeper late", "Age of the oldest stage not yet announced.", "s",
              [('max by (service) (gandan_deadline_sweep_lag_seconds{job="$job"})', "{{service}}")], 60),
        Panel("Sweeper last finished", "Seconds ago.", "s",
              [('time() - max by (service) (gandan_deadline_sweep_last_success_seconds{job="$job"})', "{{service}}")], 120),
    )),
    ("Source systems", (
        Panel("Events of sources", "By what became of them, a minute.", "short",
              [('sum by (outcome) (rate(gandan_source_events_total{job="$job"}[$__rate_interval])) * 60', "{{outcome}}")]),
        Panel("Rejected, by source", "A minute.", "short",
              [('sum by (source) (rate(gandan_source_events_total{job="$job", outcome="rejected"}[$__rate_interval])) * 60', "{{source}}")]),
        Panel("Silence beside what is usual", "1: as long as is usual for the source; office time.", "percentunit",
              [('max by (source) (gandan_source_silence_seconds{job="$job"}) / on (source) max by (source) (gandan_source_silence_limit_seconds{job="$job"})',
                "{{source}}")], 1),
        Panel("Clocks of sources", "Seconds ahead of ours; below 0: behind, or sent late.", "s",
              [('max by (source) (gandan_source_skew_seconds{job="$job"})', "{{source}}")], 120),
        Panel("Waiting for the national portal", "Items of our own dossiers, by state.", "short",
              [('max by (state) (gandan_egress_rows{job="$job"})', "{{state}}")], 100),
        Panel("Oldest for the national portal", "How long the portal has not heard of a step.", "s",
              [('max(gandan_egress_oldest_seconds{job="$job"})', "oldest")], 3600),
    )),
    ("HTTP and processes", (
        Panel("Requests a second", "By status.", "reqps",
              [('sum by (http_response_status_code) (rate(http_server_request_duration_seconds_count{job="$job"}[$__rate_interval]))',
                "{{http_response_status_code}}")]),
        Panel("Slowest of twenty requests", "95 of 100 are answered within this time.", "s",
              [('histogram_quantile(0.95, sum by (le, instance) (rate(http_server_request_duration_seconds_bucket{job="$job"}[$__rate_interval])))',
                "{{instance}}")], 0.3),
        Panel("Processor", "Share of one core.", "percentunit",
              [('rate(process_cpu_seconds_total{job="$job"}[$__rate_interval])', "{{instance}}")]),
        Panel("Memory", "Resident.", "bytes", [('process_resident_memory_bytes{job="$job"}', "{{instance}}")]),
        Panel("Event loop late", "How late it woke at the last look.", "s",
              [('gandan_event_loop_lag_seconds{job="$job"}', "{{instance}}")], 1),
        Panel("Database connections in use", "Of each service's pool.", "short",
              [('sum by (service) (gandan_db_pool_in_use{job="$job"})', "{{service}}")]),
    )),
)  # fmt: skip


def dashboard() -> dict[str, Any]:
    """The whole of it."""
    return {
        "uid": "gandan",
        "title": "Gần Dân",
        "tags": ["gandan"],
        "editable": False,
        "refresh": "30s",
        "schemaVersion": 39,
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [_variable("datasource", "datasource", "prometheus"), _variable("job", "constant", "gandan")]
        },
        "panels": list(_panels()),
    }


def _variable(name: str, type_: str, query: str) -> dict[str, Any]:
    return {"name": name, "label": name, "type": type_, "query": query, "hide": 0 if type_ == "datasource" else 2}


def _panels() -> Iterator[dict[str, Any]]:
    number, top = 1, 0
    for title, panels in ROWS:
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1},
            "panels": [],
        }
        number, top = number + 1, top + 1
        across = min(3, len(panels))
        for place, panel in enumerate(panels):
            x, y = place % across * (WIDTH // across), top + place // across * HEIGHT
            yield _chart(number, panel, {"x": x, "y": y, "w": WIDTH // across, "h": HEIGHT})
            number += 1
        top += -(-len(panels) // across) * HEIGHT


def _chart(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, **_limit(panel)}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(65 + at), "datasource": _SOURCE, "expr": expr, "legendFormat": legend}
            for at, (expr, legend) in enumerate(panel.lines)
        ],
    }


def _limit(panel: Panel) -> dict[str, Any]:
    if panel.limit is None:
        return {}
    steps = [{"color": "green", "value": None}, {"color": "red", "value": panel.limit}]
    return {"thresholds": {"mode": "absolute", "steps": steps}, "custom": {"thresholdsStyle": {"mode": "line"}}}


def text() -> str:
    """As it is committed."""
    return json.dumps(dashboard(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PLACE.write_text(text())
