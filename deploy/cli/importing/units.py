"""`gandan import units`: communes, departments, centres and non-state bodies as they are from now on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from deploy.cli.importing.lines import Bench, Kind, Outcome, each
from deploy.cli.importing.rows import AsText, Parts, SheetDay
from services.intake import handlers
from services.intake.api.reference_schemas import UnitBody, UnitCode


class UnitRow(UnitBody):
    """One unit."""

    code: Annotated[UnitCode, AsText]
    parent: Annotated[UnitCode, AsText] | None = None
    valid_from: SheetDay
    valid_to: SheetDay | None = None
    remote_from: SheetDay | None = None
    remote_to: SheetDay | None = None
    renamed_on: SheetDay | None = None
    unverified: Annotated[list[str], Parts] = Field(default_factory=list)


async def _line(bench: Bench, row: UnitRow) -> Outcome:
    _, outcome = await handlers.keep_unit(bench.desk, bench.work, row.record_of(row.code), renamed_on=row.renamed_on)
    return outcome


KIND = Kind(UnitRow, each(_line))
