"""Statutory forms, from the lines alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.reporting import domain
from services.reporting.adapters import sheets
from services.reporting.domain.form06 import Form06
from services.reporting.store import form06 as store
from services.reporting.store import reads
from shared.kernel import NotFound
from shared.law.zone import moment
from shared.store.unit_of_work import Works

LONGEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Made:
    """A form, and when the newest fact in it was recorded."""

    form: Form06
    as_of: datetime | None

    def csv(self) -> bytes:
        """The form as CSV."""
        return sheets.csv_of(self.form)

    def xlsx(self) -> bytes:
        """The form as an Excel sheet."""
        return sheets.xlsx_of(self.form)


async def form06(works: Works, unit: str, first: date, last: date) -> Made:
    """Form 06 of a unit with all below it, for the period from `first` to `last`."""
    if first > last or last - first > LONGEST:
        raise domain.BadQuestion(field="from")
    async with reads.looking(works) as reader:
        found = await reads.units(reader, unit)
        if not found:
            raise NotFound
        lines = await store.form06(reader, unit, first, last, moment(last + timedelta(days=1)))
        return Made(Form06(unit, found[0]["name"], first, last, lines), await reads.newest_at(reader))
