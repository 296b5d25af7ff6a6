"""`gandan import rules`: versions of rules of law, dated, cited, signed by two people. Rows as in the rule book, in JSON or XLSX."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from deploy.cli.importing.lines import Bench, Kind, Outcome, each
from deploy.cli.importing.rows import Parts, SheetDay
from services.intake import handlers


class RuleRow(BaseModel):
    """One version of a rule; `amounts` such as {"normal": "7wd"}; `transition` old-rule-finishes or running-cases-move."""

    model_config = ConfigDict(extra="forbid")

    id: str
    version: int
    valid_from: SheetDay
    valid_to: SheetDay | None = None
    amounts: Annotated[dict[str, str], Parts]
    legal_basis: str | None = None
    verified: bool = False
    kinds: Annotated[list[str], Parts]
    vi: str
    en: str
    given: str | None = None
    pause: str | None = None
    rolls: bool | None = None
    backward: bool | None = None
    extension: str | None = None
    extensions: int | None = None
    warn: str | None = None
    warn_from: int | None = None
    apology: bool | None = None
    alerts: Annotated[list[int], Parts] = Field(default_factory=list)
    reschedules: int | None = None
    transition: str | None = None
    transition_basis: str | None = None
    note: str | None = None

    def row(self) -> dict[str, Any]:
        """As the rule book has it."""
        return self.model_dump(mode="json", exclude_none=True)


async def _line(bench: Bench, row: RuleRow) -> Outcome:
    who = {"proposed_by": bench.how.proposed_by, "confirmed_by": bench.how.confirmed_by}
    return "created" if await handlers.take_in_rule(bench.work, row.row(), **who) else "same"


KIND = Kind(RuleRow, each(_line))
