"""Door 1 for people: the counter page `/quay`, where dossiers are filed, accepted, found and listed; by keyboard, without JavaScript."""

from __future__ import annotations

from services.intake.pages.routes import AT, site

__all__ = ["AT", "site"]
