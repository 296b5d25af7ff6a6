"""Pass a dossier on to another unit: asked, taken or sent back, and after two refusals up to the common superior.

One body is accountable at a time: the sender until another takes it. No date of the dossier moves by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from services.intake.domain import refusals
from services.intake.domain.clocks import transfer_term
from services.intake.domain.dossier import Dossier, Procedure, Unit, no_offer, permit
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.law import Office

SECOND_REJECTION = 2


def transfer(
    dossier: Dossier, *, to: Unit, procedure: Procedure | None, reason_class: str, papers: int, at: datetime, office: Office
) -> tuple[Dossier, facts.DossierTransferred]:  # fmt: skip
    """Ask another unit to take the dossier, with so many papers; `procedure`: None where it is in force no more."""
    permit("transfer", dossier)
    _check_receiver(dossier, to, procedure)
    asked = transfer_term(at, office)
    if asked.due is None or asked.due.due_at is None or asked.due.due_on is None:
        raise AssertionError("a clock that was just started has a due date")
    offered = dossier.next(to_unit=to.code, offered_at=at, transfer=asked)
    return offered, facts.DossierTransferred(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, to_unit=to.code, recipient=dossier.recipient,
        reason_class=reason_class, papers=papers, accept_due_at=asked.due.due_at, accept_due_on=asked.due.due_on,
    )  # fmt: skip


def _check_receiver(dossier: Dossier, to: Unit, procedure: Procedure | None) -> None:
    if to.code == dossier.unit:
        raise refusals.SameUnit(field="/to_unit", unit=to.code)
    if procedure is not None and not to.offers(procedure):
        levels = ", ".join(procedure.levels)
        raise refusals.NotOfferedHere(field="/to_unit", unit=to.code, procedure=procedure.code, levels=levels)


def accept_transfer(dossier: Dossier, *, at: datetime, office: Office) -> tuple[Dossier, list[Fact]]:
    """The unit asked takes the dossier and is accountable now; its head gives it to an officer anew."""
    permit("accept-transfer", dossier)
    taken = dossier.next(unit=dossier.to_unit, handler=None, **no_offer(dossier, at, office))
    fact = facts.DossierTransferAccepted(
        occurred_at=at, dossier=dossier.id, code=dossier.code, from_unit=dossier.unit, unit=taken.unit, recipient=dossier.recipient,
        promised_on=_promised(dossier),
    )  # fmt: skip
    return taken, [fact]


def reject_transfer(
    dossier: Dossier, *, superior: Unit | None, reason_class: str, at: datetime, office: Office
) -> tuple[Dossier, list[Fact]]:
    """The unit asked does not take it: it stays with the sender; the second time the superior of both gets it."""
    permit("reject-transfer", dossier)
    times = dossier.rejections + 1
    rejected = dossier.next(rejections=times, **no_offer(dossier, at, office))
    fact = facts.DossierTransferRejected(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, by_unit=dossier.to_unit or "", recipient=dossier.recipient,
        times=times, reason_class=reason_class,
    )  # fmt: skip
    if times < SECOND_REJECTION or superior is None or superior.code == dossier.unit:
        return rejected, [fact]
    return _escalated(rejected, superior, fact, at)


def _escalated(dossier: Dossier, superior: Unit, rejection: Fact, at: datetime) -> tuple[Dossier, list[Fact]]:
    fact = facts.DossierEscalated(
        occurred_at=at, dossier=dossier.id, code=dossier.code, from_unit=dossier.unit, unit=superior.code, recipient=dossier.recipient,
        reason_class="rejected-twice", promised_on=_promised(dossier),
    )  # fmt: skip
    return dossier.having(unit=superior.code, handler=None), [rejection, fact]


def _promised(dossier: Dossier) -> date:
    if dossier.promised_on is None:
        raise AssertionError("an accepted dossier has a promised day")
    return dossier.promised_on


def common_superior(units: Mapping[str, Unit], one: str, other: str) -> Unit | None:
    """The nearest unit that stands above both, or is one of them and stands above the other."""
    above = {unit.code for unit in _chain(units, other)}
    return next((unit for unit in _chain(units, one) if unit.code in above), None)


def _chain(units: Mapping[str, Unit], code: str) -> list[Unit]:
    """A unit and those above it, the nearest first."""
    found: list[Unit] = []
    while code in units and units[code] not in found:
        found.append(units[code])
        code = units[code].parent or ""
    return found
