"""Door 1: a citizen's own inbox and its live stream, the contact key, what was told about a dossier and how it went out."""

from __future__ import annotations

from services.notifications.api import deliveries, inbox, notices, stream

ROUTERS = (inbox.router, stream.router, notices.router, deliveries.router)
