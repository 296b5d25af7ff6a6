"""Telemetry: traces that follow a fact through four services, one catalogue of metrics, logs without personal data."""
