"""Facts of a dossier's limits: near, past, or moved by a change of the law's data."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from shared.contracts.envelope import Fact, fact
from shared.contracts.intake.dossiers import DOSSIERS


@fact(DOSSIERS, "dossier")
class DeadlineWarned(Fact):
    """The dossier will be late unless something happens: one announcement per deadline revision."""

    dossier: UUID
    code: str
    unit: str
    kind: str
    revision: int
    due_at: datetime
    due_on: date
    officer: str | None = None


@fact(DOSSIERS, "dossier")
class DeadlineBreached(Fact):
    """The due date has passed: one announcement per deadline revision."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    kind: str
    revision: int
    due_at: datetime
    due_on: date
    officer: str | None = None
    tells_citizens: bool = True
    backfill: bool = False


@fact(DOSSIERS, "dossier")
class DeadlineMoved(Fact):
    """A change of the calendar, of office hours or of a rule moved a limit that runs. What the slip says stays a promise
    (`promised_on`); `due_on` is the later one of the promise and the lawful day; `moved_to` is that day where it is another one for the applicant.
    """

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    kind: str
    reason_class: str
    act: UUID
    old_due_on: date
    due_on: date
    due_at: datetime
    promised_on: date | None = None
    old_lawful_due_on: date | None = None
    lawful_due_on: date | None = None
    moved_to: date | None = None
    provisional: bool = False
    officer: str | None = None
    tells_citizens: bool = True
