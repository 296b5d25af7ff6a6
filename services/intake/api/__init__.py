"""Door 1, HTTP: `/intake/v1`. `schemas` is what travels; `dossiers`, `commands`, `lookups`, `reference`, `forms`, `sources`, `portal`, `egress` hold the routes."""

from __future__ import annotations

from services.intake.api import commands, dossiers, egress, forms, lookups, portal, reference, sources

routers = (
    dossiers.router,
    commands.router,
    lookups.router,
    reference.router,
    forms.router,
    sources.router,
    portal.router,
    egress.router,
)
"""The busiest first: routes are matched in this order."""
