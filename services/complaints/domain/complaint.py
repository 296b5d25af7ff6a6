"""Complaints (Law 02/2011 on complaints, as amended): accept or refuse, verify, decide, deliver, and complain a second time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.complaints.domain import refusals
from services.complaints.domain.case import SECOND_LEVEL, Case, Decided
from services.complaints.domain.clocks import (
    ACCEPTANCE,
    DELIVERY,
    SETTLEMENT,
    begin,
    due_of,
    last_day,
    limitation_ended_on,
    local_day,
    timing,
)
from services.complaints.domain.reference import Unit
from services.complaints.domain.states import Kind, State
from shared.contracts import complaints as facts
from shared.law import Office

RIGHT, PARTLY_RIGHT, WRONG, UNDETERMINED = "right", "partly-right", "wrong", "undetermined"
"""Findings on one content of a complaint: đúng, đúng một phần, sai, chưa đủ cơ sở."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the head says on accepting: how many contents, why it is complex, and since when the act was known.

    `obstacle`: why time before is not counted (sickness, disaster, distant mission, another objective obstacle; Art. 9).
    """

    contents: int
    complex: bool
    learned_on: date | None = None
    obstacle: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What verification says about one content, numbered from 1."""

    content: int
    finding: str


def accept(case: Case, *, acceptance: Acceptance, at: datetime, office: Office) -> Decided:
    """Take the complaint on: the settlement clock starts (Art. 27, 28)."""
    accepted = case.goes("accept", accepted_at=at, contents=acceptance.contents, complex=acceptance.complex)
    _check_limitation(case, acceptance, office)
    settlement = begin(
        SETTLEMENT, at, office, received_at=case.received_at, second=case.second, complex=acceptance.complex, remote=case.remote
    )  # fmt: skip
    accepted = accepted.ended(at, office, ACCEPTANCE).with_terms(office, settlement=settlement)
    due, (due_at, due_on) = settlement.read(office), due_of(settlement)
    return accepted, [
        facts.CaseAccepted(
            occurred_at=at, case=case.id, code=case.code, kind=case.kind.value, level=case.level, unit=case.unit, recipient=case.recipient,
            contents=acceptance.contents, complex=acceptance.complex, remote=case.remote, rule=due.rule or "", rule_version=due.version or 0,
            started_at=due.starts_at, due_at=due_at, due_on=due_on, provisional=due.provisional,
        )
    ]  # fmt: skip


def _check_limitation(case: Case, acceptance: Acceptance, office: Office) -> None:
    """90 days from learning of the act, unless an obstacle is stated (Art. 9)."""
    if acceptance.learned_on is None:
        return
    received_on = local_day(case.received_at)
    if acceptance.learned_on > received_on:
        raise refusals.InTheFuture(field="/learned_on")
    ended_on = limitation_ended_on(acceptance.learned_on, office, on=received_on)
    if acceptance.obstacle is None and (ended_on is None or received_on > ended_on):
        raise refusals.ComplaintOutOfTime(ended_on=ended_on, received_on=received_on)


def refuse(case: Case, *, ground: str, at: datetime, office: Office) -> Decided:
    """Do not accept the complaint, on a ground of the law (Art. 11)."""
    refused = case.goes("refuse", ground=ground, closed_at=at).ended(at, office)
    return refused, [
        facts.CaseRefused(
            occurred_at=at, case=case.id, code=case.code, kind=case.kind.value, unit=case.unit, recipient=case.recipient, ground=ground,
        )
    ]  # fmt: skip


def suspend(case: Case, *, ground: str, at: datetime, office: Office) -> Decided:
    """Let settlement stand still by a written decision (Decree 155/2026, Art. 12)."""
    suspended = case.goes("suspend", came_from=case.state, ground=ground)
    suspended = suspended.with_terms(office, settlement=case.term(SETTLEMENT).suspend(at, office))
    return suspended, [
        facts.ClockSuspended(
            occurred_at=at, case=case.id, code=case.code, unit=case.unit, recipient=case.recipient, ground=ground,
            remaining_days=suspended.remaining_days,
        )
    ]  # fmt: skip


