"""The hand-in: submit, accept, refuse, take back, and stop."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from services.intake.domain import refusals
from services.intake.domain.bundles import counted_from
from services.intake.domain.clocks import Term, answer_term, local_day, settlement_term
from services.intake.domain.dossier import Dossier, Procedure, Submission, Unit, no_offer, permit, reckoned
from services.intake.domain.states import State
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.kernel import Forbidden, Principal
from shared.law import Office

LONGEST_BACKLOG = timedelta(days=366)
"""A paper dossier may be entered at most so long after it was received."""


def filing_capacity(who: Principal, unit: str) -> str:
    """In which role somebody files at this unit: its clerk, else a citizen whose sign-in says who they are."""
    if who.has("clerk") and who.may_act_for(unit):
        return "clerk"
    if not who.has("citizen"):
        raise Forbidden(unit=unit)
    if who.recipient is None:
        raise refusals.IdentityUnknown
    return "citizen"


def check_submission(submission: Submission, procedure: Procedure, unit: Unit, *, at: datetime, counter: bool) -> None:
    """What a submission is refused for, field by field; `counter`: a clerk of the unit enters it."""
    if not unit.offers(procedure):
        levels = ", ".join(procedure.levels)
        raise refusals.NotOfferedHere(field="/unit", unit=unit.code, procedure=procedure.code, levels=levels)
    if submission.channel == "direct" and not counter:
        raise refusals.CounterOnly(field="/channel")
    _check_receipt(submission.received_at, at, counter=counter)
    check_lifetimes(submission.received_at or at, unit, procedure)
    _check_late_entry(submission, at)
    if submission.channel == "direct":
        _check_components(submission, procedure)


def _check_receipt(received_at: datetime | None, at: datetime, *, counter: bool) -> None:
    if received_at is None:
        return
    if not counter:
        raise refusals.ReceivedAtCounterOnly(field="/received_at")
    if received_at > at:
        raise refusals.InTheFuture(field="/received_at")
    if received_at < at - LONGEST_BACKLOG:
        raise refusals.TooLongAgo(field="/received_at", days=LONGEST_BACKLOG.days)


def check_lifetimes(received_at: datetime, unit: Unit, procedure: Procedure) -> None:
    """A dossier is received by a unit that is there on that day, for a procedure that is in force then."""
    day = local_day(received_at)
    if not procedure.counts_on(day):
        raise refusals.NotInForce(field="/procedure", procedure=procedure.code, on=day.isoformat())
    if unit.valid_from is not None and day < unit.valid_from:
        raise refusals.UnitNotYetThere(field="/unit", unit=unit.code, since=unit.valid_from.isoformat())
    if unit.valid_to is not None and day > unit.valid_to:
        raise refusals.UnitNoLongerThere(field="/unit", unit=unit.code, until=unit.valid_to.isoformat())


def _check_late_entry(submission: Submission, at: datetime) -> None:
    """A slip written on paper is entered the same day; later there is a reason, which is kept."""
    late = submission.received_at is not None and local_day(submission.received_at) < local_day(at)
    if late and not (submission.late_entry_reason or "").strip():
        raise refusals.LateEntryReasonMissing(field="/late_entry_reason")


def _check_components(submission: Submission, procedure: Procedure) -> None:
    given = {component.name for component in submission.components}
    if missing := [name for name in procedure.required if name not in given]:
        raise refusals.MissingComponent(field="/components", missing="; ".join(missing))


def check_resubmission(before: Dossier | None, again: UUID | None, *, procedure: str, recipient: UUID) -> None:
    """What filing again is refused for: `before` is the dossier meant, `again` the one it was filed again as.

    Absent and somebody else's look the same.
    """
    if before is None or before.recipient != recipient:
        raise refusals.UnknownDossier(field="/resubmits")
    if before.procedure != procedure:
        raise refusals.OtherProcedure(field="/resubmits", procedure=before.procedure)
    if before.state not in {State.REFUSED, State.WITHDRAWN, State.STOPPED}:
        raise refusals.NotResubmittable(state=before.state.value)
    if again is not None:
        raise refusals.AlreadyResubmitted


def submit(
    submission: Submission, procedure: Procedure, *, id: UUID, code: str, recipient: UUID, verifier: str, at: datetime, office: Office, sets: int = 1,
) -> tuple[Dossier, list[Fact]]:  # fmt: skip
    """Receive a dossier; what came over the counter is accepted at once, else an officer answers in time."""
    dossier = Dossier(
        id=id, code=code, procedure=procedure.code, procedure_version=procedure.version, unit=submission.unit, channel=submission.channel,
        subject_kind=submission.subject_kind, state=State.SUBMITTED, recipient=recipient, submitted_at=at,
        received_at=submission.received_at or at, receiving_unit=submission.unit, limit=procedure.limit, pause_mode=procedure.pause_mode, max_supplements=procedure.max_supplements,
        resubmits=submission.resubmits, bundle=submission.bundle, sets=sets,
    )  # fmt: skip
    papers = len(submission.components)
    if submission.channel != "direct":
        dossier = await_answer(dossier, dossier.received_at, office)
        return dossier, [_submitted(dossier, verifier, papers)]
    accepted, fact = _accept(dossier, since=dossier.received_at, at=at, office=office)
    return accepted, [_submitted(dossier, verifier, papers), fact]


def _submitted(dossier: Dossier, verifier: str, components: int) -> facts.DossierSubmitted:
    return facts.DossierSubmitted(
        occurred_at=dossier.submitted_at, dossier=dossier.id, code=dossier.code, procedure=dossier.procedure,
        procedure_version=dossier.procedure_version, unit=dossier.unit, channel=dossier.channel, subject_kind=dossier.subject_kind,
        recipient=dossier.recipient, submitted_at=dossier.submitted_at, received_at=dossier.received_at,
        answer_due_at=dossier.answer_due_at, lookup_verifier=verifier, components=components,
        resubmits=dossier.resubmits, bundle=dossier.bundle,
    )  # fmt: skip


def await_answer(dossier: Dossier, since: datetime, office: Office) -> Dossier:
    """Start the limit to answer."""
    term = answer_term(since, office)
    return dossier.having(answer=term, answer_due_at=term.due.due_at if term.due else None)


def answered(dossier: Dossier, at: datetime, office: Office) -> Term | None:
    """The answer limit, ended unless it was ended before; None where there never was one."""
    return dossier.answer if dossier.answer is None or dossier.answer.ended else dossier.answer.end(at, office)


def accept(dossier: Dossier, *, at: datetime, office: Office) -> tuple[Dossier, facts.DossierAccepted]:
    """Accept what came online or by post: settlement starts now, as for the counter it starts at the receipt."""
    permit("accept", dossier)
    return _accept(dossier.next(), since=at, at=at, office=office)


def _accept(
    dossier: Dossier, *, since: datetime, at: datetime, office: Office
) -> tuple[Dossier, facts.DossierAccepted]:
    limit = dossier.limit if dossier.bundle is None else counted_from(dossier.limit, since, office)
    term = settlement_term(dossier.received_at, since, limit, dossier.pause_mode, office, dossier.appointment_at)
    due, promise = term.due, term.promise
    if due is None or due.due_on is None or promise is None or promise.due_at is None or promise.due_on is None:
        raise AssertionError("a clock that was just started has a due date")
    accepted = dossier.having(
        state=State.ACCEPTED, accepted_at=at, answer=answered(dossier, at, office), answer_due_at=None, **reckoned(dossier, term)
    )  # fmt: skip
    return accepted, facts.DossierAccepted(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, rule=due.rule or "",
        rule_version=due.version or 0, started_at=due.starts_at, due_at=promise.due_at, due_on=promise.due_on, promised_on=promise.due_on,
        lawful_due_on=due.due_on, provisional=due.provisional,
    )  # fmt: skip


def refuse(
    dossier: Dossier, *, reason_class: str, at: datetime, office: Office
) -> tuple[Dossier, facts.DossierRefused]:
    """Do not accept a dossier, for a reason."""
    permit("refuse", dossier)
    ended = answered(dossier, at, office)
    refused = dossier.next(state=State.REFUSED, closed_at=at, answer=ended, answer_due_at=None)
    return refused, facts.DossierRefused(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, reason_class=reason_class,
    )  # fmt: skip


def withdraw(
    dossier: Dossier, *, reason_class: str, at: datetime, office: Office
) -> tuple[Dossier, facts.DossierWithdrawn]:
    """The applicant takes the dossier back before there is a result; whatever limit runs ends here."""
    permit("withdraw", dossier)
    withdrawn = _given_up(dossier, State.WITHDRAWN, at, office)
    return withdrawn, facts.DossierWithdrawn(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, reason_class=reason_class,
    )  # fmt: skip


def request_withdrawal(
    dossier: Dossier, *, reason_class: str, at: datetime
) -> tuple[Dossier, facts.WithdrawalRequested]:
    """The applicant wants back what another system owns: that system does it, and says so."""
    permit("withdraw", dossier)
    return dossier.next(), facts.WithdrawalRequested(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, source=dossier.source or "",
        reason_class=reason_class,
    )  # fmt: skip


def stop(dossier: Dossier, *, reason_class: str, at: datetime, office: Office) -> tuple[Dossier, facts.DossierStopped]:
    """The applicant asks to stop what was accepted, before a decision exists (Decree 118/2025, Art. 21; form 05)."""
    permit("stop", dossier)
    stopped = _given_up(dossier, State.STOPPED, at, office)
    return stopped, facts.DossierStopped(
        occurred_at=at, dossier=dossier.id, code=dossier.code, unit=dossier.unit, recipient=dossier.recipient, reason_class=reason_class,
    )  # fmt: skip


def _given_up(dossier: Dossier, state: State, at: datetime, office: Office) -> Dossier:
    """Closed without a result: whatever limit runs ends."""
    return dossier.next(
        state=state, closed_at=at, respond_by=None, remaining_working_hours=None, answer=answered(dossier, at, office), answer_due_at=None,
        settlement=dossier.settlement and dossier.settlement.end(at, office), **no_offer(dossier, at, office),
    )  # fmt: skip
