"""Door 1, HTTP: `/intake/v1`. `schemas` is what travels; `dossiers`, `commands`, `lookups`, `catalogue`, `units`, `forms` hold the routes."""

from __future__ import annotations

from services.intake.api import catalogue, commands, dossiers, forms, lookups, units

routers = (dossiers.router, commands.router, lookups.router, catalogue.router, units.router, forms.router)
"""The busiest first: routes are matched in this order."""
