"""Facts of a dossier that another unit is asked to take, takes, or follows with."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from shared.contracts.envelope import Fact, fact
from shared.contracts.intake.dossiers import DOSSIERS


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


@fact(DOSSIERS, "dossier")
class DossierSucceeded(Fact):
    """The unit of a dossier ended, and its successor settles it; every date stays what it was. `unit` is the new one."""

    dossier: UUID
    code: str
    unit: str
    from_unit: str
    recipient: UUID
