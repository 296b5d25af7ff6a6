"""The commands on a case: load for the command, decide, save and say. Texts stay here, closed classes go out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.complaints import domain
from services.complaints.domain import Acceptance, Case, Finding, Office, Unit, complaint, feedback, moves
from services.complaints.domain.case import Decided
from services.complaints.handlers.desk import Desk, acting, known_unit, state_case, today
from services.complaints.store import cases, reference
from shared.kernel import Caller, NotFound, Stale
from shared.law import ZONE
from shared.store.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Asked:
    """Who gives a command on which case, and which version they read; None: whatever it is now."""

    who: Caller
    id: UUID
    seen: int | None


@dataclass(slots=True)
class Sitting:
    """One command under way: the case as it stands, and what is decided about it."""

    work: Work
    case: Case
    office: Office
    decided: Decided | None = None
    written: dict[str, Any] = field(default_factory=dict)
    points: Sequence[str] | None = None

    @property
    def now(self) -> datetime:
        """When it is decided: a machine's clock that lags puts nothing before what happened last."""
        return max([self.work.now, *(term.last_at for term in self.case.terms.values())])

    @property
    def after(self) -> Case:
        """The case after the decision."""
        if self.decided is None:
            raise AssertionError("a sitting ends with a decision")
        return self.decided[0]

    async def superior(self) -> Unit | None:
        """The unit above the accountable one."""
        return domain.superior(await reference.units(self.work.db, today(self.now)), self.case.unit)


@asynccontextmanager
async def _sitting(desk: Desk, command: str, asked: Asked) -> AsyncIterator[Sitting]:
    """Load the case for a command; afterwards save and say what was decided, and what was written with it."""
    async with desk.works.begin(asked.who) as work:
        case = await _load(work, command, asked)
        sitting = Sitting(work, case, desk.office_at(case.received_at))
        yield sitting
        if sitting.decided is None:
            raise AssertionError("a sitting ends with a decision")
        after, facts = sitting.decided
        written = {"command": command, "at": work.now.astimezone(ZONE).isoformat(), **sitting.written}
        await cases.save(work, after, points=sitting.points, written=written if sitting.written else None)
        state_case(work, case, after, facts)
        work.answers(domain.snapshot(after, work.who))


async def _load(work: Work, command: str, asked: Asked) -> Case:
    """The case a command is given on: absent and not allowed look the same, and nothing is told before that."""
    case = await cases.load(work, asked.id)
    role = domain.capacity(command, case, work.who)
    if role is None:
        raise NotFound
    work.caller = acting(work.caller, role)
    if asked.seen is not None and asked.seen != case.version:
        raise Stale(seen=asked.seen, version=case.version)
    return case


# -- any kind --------------------------------------------------------------------------------------------------------


async def assign_case(desk: Desk, asked: Asked, *, officer: str) -> Case:
    """Give to an officer."""
    async with _sitting(desk, "assign", asked) as s:
        s.decided = moves.assign(s.case, officer=officer, at=s.now)
    return s.after


async def withdraw_case(desk: Desk, asked: Asked, *, reason_class: str, reason: str) -> Case:
    """The citizen takes it back."""
    async with _sitting(desk, "withdraw", asked) as s:
        s.decided = moves.withdraw(s.case, reason_class=reason_class, at=s.now, office=s.office)
        s.written = {"text": reason}
    return s.after


async def transfer_case(desk: Desk, asked: Asked, *, to_unit: str, reason_class: str, reason: str) -> Case:
    """Ask another unit to take it."""
    async with _sitting(desk, "transfer", asked) as s:
        to = await known_unit(s.work.db, to_unit, s.now, field="/to_unit")
        s.decided = moves.transfer(s.case, to=to, reason_class=reason_class, at=s.now, office=s.office)
        s.written = {"text": reason}
    return s.after


async def accept_transfer(desk: Desk, asked: Asked) -> Case:
    """The unit asked takes it."""
    async with _sitting(desk, "accept-transfer", asked) as s:
        receiver = await known_unit(s.work.db, s.case.to_unit or s.case.unit, s.now, field="/to_unit")
        s.decided = moves.accept_transfer(s.case, receiver=receiver, at=s.now, office=s.office)
    return s.after


async def reject_transfer(desk: Desk, asked: Asked, *, reason_class: str, reason: str) -> Case:
    """The unit asked does not take it."""
    async with _sitting(desk, "reject-transfer", asked) as s:
        units = await reference.units(s.work.db, today(s.now))
        superior = domain.common_superior(units, s.case.unit, s.case.to_unit or s.case.unit)
        s.decided = moves.reject_transfer(
            s.case, superior=superior, reason_class=reason_class, at=s.now, office=s.office
        )
        s.written = {"text": reason}
    return s.after


# -- complaints ------------------------------------------------------------------------------------------------------


async def accept_case(
    desk: Desk, asked: Asked, *, points: Sequence[str], complex_grounds: Sequence[str], learned_on: date | None, obstacle: str | None
) -> Case:  # fmt: skip
    """Take a complaint on, with its contents."""
    async with _sitting(desk, "accept", asked) as s:
        acceptance = Acceptance(len(points), bool(complex_grounds), learned_on, obstacle)
        s.decided = complaint.accept(s.case, acceptance=acceptance, at=s.now, office=s.office)
        s.points, s.written = points, {"complex_grounds": list(complex_grounds), "obstacle": obstacle}
    return s.after


