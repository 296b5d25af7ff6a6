"""Facts stated by intake: dossiers on `intake.dossiers`, reference data on compacted topics, contacts sealed.

One module per aggregate: `dossiers`, `deadlines`, `transfers`, `reference`, `calendar`, `letters`, `contacts`.
"""

from __future__ import annotations

from shared.contracts.envelope import Catalogue, Fact
from shared.contracts.intake.calendar import CALENDAR, CalendarChanged, LawActProposed, OfficeHoursChanged, RuleChanged
from shared.contracts.intake.contacts import CONTACTS, ContactSealed
from shared.contracts.intake.deadlines import DeadlineBreached, DeadlineMoved, DeadlineWarned
from shared.contracts.intake.dossiers import (
    DOSSIERS,
    AppointmentMoved,
    DossierAccepted,
    DossierAssigned,
    DossierCorrected,
    DossierFact,
    DossierPaused,
    DossierRated,
    DossierRefused,
    DossierResumed,
    DossierSettled,
    DossierStopped,
    DossierSubmitted,
    DossierWithdrawn,
    IdentityRead,
    PaymentConfirmed,
    PaymentRequired,
    ResultReturned,
    SupplementRequested,
    SupplementSupplied,
    WithdrawalRequested,
)
from shared.contracts.intake.letters import LETTERS, LetterFollowed
from shared.contracts.intake.reference import (
    PROCEDURES,
    STAFF,
    UNITS,
    ProcedureDescribed,
    PublicityAnnounced,
    StaffContactRead,
    StaffDescribed,
    UnitDescribed,
)
from shared.contracts.intake.transfers import (
    DossierEscalated,
    DossierSucceeded,
    DossierTransferAccepted,
    DossierTransferred,
    DossierTransferRejected,
)

__all__ = [
    "CALENDAR",
    "CATALOGUE",
    "CONTACTS",
    "DOSSIERS",
    "DOSSIER_FACTS",
    "LAW_FACTS",
    "LETTERS",
    "PROCEDURES",
    "REFERENCE_FACTS",
    "STAFF",
    "UNITS",
    "AppointmentMoved",
    "CalendarChanged",
    "ContactSealed",
    "DeadlineBreached",
    "DeadlineMoved",
    "DeadlineWarned",
    "DossierAccepted",
    "DossierAssigned",
    "DossierCorrected",
    "DossierEscalated",
    "DossierFact",
    "DossierPaused",
    "DossierRated",
    "DossierRefused",
    "DossierResumed",
    "DossierSettled",
    "DossierStopped",
    "DossierSubmitted",
    "DossierSucceeded",
    "DossierTransferAccepted",
    "DossierTransferRejected",
    "DossierTransferred",
    "DossierWithdrawn",
    "IdentityRead",
    "LawActProposed",
    "LetterFollowed",
    "OfficeHoursChanged",
    "PaymentConfirmed",
    "PaymentRequired",
    "ProcedureDescribed",
    "PublicityAnnounced",
    "ResultReturned",
    "RuleChanged",
    "StaffContactRead",
    "StaffDescribed",
    "SupplementRequested",
    "SupplementSupplied",
    "UnitDescribed",
    "WithdrawalRequested",
]

DOSSIER_FACTS: tuple[type[Fact], ...] = (
    DossierSubmitted, DossierAccepted, DossierRefused, DossierAssigned, SupplementRequested, SupplementSupplied,
    PaymentRequired, PaymentConfirmed, DossierPaused, DossierResumed, AppointmentMoved, DossierStopped, DossierCorrected, DossierRated,
    DossierSettled, ResultReturned, DossierWithdrawn, DeadlineWarned, DeadlineBreached, DeadlineMoved,
    DossierTransferred, DossierTransferAccepted, DossierTransferRejected, DossierEscalated, DossierSucceeded,
)  # fmt: skip
REFERENCE_FACTS: tuple[type[Fact], ...] = (UnitDescribed, ProcedureDescribed, StaffDescribed)
LAW_FACTS: tuple[type[Fact], ...] = (CalendarChanged, OfficeHoursChanged, RuleChanged)
CATALOGUE = Catalogue.of(
    (*DOSSIER_FACTS, *REFERENCE_FACTS, *LAW_FACTS, ContactSealed, WithdrawalRequested, LetterFollowed)
)
