"""`gandan import dossiers`: a paper register, with open and closed dossiers, each line once for its code; nobody is told of what is past."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from deploy.cli.importing.lines import How, Report, Row, TakenBack, refused, take_back
from deploy.cli.importing.lines import Kind as ImportKind
from deploy.cli.importing.rows import AsText, Code, Parts, SheetDay
from deploy.cli.installation import Installation, operator, quiet
from deploy.cli.screen import Bar
from services.intake import handlers
from services.intake.domain import Past, State, Submission
from services.intake.handlers import Desk, PastLine
from shared.kernel import Refused
from shared.law import ZONE
from shared.store.unit_of_work import Work, Works
from shared.store.vault import Details
from shared.web.fields import Instant, text
from shared.web.people import EmailAddress, IdentityNumber, PhoneNumber

BATCH = 500
"""Lines in one transaction."""

_WRITTEN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: +(\d{1,2}:\d{2}(?::\d{2})?))?")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?")


def _vietnamese(value: object) -> object:
    """A moment as a register has it: of a sheet, `23/11/2025 08:15`, `2025-11-23 08:15`, or a day alone; on Vietnam's clock."""
    if isinstance(value, str) and (found := _WRITTEN.fullmatch(value.strip())):
        day, month, year, hour = found.groups()
        value = f"{year}-{int(month):02}-{int(day):02}" + (f" {hour.zfill(5)}" if hour else "")
    if isinstance(value, str) and _LOCAL.fullmatch(value):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value
    return value.replace(tzinfo=ZONE) if isinstance(value, datetime) and value.tzinfo is None else value


Moment = Annotated[Instant, BeforeValidator(_vietnamese)]


class DossierRow(BaseModel):
    """A line of the register; `since`: when it began to wait, or ended without a result."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[Code, Field(max_length=60)]
    procedure: Annotated[Code, Field(max_length=30)]
    unit: Annotated[Code, Field(max_length=10)]
    state: State
    received_at: Moment
    name: Annotated[str, text(max_length=200)]
    identity_no: Annotated[IdentityNumber, AsText] | None = None
    phone: Annotated[PhoneNumber, AsText] | None = None
    email: EmailAddress | None = None
    address: Annotated[str, text(max_length=500)] | None = None
    owner_name: Annotated[str, text(max_length=200)] | None = None
    owner_address: Annotated[str, text(max_length=500)] | None = None
    channel: Literal["online", "direct", "postal"] = "direct"
    subject_kind: Literal["citizen", "business", "state-body", "organisation"] = "citizen"
    summary: Annotated[str, text(max_length=1000)] | None = None
    accepted_at: Moment | None = None
    promised_on: SheetDay | None = None
    handler: Annotated[str, text(max_length=60, pattern=r"^[A-Za-z0-9._-]+$")] | None = None
    since: Moment | None = None
    missing: Annotated[list[Annotated[str, text(max_length=300)]], Parts, Field(max_length=50)] = []
    amount: Annotated[int, Field(ge=1, le=1_000_000_000_000)] | None = None
    reason_class: Literal["wrong-place", "not-complete", "not-eligible", "duplicate", "own-wish", "other-agency", "other"] = "other"  # fmt: skip
    reason: Annotated[str, text(max_length=2000)] | None = None
    settled_at: Moment | None = None
    outcome: Literal["granted", "rejected"] | None = None
    number: Annotated[Code, Field(max_length=60)] | None = None
    returned_at: Moment | None = None
    method: Literal["counter", "post", "electronic"] | None = None

    def line(self) -> PastLine:
        """As intake takes it."""
        person = Details(self.name, self.identity_no, self.phone, self.email, self.address)
        owner = Details(self.owner_name, address=self.owner_address) if self.owner_name else None
        return PastLine(self._past(), person, owner, self.summary, self.reason)

    def _past(self) -> Past:
        submission = Submission(self.procedure, self.unit, self.channel, (), self.subject_kind, self.received_at)
        return Past(
            self.code, submission, self.state, self.received_at, self.accepted_at, self.promised_on, self.handler, self.since,
            tuple(self.missing), self.amount, self.reason_class, self.settled_at, self.outcome, self.number, self.returned_at, self.method,
        )  # fmt: skip


async def apply(here: Installation, rows: Sequence[Row], how: How, report: Report) -> None:
    """Load the lines, a batch in a transaction, or all in one when nothing may stay before the last was tried."""
    async with here.built("intake", quiet(here.settings)) as (made, works):
        desk: Desk = made.api.state.desk
        await handlers.refresh(desk)
        await enter(desk, works, rows, how, report)


async def enter(desk: Desk, works: Works, rows: Sequence[Row], how: How, report: Report) -> None:
    """The lines onto this desk."""
    size = BATCH if not how.may_undo else max(len(rows), 1)
    with Bar("dossiers") as bar:
        for first in range(0, len(rows), size):
            with suppress(TakenBack):
                async with works.begin(operator()) as work:
                    for start in range(first, min(first + size, len(rows)), BATCH):
                        await _some(desk, work, rows[start : start + BATCH], report)
                    take_back(how, report)
            bar.show(min(first + size, len(rows)), len(rows))


async def _some(desk: Desk, work: Work, rows: Sequence[Row], report: Report) -> None:
    outcomes = await handlers.enter_backlog(desk, work, [row.line() for _number, row in rows])
    for (number, _row), outcome in zip(rows, outcomes, strict=True):
        if isinstance(outcome, Refused):
            report.refused.append(refused(number, outcome))
        else:
            report.count(outcome)


KIND = ImportKind(DossierRow, apply)
