"""`gandan import procedures`: versions of procedures, each put behind those the catalogue has."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from deploy.cli.importing.lines import Bench, Kind, Outcome, each
from deploy.cli.importing.rows import Parts, SheetDay
from services.intake import handlers
from services.intake.api.reference_schemas import CatalogueComponent, Fee, FormSchema, Level, ProcedureBody
from shared.web.fields import text


class ProcedureRow(ProcedureBody):
    """One version; lists are words between semicolons or JSON, the form's schema is JSON."""

    code: Annotated[str, text(max_length=30)]
    levels: Annotated[list[Level], Field(min_length=1, max_length=3), Parts]
    valid_from: SheetDay
    valid_to: SheetDay | None = None
    signed_on: SheetDay | None = None
    components: Annotated[list[CatalogueComponent], Field(max_length=50), Parts] = Field(default_factory=list)
    fees: Annotated[list[Fee], Field(max_length=20), Parts] = Field(default_factory=list)
    form_schema: Annotated[FormSchema, Parts] = None
    unverified: Annotated[list[str], Parts] = Field(default_factory=list)


async def _line(bench: Bench, row: ProcedureRow) -> Outcome:
    _, outcome = await handlers.keep_version(bench.desk, bench.work, row.version_of(row.code))
    return outcome


KIND = Kind(ProcedureRow, each(_line))
