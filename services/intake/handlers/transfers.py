"""Hand-overs between units: ask, take, send back; each leaves a line on the dossier's control slip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Dossier, Office
from services.intake.handlers.commands import load_for
from services.intake.handlers.desk import Desk, state
from services.intake.store import Kept
from shared.contracts.envelope import Fact
from shared.kernel import Caller
from shared.store.unit_of_work import Work

Decision: TypeAlias = Callable[[Dossier, datetime, Office], tuple[Dossier, Sequence[Fact]]]
Slip: TypeAlias = Callable[[Dossier, Dossier, datetime], Kept]
"""The line of a hand-over, from the dossier before and after it and the instant."""


async def _hand(
    desk: Desk, who: Caller, id: UUID, seen: int | None, command: str, decide: Decision, slip: Slip
) -> Dossier:
    """One command, with its line on the slip."""

    async def change(work: Work) -> Dossier:
        before, at = await load_for(work, command, id, seen)
        dossier, stated = decide(before, at, desk.office_at(before.received_at, before.unit))
        store.save(work, dossier, slip(before, dossier, at))
        state(work, before, dossier, *stated)
        return dossier

    return await desk.together.do(who, change)


async def transfer_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, to_unit: str, reason_class: str, reason: str, papers: int
) -> Dossier:  # fmt: skip
    """Ask another unit to take it."""
    to = desk.shelf.unit(to_unit, "/to_unit")

    def decide(before: Dossier, at: datetime, office: Office) -> tuple[Dossier, Sequence[Fact]]:
        procedure = desk.shelf.version(before.procedure, before.procedure_version)
        offered, fact = domain.transfer(
            before, to=to, procedure=procedure, reason_class=reason_class, papers=papers, at=at, office=office
        )
        return offered, [fact]

    def slip(before: Dossier, _after: Dossier, at: datetime) -> Kept:
        why = {"reason_class": reason_class, "reason": reason}
        return Kept(handovers=[_line(before.unit, to_unit, papers, at, who.principal.subject, **why)])

    return await _hand(desk, who, id, seen, "transfer", decide, slip)


async def accept_transfer(desk: Desk, who: Caller, id: UUID, seen: int | None) -> Dossier:
    """The unit asked takes it."""

    def slip(_before: Dossier, _after: Dossier, at: datetime) -> Kept:
        return Kept(answered=_answer("accepted", at, who.principal.subject))

    return await _hand(
        desk, who, id, seen, "accept-transfer", lambda before, at, office: domain.accept_transfer(before, at=at, office=office), slip
    )  # fmt: skip


async def reject_transfer(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Dossier:
    """The unit asked does not take it; a dossier sent back twice goes up, which is a hand-over too."""

    def decide(before: Dossier, at: datetime, office: Office) -> tuple[Dossier, Sequence[Fact]]:
        superior = domain.common_superior(desk.shelf.units, before.unit, before.to_unit or before.unit)
        return domain.reject_transfer(before, superior=superior, reason_class=reason_class, at=at, office=office)

    def slip(before: Dossier, after: Dossier, at: datetime) -> Kept:
        by = who.principal.subject
        answered = _answer("rejected", at, by, answer_class=reason_class, answer=reason)
        if after.unit == before.unit:
            return Kept(answered=answered)
        why = {"reason_class": "rejected-twice", "reason": None}
        up = _line(before.unit, after.unit, None, at, by, **why) | _answer("escalated", at, None)
        return Kept(answered=answered, handovers=[up])

    return await _hand(desk, who, id, seen, "reject-transfer", decide, slip)


def _line(from_unit: str, to_unit: str, papers: int | None, at: datetime, by: str, **why: Any) -> dict[str, Any]:
    """A hand-over nobody has answered yet; `papers`: None where they stay where they are until they are fetched."""
    told = {"from_unit": from_unit, "to_unit": to_unit, "papers": papers, "at": at.isoformat(), "by": by, **why}
    return told | {"confirmation": None, "answered_at": None, "answered_by": None, "answer_class": None, "answer": None}


def _answer(confirmation: str, at: datetime, by: str | None, **why: Any) -> dict[str, Any]:
    return {"confirmation": confirmation, "answered_at": at.isoformat(), "answered_by": by, **why}
