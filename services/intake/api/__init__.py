"""Door 1, HTTP: `/intake/v1`. `schemas` is what travels; `dossiers`, `commands`, `lookups`, `catalogue`, `reference`, `forms` hold the routes."""

from __future__ import annotations

from services.intake.api import catalogue, commands, dossiers, forms, lookups, reference

routers = (dossiers.router, commands.router, lookups.router, catalogue.router, reference.router, forms.router)
"""The busiest first: routes are matched in this order."""
