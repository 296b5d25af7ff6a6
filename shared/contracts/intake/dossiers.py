"""Facts of a dossier, from its filing to the hand of the citizen: `intake.dossiers`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.contracts.envelope import Fact, fact

DOSSIERS = "intake.dossiers"


# `backfill` on a fact: it was loaded, from a paper register or by a source system, after it had happened; nobody is told of it.


@dataclass(frozen=True, kw_only=True)
class DossierFact(Fact):
    """A dossier's fact that a source system may have told: `backfill` is history nobody is told about, `inferred` a skipped status."""

    source: str | None = None
    backfill: bool = False
    inferred: bool = False


@fact(DOSSIERS, "dossier")
class DossierSubmitted(DossierFact):
    """A dossier was handed in; `answer_due_at` is set when an officer has still to accept it (online, postal)."""

    dossier: UUID
    code: str
    procedure: str
    procedure_version: int
    unit: str
    channel: str
    subject_kind: str
    recipient: UUID
    submitted_at: datetime
    received_at: datetime | None = None
    answer_due_at: datetime | None = None
    lookup_verifier: str
    components: int
    tells_citizens: bool = True
    resubmits: UUID | None = None
    bundle: UUID | None = None


@fact(DOSSIERS, "dossier")
class DossierAccepted(DossierFact):
    """The dossier was accepted (portal status 2); the slip's date is the promise, the lawful date stands beside it."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    rule: str
    rule_version: int
    started_at: datetime
    due_at: datetime
    due_on: date
    promised_on: date
    lawful_due_on: date
    provisional: bool


@fact(DOSSIERS, "dossier")
class DossierRefused(DossierFact):
    """The dossier was not accepted (portal status 3); the reason's text stays in intake."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    reason_class: str


@fact(DOSSIERS, "dossier")
class DossierAssigned(DossierFact):
    """An officer of the unit handles the dossier now (portal status 4); `officer` is a directory id, not a name."""

    dossier: UUID
    unit: str
    officer: str


@fact(DOSSIERS, "dossier")
class SupplementRequested(DossierFact):
    """Papers are missing (portal status 5): the clock pauses until they come, at the latest on `respond_by`."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    respond_by: date
    components: int
    remaining_working_hours: float | None = None


@fact(DOSSIERS, "dossier")
class SupplementSupplied(DossierFact):
    """The missing papers came; a running limit goes on with its new due date."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    due_at: datetime | None = None
    due_on: date | None = None
    promised_on: date | None = None
    lawful_due_on: date | None = None
    answer_due_at: datetime | None = None


@fact(DOSSIERS, "dossier")
class DossierSettled(DossierFact):
    """The result is there (portal status 9)."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    outcome: str
    settled_on: date
    promised_on: date | None = None
    lawful_due_on: date | None = None
    timing: str = "unknown"


@fact(DOSSIERS, "dossier")
class ResultReturned(DossierFact):
    """The citizen has the result (portal status 10)."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    method: str


@fact(DOSSIERS, "dossier")
class PaymentRequired(DossierFact):
    """A financial obligation has to be met first (portal status 6): the clock stands still until it is proved."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    amount: int | None = None
    notice_no: str | None = None
    respond_by: date | None = None
    remaining_working_hours: float | None = None


@fact(DOSSIERS, "dossier")
class PaymentConfirmed(DossierFact):
    """The obligation is met: the second appointment counts from the proof of payment."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    due_at: datetime
    due_on: date
    promised_on: date
    lawful_due_on: date


@fact(DOSSIERS, "dossier")
class DossierPaused(DossierFact):
    """Settlement waits for something outside the unit (portal status 8, which resumes)."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    reason_class: str
    remaining_working_hours: float | None = None


@fact(DOSSIERS, "dossier")
class DossierResumed(DossierFact):
    """Settlement goes on, with its new due date."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    due_at: datetime
    due_on: date
    promised_on: date
    lawful_due_on: date


@fact(DOSSIERS, "dossier")
class AppointmentMoved(DossierFact):
    """The unit apologises and gives a new date (form 04), once; the lawful date stays what it is."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    reason_class: str
    old_promised_on: date
    promised_on: date
    due_at: datetime
    due_on: date
    lawful_due_on: date
    signer: str


@fact(DOSSIERS, "dossier")
class DossierStopped(DossierFact):
    """Stopped on the applicant's request before any decision (form 05, portal status 8, final)."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    reason_class: str


@fact(DOSSIERS, "dossier")
class DossierCorrected(DossierFact):
    """A typing error was put right; which field, never its words."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    field: str
    reason_class: str
    state: str | None = None
    """Where the dossier stands again, when its source put a wrong status right."""
    due_at: datetime | None = None
    due_on: date | None = None
    promised_on: date | None = None
    lawful_due_on: date | None = None


@fact(DOSSIERS, "dossier")
class DossierRated(Fact):
    """The citizen says how satisfied they are, 1 to 5, after the result was returned."""

    dossier: UUID
    code: str
    unit: str
    score: int


@fact(DOSSIERS, "dossier")
class DossierWithdrawn(DossierFact):
    """The citizen took the dossier back (portal status 7)."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    reason_class: str


@fact(DOSSIERS, "dossier")
class IdentityRead(Fact):
    """Somebody opened the people of a dossier; never published."""

    dossier: UUID
    unit: str
    purpose: str


@fact(DOSSIERS, "dossier")
class WithdrawalRequested(Fact):
    """The citizen wants back a dossier that another system owns: that system hears it by its feed, and answers with status 7."""

    dossier: UUID
    code: str
    unit: str
    recipient: UUID
    source: str
    reason_class: str
