"""The commands on a dossier: load for the command, decide, save and say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Component, Dossier, Office
from services.intake.handlers.desk import Desk, acting, state
from services.intake.handlers.files import attach, component_files
from services.intake.handlers.source_acts import tell_owner
from services.intake.store import NOTHING_KEPT, Kept
from shared.contracts.envelope import Fact
from shared.kernel import Caller, NotFound, Stale
from shared.store.unit_of_work import Work

Decision: TypeAlias = Callable[[Dossier, datetime, Office], tuple[Dossier, Fact]]
"""What the domain makes of a dossier at an instant, by the office hours that count for it."""


async def _change(
    desk: Desk, who: Caller, id: UUID, seen: int | None, command: str, decide: Decision, kept: Kept = NOTHING_KEPT, *, files: Mapping[str, UUID] | None = None, purpose: str = domain.COMPONENT
) -> Dossier:  # fmt: skip
    """One command."""

    async def change(work: Work) -> Dossier:
        before, at = await load_for(work, command, id, seen)
        dossier, fact = decide(before, at, desk.office_at(before.received_at, before.unit))
        await attach(work, id, files or {}, purpose)
        store.save(work, dossier, kept)
        state(work, before, dossier, fact)
        await tell_owner(work, dossier, fact)
        return dossier

    return await desk.together.do(who, change)


async def load_for(work: Work, command: str, id: UUID, seen: int | None) -> tuple[Dossier, datetime]:
    """The dossier a command is given on, and when: absent and not allowed look the same, and nothing is told before that.

    `seen` is the version the caller read; None: whatever it is now. A machine's clock that lags puts nothing before
    what happened last.
    """
    dossier = await store.load(work, id)
    role = domain.capacity(command, dossier, work.who)
    if role is None:
        raise NotFound
    work.caller = acting(work.caller, role)
    domain.check_owner(command, dossier, role)
    if seen is not None and seen != dossier.version:
        raise Stale(seen=seen, version=dossier.version)
    return dossier, max(work.now, dossier.last_event_at)


async def accept_dossier(desk: Desk, who: Caller, id: UUID, seen: int | None) -> Dossier:
    """Accept what came online or by post."""
    return await _change(
        desk, who, id, seen, "accept", lambda before, at, office: domain.accept(before, at=at, office=office)
    )


async def refuse_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Dossier:
    """Do not accept; the reason's text stays here, its class goes out."""

    def decide(before: Dossier, at: datetime, office: Office) -> tuple[Dossier, Fact]:
        return domain.refuse(before, reason_class=reason_class, at=at, office=office)

    return await _change(desk, who, id, seen, "refuse", decide, Kept(reason=reason))


async def assign_dossier(desk: Desk, who: Caller, id: UUID, seen: int | None, *, officer: str) -> Dossier:
    """Give to an officer."""
    return await _change(
        desk, who, id, seen, "assign", lambda before, at, _office: domain.assign(before, officer=officer, at=at)
    )


async def request_supplement(
    desk: Desk,
    who: Caller,
    id: UUID,
    seen: int | None,
    *,
    components: Sequence[str],
    reason: str,
    respond_by: date | None,
) -> Dossier:
    """Ask for papers."""

    def decide(before: Dossier, at: datetime, office: Office) -> tuple[Dossier, Fact]:
        return domain.request_supplement(before, components=components, respond_by=respond_by, at=at, office=office)

    asked = {"components": list(components), "reason": reason}
    return await _change(desk, who, id, seen, "request-supplement", decide, Kept(supplement=asked))


async def supply_components(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, components: Sequence[Component]
) -> Dossier:
    """Take the missing papers."""

    def decide(before: Dossier, at: datetime, office: Office) -> tuple[Dossier, Fact]:
        return domain.supply(before, at=at, office=office)

    files = component_files(components)
    return await _change(desk, who, id, seen, "supply", decide, Kept(papers=components), files=files)


async def settle_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, outcome: str, number: str | None, file: UUID | None = None
) -> Dossier:
    """There is a result."""

    def decide(before: Dossier, at: datetime, office: Office) -> tuple[Dossier, Fact]:
        return domain.settle(before, outcome=outcome, number=number, at=at, office=office)

    files = {} if file is None else {"/result_file": file}
    return await _change(desk, who, id, seen, "settle", decide, files=files, purpose=domain.RESULT)


