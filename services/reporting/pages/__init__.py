"""Door 1 for people: server-rendered pages, Vietnamese first, usable without JavaScript and at 360 px."""

from __future__ import annotations

from services.reporting.pages.routes import site

__all__ = ["site"]
