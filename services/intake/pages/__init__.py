"""Door 1 for people: the counter page `/quay`, where dossiers are filed, accepted, found and listed; and `/nguon`, what source systems and the province see of each other; by keyboard, without JavaScript."""

from __future__ import annotations

from services.intake.pages.routes import AT, SOURCES_AT, site

__all__ = ["AT", "SOURCES_AT", "site"]
