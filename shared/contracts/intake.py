"""Facts stated by intake: dossiers on `intake.dossiers`, reference data on compacted topics, contacts sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from shared.contracts.envelope import Catalogue, Fact, fact

DOSSIERS = "intake.dossiers"
UNITS = "intake.units"
PROCEDURES = "intake.procedures"
STAFF = "intake.staff"
CONTACTS = "intake.contacts"
CALENDAR = "intake.calendar"
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


@fact(DOSSIERS, "dossier")
class DossierTransferred(Fact):
    """Another unit is asked to take the dossier; `unit` stays accountable until it does, at the latest on `accept_due_on`.

    No due date of the dossier moves by it. `papers`: so many papers go along.
    """

    dossier: UUID
    code: str
    unit: str
    to_unit: str
    recipient: UUID
    reason_class: str
    papers: int
    accept_due_at: datetime
    accept_due_on: date


@fact(DOSSIERS, "dossier")
class DossierTransferAccepted(Fact):
    """The unit asked took the dossier and is accountable now; `promised_on` is what it was."""

    dossier: UUID
    code: str
    from_unit: str
    unit: str
    recipient: UUID
    promised_on: date


@fact(DOSSIERS, "dossier")
class DossierTransferRejected(Fact):
    """The unit asked did not take the dossier; the second time the common superior gets it (`dossier-escalated`)."""

    dossier: UUID
    code: str
    unit: str
    by_unit: str
    recipient: UUID
    times: int
    reason_class: str


@fact(DOSSIERS, "dossier")
class DossierEscalated(Fact):
    """The superior unit is accountable now; `promised_on` is what it was."""

    dossier: UUID
    code: str
    from_unit: str
    unit: str
    recipient: UUID
    reason_class: str
    promised_on: date


@fact(UNITS, "unit")
class UnitDescribed(Fact):
    """The full current record of an administrative unit."""

    unit: str
    name: str
    level: str
    kind: str
    agency: str
    valid_from: date
    valid_to: date | None = None
    remote: bool = False
    parent: str | None = None
    remote_from: date | None = None
    remote_to: date | None = None


@fact(DOSSIERS, "dossier")
class DossierSucceeded(Fact):
    """The unit of a dossier ended, and its successor settles it; every date stays what it was. `unit` is the new one."""

    dossier: UUID
    code: str
    unit: str
    from_unit: str
    recipient: UUID


@fact(PROCEDURES, "procedure")
class ProcedureDescribed(Fact):
    """The full current record of an administrative procedure."""

    procedure: str
    name: str
    sector: str
    level: str
    limit: str
    procedure_version: int
    online: bool
    legal_basis: str
    verified: bool
    components: list[str] = field(default_factory=list)
    valid_from: date | None = None
    valid_to: date | None = None
    max_supplements: int | None = None
    publicity: str | None = None
    """How the publication of its newest version stands: due, near, late or done; never registered: None."""


@fact(PROCEDURES, "procedure")
class PublicityAnnounced(Fact):
    """A signed version is to be published soon (stage `warn`), or was not in time (`breach`); never published itself."""

    procedure: str
    procedure_version: int
    stage: str
    revision: int
    due_on: date


@fact(STAFF, "officer")
class StaffDescribed(Fact):
    """The full current record of an officer, without a name; `subject_mark` stands for their sign-in (decisions 6)."""

    officer: str
    subject_mark: str
    unit: str
    position: str
    roles: list[str]
    valid_from: date
    valid_to: date | None = None
    superior: str | None = None
    deputy: str | None = None
    deputy_from: date | None = None
    deputy_to: date | None = None


@fact(STAFF, "officer")
class StaffContactRead(Fact):
    """Somebody opened the contact of an officer; never published."""

    officer: str
    unit: str


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


@fact(CALENDAR, "key")
class CalendarChanged(Fact):
    """A whole year as it stands now: `off` days `{on, vi, en}`, `makeup` days `{on, instead_of?, basis}`; replaces the one known before."""

    key: str
    year: int
    status: str
    basis: str
    act: UUID
    off: list[dict[str, str]] = field(default_factory=list)
    makeup: list[dict[str, str]] = field(default_factory=list)


@fact(CALENDAR, "key")
class OfficeHoursChanged(Fact):
    """All office hours of a unit (`province`: of whoever has none), the newest first; they stand before those shipped."""

    key: str
    unit: str
    act: UUID
    profiles: list[dict[str, Any]] = field(default_factory=list)


@fact(CALENDAR, "key")
class RuleChanged(Fact):
    """All versions of a rule of law that were added to those shipped: rows as in the rule book, each with its citation."""

    key: str
    rule: str
    act: UUID
    versions: list[dict[str, Any]] = field(default_factory=list)


@fact(CALENDAR, "act")
class LawActProposed(Fact):
    """Somebody proposed a change of the law's data; it counts when another person confirms it. Never published."""

    act: UUID
    kind: str
    key: str


@fact(CONTACTS, "recipient")
class ContactSealed(Fact):
    """The newest contact of a recipient, sealed for notifications; sent, never kept as a fact (decisions 2)."""

    recipient: UUID
    contact_sealed: str
    key_id: str


DOSSIER_FACTS: tuple[type[Fact], ...] = (
    DossierSubmitted, DossierAccepted, DossierRefused, DossierAssigned, SupplementRequested, SupplementSupplied,
    PaymentRequired, PaymentConfirmed, DossierPaused, DossierResumed, AppointmentMoved, DossierStopped, DossierCorrected, DossierRated,
    DossierSettled, ResultReturned, DossierWithdrawn, DeadlineWarned, DeadlineBreached, DeadlineMoved,
    DossierTransferred, DossierTransferAccepted, DossierTransferRejected, DossierEscalated, DossierSucceeded,
)  # fmt: skip
REFERENCE_FACTS: tuple[type[Fact], ...] = (UnitDescribed, ProcedureDescribed, StaffDescribed)
LAW_FACTS: tuple[type[Fact], ...] = (CalendarChanged, OfficeHoursChanged, RuleChanged)
CATALOGUE = Catalogue.of((*DOSSIER_FACTS, *REFERENCE_FACTS, *LAW_FACTS, ContactSealed, WithdrawalRequested))
