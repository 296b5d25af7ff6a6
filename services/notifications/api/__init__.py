"""Door 1: a citizen's own inbox and its live stream, the public contact key, and what was told about a dossier."""

from __future__ import annotations

from services.notifications.api import inbox, notices, stream

ROUTERS = (inbox.router, stream.router, notices.router)
