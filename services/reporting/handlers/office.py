"""What days, hours and rules count: as shipped, and as acts confirmed since have changed them."""

from __future__ import annotations

from datetime import datetime

from services.reporting.domain import Office
from services.reporting.store.reads import Reader
from shared.law import PROVINCE, ZONE, Law, standing
from shared.store import law


async def law_of(reader: Reader) -> Law:
    """The law as intake last told it."""
    return standing(record for _, record in await law.read(reader.db))


def office_at(law: Law, at: datetime, unit: str = PROVINCE) -> Office:
    """The calendar, the office hours of a unit and the rules that count for what was received at an instant."""
    return Office(law.calendar, law.hours_of(unit, at.astimezone(ZONE).date()), law.rules)
