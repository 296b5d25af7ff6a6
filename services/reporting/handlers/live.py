"""The counters of every unit as they stand, and by which word one knows whether they stand there still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from services.reporting import domain
from services.reporting.handlers.reading import Overview, overview_at
from services.reporting.store import projections, reads
from services.reporting.store.reads import Reader
from shared.store.unit_of_work import Works


@dataclass(frozen=True, slots=True)
class Counters:
    """Every figure everybody may see, by unit, at one moment; `place` names that moment of the projection and that day."""

    place: str
    today: date
    as_of: datetime | None
    whole: Mapping[str, int]
    units: Mapping[str, Mapping[str, int]]


async def counters(works: Works, known: str | None = None) -> Counters | None:
    """The counters now; None where the projection and the day are still those of the place `known`."""
    today = domain.day_of(works.clock())
    async with reads.looking(works) as reader:
        place = await _place(reader, today)
        return None if place == known else _counters(place, await overview_at(reader, today))


async def _place(reader: Reader, today: date) -> str:
    """A word for what was applied so far: figures are the same wherever it is the same, in any process."""
    applied = [tuple(row) for row in await projections.offsets(reader.db, domain.LIVE)]
    said = (today, reader.version, await projections.held(reader.db, domain.LIVE), applied)
    return sha256(repr(said).encode()).hexdigest()[:16]


def _counters(place: str, found: Overview) -> Counters:
    codes = sorted(found.figures.keys() | found.case_figures.keys())
    units = {code: found.of(code) | found.cases_of(code) for code in codes}
    return Counters(place, found.today, found.as_of, found.of(None) | found.cases_of(None), units)
