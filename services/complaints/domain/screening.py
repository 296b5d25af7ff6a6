"""The commands on a letter: ask for what is missing and take it, split, guide, file, link, pass on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypeAlias

from services.complaints.domain import refusals
from services.complaints.domain.clocks import SCREENING, Term, begin, due_of, last_day, local_day
from services.complaints.domain.reference import Unit
from services.complaints.domain.stages import Stage, follow_letter
from services.complaints.domain.states import Kind, check_kind
from services.complaints.domain.submission import Part, Submission
from shared.contracts import complaints as facts
from shared.law import Office

NOT_SUPPLEMENTED = "not-supplemented"
"""The reason a letter is filed for when its sender did not supply in time."""

IN_WRITING = "denunciation-in-writing"
"""The reason a letter is guided for when it holds a denunciation."""

SENDERS_LIMIT = "one-stop.applicant-answer"
"""The rule that says until when a sender supplies where the request names no day: the convention for applicants."""

Split: TypeAlias = tuple[Submission, facts.SubmissionSplit]
Guided: TypeAlias = tuple[Submission, facts.SubmissionGuided]
Filed: TypeAlias = tuple[Submission, facts.SubmissionFiled]
Asked: TypeAlias = tuple[Submission, facts.SubmissionSupplementRequested]
Supplied: TypeAlias = tuple[Submission, facts.SubmissionSupplied]
Linked: TypeAlias = tuple[Submission, facts.SubmissionLinked]
Transferred: TypeAlias = tuple[Submission, facts.SubmissionTransferred]


def split(submission: Submission, parts: Sequence[Part], *, at: datetime, office: Office) -> Split:
    """Say what the parts of a letter are; the cases are opened beside this."""
    stage = follow_letter(submission.state, "split")
    for part in parts:
        check_kind(part.kind)
        if part.kind is Kind.COMPLAINT and submission.anonymous:
            raise refusals.AnonymousComplaint
    read = _read(submission, stage, at, office, cases=len(parts))
    return read, facts.SubmissionSplit(**_about(read, at), cases=read.cases)


def guide(submission: Submission, *, reason_class: str, at: datetime, office: Office) -> Guided:
    """Show the sender the right way; nothing is opened here."""
    stage = follow_letter(submission.state, "guide")
    read = _read(submission, stage, at, office, reason_class=reason_class, closed_at=at)
    return read, facts.SubmissionGuided(**_about(read, at), reason_class=reason_class)


def file_away(submission: Submission, *, reason_class: str, at: datetime, office: Office) -> Filed:
    """Keep a letter that is not settled; one whose sender was asked for something only once their time is over."""
    stage = follow_letter(submission.state, "file")
    _check_wait(submission, reason_class, at)
    read = _read(submission, stage, at, office, reason_class=reason_class, closed_at=at, respond_by=None)
    return read, facts.SubmissionFiled(**_about(read, at), reason_class=reason_class)


def _check_wait(submission: Submission, reason_class: str, at: datetime) -> None:
    lapsed = reason_class == NOT_SUPPLEMENTED
    if submission.respond_by is None:
        if lapsed:
            raise refusals.NothingAsked
        return
    if not lapsed:
        raise refusals.AwaitingSupplement
    if local_day(at) <= submission.respond_by:
        raise refusals.SupplementNotLapsed(respond_by=submission.respond_by)


def request_supplement(submission: Submission, *, respond_by: date | None, at: datetime, office: Office) -> Asked:
    """Ask the sender for what is missing; the screening stands still until it comes."""
    stage = follow_letter(submission.state, "request-supplement")
    by = respond_by or last_day(SENDERS_LIMIT, at, office, on=local_day(submission.received_at))
    if by <= local_day(at):
        raise refusals.RespondByTooEarly(field="/respond_by")
    paused = _screening(submission).pause(at, office)
    due = paused.read(office)
    waiting = submission.next(
        state=stage,
        respond_by=by,
        supplements=submission.supplements + 1,
        screening=paused,
        due_at=due.due_at,
        due_on=due.due_on,
    )
    return waiting, facts.SubmissionSupplementRequested(**_about(waiting, at), respond_by=by)


def supply(submission: Submission, *, at: datetime, office: Office) -> Supplied:
    """Take what was missing, also after its day as long as the letter was not filed: the screening goes on."""
    stage = follow_letter(submission.state, "supply")
    going_on = _screening(submission).resume(at, office)
    due_at, due_on = due_of(going_on)
    supplied = submission.next(state=stage, respond_by=None, screening=going_on, due_at=due_at, due_on=due_on)
    return supplied, facts.SubmissionSupplied(**_about(supplied, at), due_at=due_at, due_on=due_on)


def link(submission: Submission, to: Submission, *, followed: bool, at: datetime, office: Office) -> Linked:
    """Find that the letter says what another one said already; `followed`: a third letter was linked to this one.

    Nothing is merged: the letter keeps its receipt. Never across confidentiality, and never in a chain.
    """
    stage = follow_letter(submission.state, "link")
    if submission.id == to.id:
        raise refusals.SameLetter(field="/with_submission")
    if confidentiality(submission) != confidentiality(to):
        raise refusals.AcrossConfidentiality
    if to.state is Stage.LINKED or followed:
        raise refusals.LinkedInChain
    read = _read(submission, stage, at, office, linked_with=to.id, closed_at=at)
    return read, facts.SubmissionLinked(**_about(read, at), with_submission=to.id)


def confidentiality(submission: Submission) -> str:
    """How well a letter is kept: one that holds a denunciation, one that names nobody, or any other."""
    if submission.reason_class == IN_WRITING:
        return "denunciation"
    return "anonymous" if submission.anonymous else "named"


def transfer(
    submission: Submission, *, to: Unit | None, reason_class: str, at: datetime, office: Office
) -> Transferred:
    """Pass the letter on: another unit of the province screens it within a limit of its own; None is a body outside."""
    stage = follow_letter(submission.state, "transfer")
    if to is None:
        read = _read(submission, stage, at, office, reason_class=reason_class, closed_at=at)
        return read, facts.SubmissionTransferred(**_about(read, at), reason_class=reason_class)
    _check_way(submission, to)
    anew = begin(SCREENING, at, office, received_at=submission.received_at)
    due_at, due_on = due_of(anew)
    moved = submission.next(
        unit=to.code,
        passed_on_by=(*submission.passed_on_by, submission.unit),
        screening=anew,
        due_at=due_at,
        due_on=due_on,
    )
    said = {**_about(moved, at), "unit": submission.unit}
    return moved, facts.SubmissionTransferred(
        **said, to_unit=to.code, reason_class=reason_class, due_at=due_at, due_on=due_on
    )


def _check_way(submission: Submission, to: Unit) -> None:
    """Letters go round in no circle: a unit that passed one on does not get it again."""
    if to.code == submission.unit:
        raise refusals.SameUnit(field="/to_unit")
    if to.code in submission.passed_on_by:
        raise refusals.PassedOnAlready(field="/to_unit", unit=to.code)


def _about(submission: Submission, at: datetime) -> dict[str, Any]:
    """What every fact of a letter says."""
    return {
        "occurred_at": at, "submission": submission.id, "code": submission.receipt_no, "unit": submission.unit, "recipient": submission.recipient,
    }  # fmt: skip


def _screening(submission: Submission) -> Term:
    if submission.screening is None:
        raise AssertionError("a letter is screened within a limit")
    return submission.screening


def _read(submission: Submission, stage: Stage, at: datetime, office: Office, **changes: Any) -> Submission:
    screening = submission.screening and submission.screening.end(at, office)
    return submission.next(state=stage, screening=screening, due_at=None, due_on=None, **changes)
