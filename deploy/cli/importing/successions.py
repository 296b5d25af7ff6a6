"""`gandan import successions`: which unit follows which; what is open at units that have ended goes over at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from deploy.cli.importing.lines import Bench, How, Kind, Outcome, Report, Row, each
from deploy.cli.importing.rows import AsText, Parts, SheetDay
from deploy.cli.installation import Installation, operator, quiet
from services.intake import handlers
from services.intake.api.reference_schemas import UnitCode
from services.intake.domain import Succession
from shared.web.fields import text


class SuccessionRow(BaseModel):
    """`new` follows `old`, which ends the day before; `sectors`: whose dossiers it takes, what nobody else takes when empty."""

    model_config = ConfigDict(extra="forbid")

    old: Annotated[UnitCode, AsText]
    new: Annotated[UnitCode, AsText]
    valid_from: SheetDay
    valid_to: SheetDay | None = None
    basis: Annotated[str, text(max_length=500)]
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    sectors: Annotated[list[str], Parts] = Field(default_factory=list)


async def _line(bench: Bench, row: SuccessionRow) -> Outcome:
    new = Succession(**{**row.model_dump(), "sectors": tuple(row.sectors)})
    return await handlers.keep_succession(bench.desk, bench.work, new)


_rows = each(_line)


async def _apply(here: Installation, rows: Sequence[Row], how: How, report: Report) -> None:
    """Every row first, since the successors of a unit share its dossiers; then the dossiers, in batches."""
    await _rows(here, rows, how, report)
    if not report.applied:
        return
    async with here.built("intake", quiet(here.settings)) as (service, _):
        while handed := await handlers.hand_over_dossiers(service.api.state.desk, operator()):
            report.notes["dossiers handed over"] = report.notes.get("dossiers handed over", 0) + handed


KIND = Kind(SuccessionRow, _apply)
