"""Door 1, HTTP: `/intake/v1`. `schemas` is what travels; `dossiers`, `commands`, `lookups`, `catalogue`, `reference`, `forms`, `calendar` hold the routes."""

from __future__ import annotations

from services.intake.api import calendar, catalogue, commands, dossiers, forms, lookups, reference

routers = (
    dossiers.router, commands.router, lookups.router, catalogue.router, reference.router, forms.router, calendar.router,
)  # fmt: skip
"""The busiest first: routes are matched in this order."""