def resume(case: Case, *, at: datetime, office: Office) -> Decided:
    """The limit goes on from the day of the resumption decision (Decree 155/2026, Art. 12)."""
    resumed = case.goes("resume", came_from=None, ground=None)
    resumed = resumed.with_terms(office, settlement=case.term(SETTLEMENT).resume(at, office))
    due_at, due_on = resumed.promise
    return resumed, [
        facts.ClockResumed(
            occurred_at=at, case=case.id, code=case.code, unit=case.unit, recipient=case.recipient, due_at=due_at, due_on=due_on,
        )
    ]  # fmt: skip


def extend(case: Case, *, ground: str, at: datetime, office: Office) -> Decided:
    """Give a case that proved complex the law's longer limit, counted from the original start, before it is over (Art. 28)."""
    extended = case.goes("extend", complex=True)
    if case.complex:
        raise refusals.AlreadyExtended
    old_due_on = case.promise[1]
    if local_day(at) > old_due_on:
        raise refusals.TooLateToExtend(due_on=old_due_on)
    extended = extended.with_terms(office, settlement=case.term(SETTLEMENT).lengthen(office, remote=case.remote))
    due_at, due_on = extended.promise
    return extended, [
        facts.DeadlineExtended(
            occurred_at=at, case=case.id, code=case.code, unit=case.unit, recipient=case.recipient, kind=SETTLEMENT, ground=ground,
            old_due_on=old_due_on, due_at=due_at, due_on=due_on,
        )
    ]  # fmt: skip


def schedule_dialogue(case: Case, *, to_meet_at: datetime, at: datetime, office: Office) -> Decided:
    """Invite the parties, early enough (Art. 30; rule `dialogue.complaint-notice`)."""
    scheduled = case.goes("schedule-dialogue", dialogue_at=to_meet_at)
    latest = last_day("dialogue.complaint-notice", to_meet_at, office, on=local_day(case.received_at))
    if local_day(at) > latest:
        raise refusals.DialogueNoticeTooShort(field="/at", latest=latest)
    return scheduled, [
        facts.DialogueScheduled(
            occurred_at=at, case=case.id, code=case.code, unit=case.unit, recipient=case.recipient, dialogue_at=to_meet_at,
        )
    ]  # fmt: skip


def record_dialogue(case: Case, *, held_on: date, outcome: str, at: datetime) -> Decided:
    """Take down that the dialogue was held; a complainant who stayed away without good reason does not stop the case."""
    held = case.goes("record-dialogue", dialogue_held_on=held_on, dialogue_outcome=outcome)
    if held_on > local_day(at):
        raise refusals.InTheFuture(field="/held_on")
    if case.dialogue_at is None or held_on < local_day(case.dialogue_at):
        raise refusals.DialogueNotScheduled
    fact = facts.DialogueHeld(
        occurred_at=at, case=case.id, code=case.code, unit=case.unit, held_on=held_on, outcome=outcome
    )
    return held, [fact]


def decide(case: Case, *, number: str, findings: Sequence[Finding], at: datetime, office: Office) -> Decided:
    """Decide with a finding for each content (Art. 31); after a dialogue where it differs from what is asked (Art. 30), and the
    second time always (Art. 39).
    """
    decided = decided_as(case, number=number, findings=findings, at=at, office=office)
    _check_findings(case, findings)
    if case.dialogue_held_on is None and (case.second or any(each.finding != RIGHT for each in findings)):
        raise refusals.DialogueNotHeld
    return decided


def decided_as(case: Case, *, number: str | None, findings: Sequence[Finding], at: datetime, office: Office) -> Decided:
    """The case decided, whoever answers for the findings and for the dialogue."""
    decided = case.goes("decide", decided_at=at, decision_no=number, outcome=outcome_of(findings))
    found, settle_by = Counter(each.finding for each in findings), case.due_on
    delivery = begin(DELIVERY, at, office, received_at=case.received_at, second=case.second)
    decided = decided.ended(at, office, SETTLEMENT).with_terms(office, delivery=delivery)
    return decided, [
        facts.ComplaintResolved(
            occurred_at=at, case=case.id, submission=case.submission, code=case.code, level=case.level, unit=case.unit, recipient=case.recipient,
            outcome=outcome_of(findings), contents=case.contents, right=found[RIGHT], partly_right=found[PARTLY_RIGHT], wrong=found[WRONG],
            undetermined=found[UNDETERMINED], decided_on=local_day(at), settlement_due_on=settle_by, timing=timing(local_day(at), settle_by),
            deliver_by=due_of(delivery)[1],
        )
    ]  # fmt: skip


