"""Door 1, HTTP: `/intake/v1`. `schemas` is what travels; `dossiers`, `commands`, `lists`, `lookups`, `reference`, `forms` hold the routes."""

from __future__ import annotations

from services.intake.api import commands, dossiers, forms, lists, lookups, reference

routers = (dossiers.router, commands.router, lists.router, lookups.router, reference.router, forms.router)
"""The busiest first: routes are matched in this order."""
