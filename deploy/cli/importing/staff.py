"""`gandan import staff`: officers of the directory; names and phones go to the vault."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from deploy.cli.importing.lines import Bench, Kind, Outcome, each
from deploy.cli.importing.rows import AsText, Parts, SheetDay
from services.intake import handlers
from services.intake.api.reference_schemas import OfficerBody, OfficerId, Role, UnitCode
from shared.web.people import PersonBody


class StaffRow(PersonBody):
    """One officer and their contact in one line; a deputy and a superior stand in the file before whoever names them."""

    id: Annotated[OfficerId, AsText]
    subject: str | None = None
    unit: Annotated[UnitCode, AsText]
    position: str
    roles: Annotated[list[Role], Field(min_length=1), Parts]
    valid_from: SheetDay
    valid_to: SheetDay | None = None
    superior: Annotated[OfficerId, AsText] | None = None
    deputy: Annotated[OfficerId, AsText] | None = None
    deputy_from: SheetDay | None = None
    deputy_to: SheetDay | None = None


_CONTACT = set(PersonBody.model_fields)


async def _line(bench: Bench, row: StaffRow) -> Outcome:
    said = row.model_dump(exclude={*_CONTACT, "id"})
    body = OfficerBody(**{**said, "subject": row.subject or row.id, "contact": row.model_dump(include=_CONTACT)})
    _, outcome = await handlers.keep_officer(bench.desk, bench.work, body.officer_of(row.id), row.details())
    return outcome


KIND = Kind(StaffRow, each(_line))