def _check_findings(case: Case, findings: Sequence[Finding]) -> None:
    given = Counter(each.content for each in findings)
    if unknown := sorted(given.keys() - range(1, case.contents + 1)):
        raise refusals.UnknownContent(field="/findings", content=unknown[0], contents=case.contents)
    if twice := [content for content, times in given.items() if times > 1]:
        raise refusals.FindingTwice(field="/findings", content=twice[0])
    if missing := [content for content in range(1, case.contents + 1) if content not in given]:
        raise refusals.FindingMissing(missing=", ".join(map(str, missing)))


def outcome_of(findings: Sequence[Finding]) -> str:
    """`upheld` when every content is right, `dismissed` when none is even partly, else `partly-upheld`."""
    kinds = {each.finding for each in findings}
    if kinds <= {RIGHT}:
        return "upheld"
    return "dismissed" if kinds <= {WRONG, UNDETERMINED} else "partly-upheld"


def deliver(case: Case, *, method: str, at: datetime, office: Office) -> Decided:
    """The decision reached the complainant: two clocks that are not ours begin, the second complaint's and legal force's."""
    delivered = case.goes("deliver", delivered_at=at)
    on = local_day(case.received_at)
    until = last_day("complaint.second-complaint", at, office, on=on, remote=case.remote)
    in_force_on = last_day("complaint.in-force", case.decided_at or at, office, on=on, remote=case.remote)
    delivered = delivered.having(appeal_until=until, in_force_on=in_force_on).ended(at, office)
    return delivered, [
        facts.DecisionDelivered(
            occurred_at=at, case=case.id, code=case.code, unit=case.unit, recipient=case.recipient, method=method, delivered_on=local_day(at),
            appeal_until=until, in_force_on=in_force_on,
        )
    ]  # fmt: skip


def appeal(case: Case, *, superior: Unit | None, at: datetime, office: Office) -> Decided:
    """A second complaint to the superior unit, within its window: against the decision, or for silence (Art. 33)."""
    appealed = case.goes("appeal", closed_at=at, appealed_to=None if superior is None else superior.code)
    if case.second:
        raise refusals.SecondIsLast
    basis, until = _appealable(case, at, office)
    if local_day(at) > until:
        raise refusals.AppealOutOfTime(until=until)
    if superior is None:
        raise refusals.NoSuperior(unit=case.unit)
    return appealed.ended(at, office), [
        facts.CaseAppealed(
            occurred_at=at, case=case.id, code=case.code, unit=case.unit, to_unit=superior.code, recipient=case.recipient, basis=basis,
            appeal_until=until,
        )
    ]  # fmt: skip


def open_second(first: Case, unit: Unit, *, id: UUID, at: datetime, office: Office) -> tuple[Case, facts.CaseOpened]:
    """Open the second complaint with the superior unit; its limits run from the day it was made (Art. 36, 37)."""
    term = begin(ACCEPTANCE, at, office, received_at=at)
    due_at, due_on = due_of(term)
    case = Case(
        id=id, submission=first.submission, code=f"{first.code}.{SECOND_LEVEL}", kind=Kind.COMPLAINT, level=SECOND_LEVEL, unit=unit.code,
        state=State.OPENED, recipient=first.recipient, received_at=at, opened_at=at, remote=first.remote, about_dossier=first.about_dossier,
        parent=first.id, parties=first.parties,
    ).with_terms(office, acceptance=term)  # fmt: skip
    return case, facts.CaseOpened(
        occurred_at=at, case=id, submission=case.submission, code=case.code, kind=case.kind.value, level=case.level, unit=case.unit,
        recipient=case.recipient, received_at=at, deadline=ACCEPTANCE, due_at=due_at, due_on=due_on, about_dossier=case.about_dossier,
    )  # fmt: skip


def _appealable(case: Case, at: datetime, office: Office) -> tuple[str, date]:
    """What is appealed, and until when."""
    if case.state is State.DELIVERED and case.appeal_until is not None:
        return "decision", case.appeal_until
    due_on = case.promise[1]
    if local_day(at) <= due_on:
        raise refusals.SettlementNotOverdue(due_on=due_on)
    on = local_day(case.received_at)
    return "silence", last_day("complaint.second-complaint", due_on, office, on=on, remote=case.remote)
