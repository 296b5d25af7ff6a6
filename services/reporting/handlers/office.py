"""What days, hours and rules count: as shipped, and as acts confirmed since have changed them."""

from __future__ import annotations

from services.reporting.store.reads import Reader
from shared.law import Law, standing
from shared.store import law


async def law_of(reader: Reader) -> Law:
    """The law as intake last told it."""
    return standing(record for _, record in await law.read(reader.db))
