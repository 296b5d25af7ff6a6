"""Door 1, HTTP: `/intake/v1`. `schemas` and `reference_schemas` are what travels; the other modules hold the routes, by what they are about."""

from __future__ import annotations

from services.intake.api import (
    bundles,
    calendar,
    catalogue,
    commands,
    comparison,
    dossiers,
    egress,
    files,
    forms,
    lists,
    lookups,
    portal,
    source_reports,
    sources,
    staff,
    transfers,
    units,
    visits,
)

routers = (
    dossiers.router, commands.router, lists.router, lookups.router, catalogue.router, units.router, forms.router, transfers.router, bundles.router, staff.router,
    calendar.router, files.router, sources.door, sources.router, source_reports.router, comparison.router, visits.router, portal.door, portal.router, egress.router,
)  # fmt: skip
"""The busiest first: routes are matched in this order."""
