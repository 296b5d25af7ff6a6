"""Alerts and their tests; what our instruments are called in Prometheus."""
