"""Facts of a case of any kind: opened, given to somebody, passed on, ended; what another system says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.contracts.envelope import Fact, fact

CASES = "complaints.cases"


@dataclass(frozen=True, kw_only=True)
class CaseFact(Fact):
    """A fact of a letter or case that another system may own: `backfill` is history nobody is told about, `inferred` a state
    its source left out; `tells_citizens`: whether we tell them, or their source does.
    """

    source: str | None = None
    backfill: bool = False
    inferred: bool = False
    tells_citizens: bool = True


@fact(CASES, "case")
class CaseOpened(CaseFact):
    """A part of a letter became a case; its first limit (`deadline`) runs from the receipt of the letter."""

    case: UUID
    submission: UUID
    code: str
    kind: str
    level: int
    unit: str
    recipient: UUID | None = None
    received_at: datetime
    deadline: str
    due_at: datetime
    due_on: date
    about_dossier: UUID | None = None
    promised_on: date | None = None
    """What the system that owns it promised, beside the law's date."""


@fact(CASES, "case")
class CaseAssigned(CaseFact):
    """An officer handles the case now; `officer` is a directory id, not a name."""

    case: UUID
    code: str
    unit: str
    officer: str


@fact(CASES, "case")
class CaseTransferred(CaseFact):
    """Another unit is asked to take the case; `unit` stays accountable until it does, at the latest on `due_on`."""

    case: UUID
    code: str
    kind: str
    unit: str
    to_unit: str
    recipient: UUID | None = None
    reason_class: str
    due_at: datetime
    due_on: date


@fact(CASES, "case")
class CaseTransferAccepted(CaseFact):
    """The unit asked took the case and is accountable now; `due_on` is the citizen's date after that."""

    case: UUID
    code: str
    kind: str
    from_unit: str
    unit: str
    recipient: UUID | None = None
    due_at: datetime
    due_on: date


@fact(CASES, "case")
class CaseTransferRejected(CaseFact):
    """The unit asked did not take the case; the second time the common superior gets it (`case-escalated`)."""

    case: UUID
    code: str
    unit: str
    by_unit: str
    times: int
    reason_class: str
    due_at: datetime | None = None
    due_on: date | None = None


@fact(CASES, "case")
class CaseEscalated(CaseFact):
    """The superior unit is accountable now."""

    case: UUID
    code: str
    kind: str
    from_unit: str
    unit: str
    recipient: UUID | None = None
    reason_class: str
    due_at: datetime
    due_on: date


@fact(CASES, "case")
class CaseWithdrawn(CaseFact):
    """The citizen took the case back; whatever limit ran ends here."""

    case: UUID
    code: str
    kind: str
    unit: str
    recipient: UUID | None = None
    reason_class: str


@fact(CASES, "case")
class CasePromised(CaseFact):
    """The system that owns the case promises another day; the law's date stays."""

    case: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    promised_on: date
    due_on: date | None = None


@fact(CASES, "case")
class CaseCorrected(CaseFact):
    """The system that owns the case said a wrong state before: it stands again in `state`, with the date that counts again."""

    case: UUID
    code: str
    kind: str
    unit: str
    recipient: UUID | None = None
    state: str
    reason_class: str
    deadline: str | None = None
    due_at: datetime | None = None
    due_on: date | None = None


@fact(CASES, "case")
class CitizenActRequested(CaseFact):
    """The citizen wants something of a case another system owns (`act`: withdraw, reopen, appeal): it hears so, and answers with a state."""

    case: UUID
    code: str
    unit: str
    recipient: UUID | None = None
    act: str
    reason_class: str | None = None


@fact(CASES, "case")
class IdentityRead(Fact):
    """Somebody opened the people of a case; never published."""

    case: UUID
    unit: str
    purpose: str