async def refuse_case(desk: Desk, asked: Asked, *, ground: str, reason: str) -> Case:
    """Do not accept a complaint."""
    async with _sitting(desk, "refuse", asked) as s:
        s.decided = complaint.refuse(s.case, ground=ground, at=s.now, office=s.office)
        s.written = {"text": reason}
    return s.after


async def suspend_case(desk: Desk, asked: Asked, *, ground: str, reason: str) -> Case:
    """Let settlement stand still."""
    async with _sitting(desk, "suspend", asked) as s:
        s.decided = complaint.suspend(s.case, ground=ground, at=s.now, office=s.office)
        s.written = {"text": reason}
    return s.after


async def resume_case(desk: Desk, asked: Asked, *, reason: str) -> Case:
    """Settlement goes on."""
    async with _sitting(desk, "resume", asked) as s:
        s.decided, s.written = complaint.resume(s.case, at=s.now, office=s.office), {"text": reason}
    return s.after


async def extend_case(desk: Desk, asked: Asked, *, ground: str, reason: str) -> Case:
    """Give a complex complaint the longer limit."""
    async with _sitting(desk, "extend", asked) as s:
        s.decided = complaint.extend(s.case, ground=ground, at=s.now, office=s.office)
        s.written = {"text": reason}
    return s.after


async def schedule_dialogue(desk: Desk, asked: Asked, *, to_meet_at: datetime, place: str) -> Case:
    """Invite the parties."""
    async with _sitting(desk, "schedule-dialogue", asked) as s:
        s.decided = complaint.schedule_dialogue(s.case, to_meet_at=to_meet_at, at=s.now, office=s.office)
        s.written = {"dialogue_at": to_meet_at.astimezone(ZONE).isoformat(), "place": place}
    return s.after


async def record_dialogue(desk: Desk, asked: Asked, *, held_on: date, outcome: str, minutes: str) -> Case:
    """Take the minutes of a dialogue."""
    async with _sitting(desk, "record-dialogue", asked) as s:
        s.decided = complaint.record_dialogue(s.case, held_on=held_on, outcome=outcome, at=s.now)
        s.written = {"text": minutes}
    return s.after


async def decide_case(
    desk: Desk, asked: Asked, *, number: str, findings: Sequence[Finding], reasonings: Sequence[str | None], text: str | None
) -> Case:  # fmt: skip
    """Decide a complaint, with a finding for each of its contents."""
    async with _sitting(desk, "decide", asked) as s:
        s.decided = complaint.decide(s.case, number=number, findings=findings, at=s.now, office=s.office)
        reasoned = zip(findings, reasonings, strict=True)
        s.written = {
            "text": text,
            "findings": [{"content": f.content, "finding": f.finding, "reasoning": why} for f, why in reasoned],
        }
    return s.after


async def deliver_decision(desk: Desk, asked: Asked, *, method: str) -> Case:
    """The decision reached the complainant."""
    async with _sitting(desk, "deliver", asked) as s:
        s.decided = complaint.deliver(s.case, method=method, at=s.now, office=s.office)
    return s.after


async def appeal_case(desk: Desk, asked: Asked, *, reason: str) -> Case:
    """A second complaint to the superior unit."""
    async with _sitting(desk, "appeal", asked) as s:
        superior = await s.superior()
        s.decided = complaint.appeal(s.case, superior=superior, at=s.now, office=s.office)
        s.written = {"text": reason}
        if superior is not None:
            await _open_second(s, superior, reason, desk.office_at(s.now))
    return s.after


async def _open_second(s: Sitting, superior: Unit, reason: str, office: Office) -> None:
    """The second complaint is a case of its own, with the first as its parent."""
    second, fact = complaint.open_second(s.case, superior, id=s.work.new_id(), at=s.now, office=office)
    await cases.create(s.work, second, summary=reason)
    state_case(s.work, None, second, [fact])


# -- feedback and petitions ------------------------------------------------------------------------------------------


async def answer_case(desk: Desk, asked: Asked, *, outcome: str, text: str) -> Case:
    """Answer the citizen."""
    async with _sitting(desk, "answer", asked) as s:
        s.decided = feedback.answer(s.case, outcome=outcome, at=s.now, office=s.office)
        s.written = {"text": text}
    return s.after


async def publish_case(desk: Desk, asked: Asked, *, text: str) -> Case:
    """Publish a version of the outcome without personal data."""
    async with _sitting(desk, "publish", asked) as s:
        s.decided, s.written = feedback.publish(s.case, at=s.now), {"text": text}
    return s.after


async def rate_case(desk: Desk, asked: Asked, *, score: int, comment: str | None) -> Case:
    """The citizen rates the answer."""
    async with _sitting(desk, "rate", asked) as s:
        s.decided = feedback.rate(s.case, score=score, at=s.now)
        s.written = {"text": comment} if comment else {}
    return s.after


async def reopen_case(desk: Desk, asked: Asked, *, reason_class: str, reason: str) -> Case:
    """The citizen is not content with the answer."""
    async with _sitting(desk, "reopen", asked) as s:
        s.decided = feedback.reopen(
            s.case, reason_class=reason_class, superior=await s.superior(), at=s.now, office=s.office
        )
        s.written = {"text": reason}
    return s.after
