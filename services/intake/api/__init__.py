"""Door 1, HTTP: `/intake/v1`. `schemas` is what travels; `dossiers`, `commands`, `lookups`, `reference`, `forms`, `sources`, `visits` hold the routes."""

from __future__ import annotations

from services.intake.api import commands, dossiers, forms, lookups, reference, sources, visits

routers = (
    dossiers.router,
    commands.router,
    lookups.router,
    reference.router,
    forms.router,
    sources.router,
    visits.router,
)
"""The busiest first: routes are matched in this order."""
