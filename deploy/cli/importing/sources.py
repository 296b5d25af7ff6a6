"""`gandan import sources`: the registry of source systems; their topics are made soon after, or by `gandan topics sync`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, model_validator

from deploy.cli.importing.lines import Bench, Kind, Outcome, each
from deploy.cli.importing.rows import AsText, SheetDay, parts
from services.intake import handlers
from services.intake.api.reference_schemas import UnitCode
from services.intake.api.sources import Account, MandateBody, SourceBody, SourceId
from services.intake.domain.sources import Source

_SPOKEN_FOR = ("valid_from", "valid_to")


class MandateRow(MandateBody):
    """A unit with days of its own."""

    unit: Annotated[UnitCode, AsText]
    valid_from: SheetDay
    valid_to: SheetDay | None = None


class SourceRow(SourceBody):
    """One source; in a sheet its `units` are codes in one cell, spoken for from `valid_from` on and maybe until `valid_to`."""

    id: SourceId
    principal: Annotated[Account, AsText]
    units: Annotated[Sequence[MandateRow], Field(max_length=500)]
    valid_from: SheetDay | None = None
    valid_to: SheetDay | None = None

    @model_validator(mode="before")
    @classmethod
    def _mandates(cls, said: Mapping[str, Any]) -> Mapping[str, Any]:
        """Codes become mandates with the days of the row; a quota in a sheet is JSON."""
        read = {name: parts(value) if name in {"units", "quota"} else value for name, value in said.items()}
        days = {name: said[name] for name in _SPOKEN_FOR if name in said}
        if isinstance(listed := read.get("units"), list):
            read["units"] = [each if isinstance(each, dict) else {"unit": each, **days} for each in listed]
        return read

    def onto(self, known: Source) -> Source:
        """The entry with what this row names; what it leaves out stays as it is."""
        said, named = self.source(self.id), self.model_fields_set - {"quota", *_SPOKEN_FOR}
        quota = replace(known.quota, **self.quota.model_dump(exclude_unset=True))
        return replace(known, **{name: getattr(said, name) for name in named}, quota=quota)


async def _line(bench: Bench, row: SourceRow) -> Outcome:
    known = await handlers.known_source(bench.work, row.id)
    wanted = row.source(row.id) if known is None else row.onto(known)
    _, outcome = await handlers.keep_source(bench.desk, bench.work, wanted)
    return outcome


KIND = Kind(SourceRow, each(_line))
