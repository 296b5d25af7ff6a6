"""What days and hours count."""

from __future__ import annotations

from datetime import datetime

from services.reporting.domain import Office
from shared.law import ZONE, office_hours, official_calendar


def office_at(at: datetime) -> Office:
    """The calendar and office hours that count at an instant."""
    return Office(official_calendar(), office_hours(at.astimezone(ZONE).date()))
