"""The measurements, one module each with `async def measure(bench) -> Result`."""

from __future__ import annotations

KEYS = ("submit", "lifecycle", "relay", "project", "ingest", "visible", "sweep", "start", "inbox", "rebuild", "burst")
"""In the order they run and stand in the table."""
