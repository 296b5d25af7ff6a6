"""Door 1, HTTP: figures for everybody, lists and timelines for those they concern, forms and the league for officers."""

from __future__ import annotations

from services.reporting.api import cases, dossiers, forms

ROUTERS = (dossiers.router, cases.router, forms.router)
