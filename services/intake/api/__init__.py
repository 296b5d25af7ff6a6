"""Door 1, HTTP: `/intake/v1`. `schemas` is what travels; `dossiers`, `commands`, `transfers`, `bundles`, `lookups`, `reference`, `forms` hold the routes."""

from __future__ import annotations

from services.intake.api import bundles, commands, dossiers, forms, lookups, reference, transfers

routers = (
    dossiers.router,
    commands.router,
    lookups.router,
    reference.router,
    forms.router,
    transfers.router,
    bundles.router,
)
"""The busiest first: routes are matched in this order."""
