"""Peer of `relay`: faststream-outbox takes rows from its own table and publishes them to Kafka."""

from __future__ import annotations

