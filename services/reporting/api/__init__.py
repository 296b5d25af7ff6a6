"""Door 1, HTTP: figures for everybody, also live; lists and timelines for those they concern; forms and the league for officers."""

from __future__ import annotations

from services.reporting.api import cases, dossiers, forms, stream

ROUTERS = (dossiers.router, cases.router, forms.router, stream.router)