async def return_result(desk: Desk, who: Caller, id: UUID, seen: int | None, *, method: str) -> Dossier:
    """Hand the result over."""

    def decide(before: Dossier, at: datetime, _office: Office) -> tuple[Dossier, Fact]:
        return domain.return_result(before, method=method, at=at)

    return await _change(desk, who, id, seen, "return-result", decide)


async def withdraw_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Dossier:
    """The applicant takes it back."""

    def decide(before: Dossier, at: datetime, office: Office) -> tuple[Dossier, Fact]:
        if before.source is not None:
            return domain.request_withdrawal(before, reason_class=reason_class, at=at)
        return domain.withdraw(before, reason_class=reason_class, at=at, office=office)

    return await _change(desk, who, id, seen, "withdraw", decide, Kept(reason=reason))


async def stop_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Dossier:
    """The applicant asks to stop."""

    def decide(before: Dossier, at: datetime, office: Office) -> tuple[Dossier, Fact]:
        return domain.stop(before, reason_class=reason_class, at=at, office=office)

    return await _change(desk, who, id, seen, "stop", decide, Kept(reason=reason))


async def pause_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Dossier:
    """Stand still."""

    def decide(before: Dossier, at: datetime, office: Office) -> tuple[Dossier, Fact]:
        return domain.pause(before, reason_class=reason_class, at=at, office=office)

    return await _change(desk, who, id, seen, "pause", decide, Kept(reason=reason))


async def resume_dossier(desk: Desk, who: Caller, id: UUID, seen: int | None) -> Dossier:
    """Go on."""
    return await _change(
        desk, who, id, seen, "resume", lambda before, at, office: domain.resume(before, at=at, office=office)
    )


async def require_payment(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, amount: int, purpose: str, notice_no: str | None, respond_by: date | None
) -> Dossier:  # fmt: skip
    """Ask for a payment; what for stays here, the amount goes out."""

    def decide(before: Dossier, at: datetime, office: Office) -> tuple[Dossier, Fact]:
        return domain.require_payment(
            before, amount=amount, notice_no=notice_no, respond_by=respond_by, at=at, office=office
        )

    asked = {"amount": amount, "purpose": purpose, "notice_no": notice_no, "reference": None, "paid_at": None}
    return await _change(desk, who, id, seen, "require-payment", decide, Kept(payment=asked))


async def confirm_payment(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reference: str, paid_at: datetime
) -> Dossier:
    """Take the proof of payment."""

    def decide(before: Dossier, at: datetime, office: Office) -> tuple[Dossier, Fact]:
        return domain.confirm_payment(before, paid_at=paid_at, at=at, office=office)

    proof = {"reference": reference, "paid_at": paid_at.isoformat()}
    return await _change(desk, who, id, seen, "confirm-payment", decide, Kept(payment=proof))


async def move_appointment(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, new_due_on: date, reason_class: str, reason: str, signer: str
) -> Dossier:  # fmt: skip
    """Apologise and promise another day."""

    def decide(before: Dossier, at: datetime, office: Office) -> tuple[Dossier, Fact]:
        return domain.move_appointment(
            before, new_due_on=new_due_on, reason_class=reason_class, signer=signer, at=at, office=office
        )

    apology = {"new_due_on": new_due_on.isoformat(), "reason_class": reason_class, "reason": reason, "signer": signer}
    return await _change(desk, who, id, seen, "move-appointment", decide, Kept(apology=apology))


async def correct_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, field: str, value: str, reason_class: str, reason: str
) -> Dossier:
    """Put a typing error right; the right words stay here, which field it was goes out."""

    def decide(before: Dossier, at: datetime, _office: Office) -> tuple[Dossier, Fact]:
        return domain.correct(before, field=field, reason_class=reason_class, at=at)

    correction: Mapping[str, Any] = {"field": field, "value": value, "reason_class": reason_class, "reason": reason}
    return await _change(desk, who, id, seen, "correct", decide, Kept(correction=correction))


async def rate_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, score: int, comment: str | None
) -> Dossier:
    """How satisfied the citizen is; the comment stays here."""

    def decide(before: Dossier, at: datetime, _office: Office) -> tuple[Dossier, Fact]:
        return domain.rate(before, score=score, at=at)

    return await _change(desk, who, id, seen, "rate", decide, Kept(comment=comment))
