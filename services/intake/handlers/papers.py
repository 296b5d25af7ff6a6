"""What statutory papers say: people opened from the vault, what was decided and when. Opening is itself a fact, unpublished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Dossier, State
from services.intake.handlers.desk import Desk
from services.intake.handlers.reading import readable
from shared.contracts import intake as facts
from shared.contracts.envelope import F, Fact
from shared.kernel import Caller, Principal, Refused
from shared.settings import Keys
from shared.store import vault
from shared.store.lookups import lookup_secret
from shared.store.unit_of_work import Work


class SupplementNotRequested(Refused):
    """The applicant was never asked for papers, so there is no request to print."""


class NotRefused(Refused):
    """The dossier was not refused, so there is no refusal to print."""


class NotApologised(Refused):
    """The appointment was never moved, so there is no apology to print."""


class NotStopped(Refused):
    """The dossier was not stopped on request, so there is no notice to print."""


_STANDING: Mapping[type[Fact], State] = {
    facts.DossierAccepted: State.ACCEPTED, facts.DossierAssigned: State.IN_PROGRESS, facts.SupplementRequested: State.AWAITING_SUPPLEMENT,
    facts.SupplementSupplied: State.IN_PROGRESS, facts.PaymentRequired: State.AWAITING_PAYMENT, facts.PaymentConfirmed: State.IN_PROGRESS,
    facts.DossierResumed: State.IN_PROGRESS, facts.DossierPaused: State.PAUSED,
}  # fmt: skip
"""Where a dossier that is stopped may have stood before, by the fact that brought it there."""


@dataclass(frozen=True, slots=True, repr=False)
class Papers:
    """A dossier with the people and texts its papers name."""

    dossier: Dossier
    submitter: vault.Details
    owner: vault.Details | None
    procedure: str
    """Its name in the version the dossier was received under."""
    catalogue: Sequence[Mapping[str, Any]]
    """The papers this version asks for."""
    summary: str | None
    components: Sequence[Mapping[str, Any]]
    supplement: Mapping[str, Any] | None
    payment: Mapping[str, Any] | None
    apology: Mapping[str, Any] | None
    reason: str | None
    handovers: Sequence[Mapping[str, Any]]
    secret: str


class Control(NamedTuple):
    """What the control slip says beside the dossier: the officers it was given to, the return of its result, and when it is printed."""

    assigned: Sequence[facts.DossierAssigned]
    returned: facts.ResultReturned | None
    at: datetime


async def read_papers(desk: Desk, who: Principal, id: UUID) -> Papers:
    """What the slip of an accepted dossier shows."""
    async with desk.works.begin(Caller(who)) as work:
        dossier = await readable(work.db, who, id)
        domain.check_slip(dossier)
        row = await _open(work, dossier, "slip")
    return _papers(desk.works.keys, dossier, row)


async def read_supplement_request(desk: Desk, who: Principal, id: UUID) -> tuple[Papers, facts.SupplementRequested]:
    """What was asked for last, and the texts that went with it."""
    return await _decided(desk, who, id, facts.SupplementRequested, "supplement-request", SupplementNotRequested)


async def read_refusal(desk: Desk, who: Principal, id: UUID) -> tuple[Papers, facts.DossierRefused]:
    """Why a dossier was not accepted."""
    return await _decided(desk, who, id, facts.DossierRefused, "refusal", NotRefused)


async def read_apology(desk: Desk, who: Principal, id: UUID) -> tuple[Papers, facts.AppointmentMoved]:
    """Why the appointment was moved, and to which day."""
    return await _decided(desk, who, id, facts.AppointmentMoved, "apology", NotApologised)


async def read_control(desk: Desk, who: Principal, id: UUID) -> tuple[Papers, Control]:
    """An accepted dossier with everybody who had it in hand, and how its result went out."""
    async with desk.works.begin(Caller(who)) as work:
        dossier = await readable(work.db, who, id)
        if dossier.accepted_at is None:
            raise domain.NotYetAccepted(state=dossier.state.value, command="print-control-slip")
        row = await _open(work, dossier, "control")
        control = Control(
            await store.all_of(work.db, id, facts.DossierAssigned), await store.latest(work.db, id, facts.ResultReturned), work.now
        )  # fmt: skip
    return _papers(desk.works.keys, dossier, row), control


async def read_stopping(desk: Desk, who: Principal, id: UUID) -> tuple[Papers, facts.DossierStopped, State]:
    """Why a dossier was stopped on request, and where it stood then."""
    papers, stopped = await _decided(desk, who, id, facts.DossierStopped, "stopping", NotStopped)
    async with desk.works.reading() as connection:
        brought = await store.last_of(connection, id, list(_STANDING))
    return papers, stopped, _STANDING[brought]


async def _decided(
    desk: Desk, who: Principal, id: UUID, kind: type[F], purpose: str, refusal: type[Refused]
) -> tuple[Papers, F]:
    """The papers of a decision, once its fact is there; until then refused by name."""
    async with desk.works.begin(Caller(who)) as work:
        dossier = await readable(work.db, who, id)
        decision = await store.latest(work.db, id, kind)
        if decision is None:
            raise refusal(state=dossier.state.value)
        row = await _open(work, dossier, purpose)
    return _papers(desk.works.keys, dossier, row), decision


async def _open(work: Work, dossier: Dossier, purpose: str) -> Mapping[str, Any]:
    row = await store.papers(work.db, dossier.id)
    opened = facts.IdentityRead(occurred_at=work.now, dossier=dossier.id, unit=dossier.unit, purpose=purpose)
    work.record(opened, published=False)
    return row


def corrected_request(row: Mapping[str, Any]) -> str | None:
    """The request as it was put right last."""
    rightly: list[str] = [each["value"] for each in row["corrections"] if each["field"] == "summary"]
    summary: str | None = row["summary"]
    return rightly[-1] if rightly else summary


def _papers(keys: Keys, dossier: Dossier, row: Mapping[str, Any]) -> Papers:
    try:
        submitter, owner = people_of(keys, row)
    except vault.Forgotten:
        raise domain.PersonForgotten from None
    return Papers(
        dossier, submitter, owner, row["procedure_name"], row["procedure_components"], corrected_request(row), row["components"], row["supplement"],
        row["payment"], row["apology"], row["reason"], row["handovers"], lookup_secret(keys, dossier.id, dossier.lookup_number),
    )  # fmt: skip


def people_of(keys: Keys, row: Mapping[str, Any]) -> tuple[vault.Details, vault.Details | None]:
    """Submitter and owner of a row that holds their vault rows; raises `Forgotten`."""
    owner = {"id": row["owner_id"], "data_key": row["owner_data_key"], "sealed": row["owner_sealed"]}
    return vault.disclose(keys, row), vault.disclose(keys, owner) if row["owner_id"] else None
