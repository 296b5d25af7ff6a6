"""Door 2, Kafka: the live consumer (`live`) and the rebuild beside it (`rebuild`)."""

from __future__ import annotations

from services.reporting.consumers.live import LISTENER, listener

__all__ = ["LISTENER", "listener"]
