"""Letters: what arrived, immutable, and who sees it. What is done with one stands in `screening`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from msgspec import Struct, structs

from services.complaints.domain import refusals
from services.complaints.domain.clocks import SCREENING, Term, begin, due_of
from services.complaints.domain.stages import (
    COUNTER,
    LETTER_ARROWS,
    LETTER_NEEDS,
    LETTER_ROLES,
    SCREENERS,
    STAGE_PHASE,
    UNREAD,
    Stage,
)
from services.complaints.domain.states import Kind
from shared.contracts import complaints as facts
from shared.kernel import TENANT, Forbidden, Principal
from shared.law import Office

LONGEST_BACKLOG = timedelta(days=366)
"""A letter may be entered at most so long after it was received."""

ANONYMOUS = "anonymous"
"""The role of a sender who is not named: nothing of a sign-in is kept."""


@dataclass(frozen=True, slots=True)
class About:
    """What a letter is about, where the sender says so; free words of it stay with the text."""

    dossier: UUID | None = None
    case: UUID | None = None
    project: str | None = None
    procedure: str | None = None
    decision_no: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person or an officer hands in; the text and the people stand apart."""

    channel: str
    unit: str
    anonymous: bool
    received_at: datetime | None = None
    about: About = About()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a letter as its screener reads it: of what kind, and which unit is competent."""

    kind: Kind
    summary: str
    unit: str


class Submission(Struct, frozen=True):
    """One letter; what was written never changes, only where it stands. `passed_on_by`: the units that had it before."""

    id: UUID
    receipt_no: str
    unit: str
    channel: str
    anonymous: bool
    state: Stage
    recipient: UUID | None
    received_at: datetime
    registered_at: datetime
    due_at: datetime | None
    due_on: date | None
    about_dossier: UUID | None = None
    about_case: UUID | None = None
    about_procedure: str | None = None
    version: int = 1
    lookup_number: int = 0
    cases: int = 0
    reason_class: str | None = None
    closed_at: datetime | None = None
    respond_by: date | None = None
    supplements: int = 0
    linked_with: UUID | None = None
    passed_on_by: tuple[str, ...] = ()
    source: str | None = None
    """The system that keeps this letter; it is worked on there."""
    tells_citizens: bool = True
    backfilled_at: datetime | None = None
    screening: Term | None = None
    parties: frozenset[UUID] = frozenset()

    @property
    def phase(self) -> str:
        """What it means for the sender."""
        return STAGE_PHASE[self.state]

    def having(self, **changes: Any) -> Submission:
        """The same version, with these changes."""
        return structs.replace(self, **changes)

    def next(self, **changes: Any) -> Submission:
        """The next version, with these changes."""
        return structs.replace(self, version=self.version + 1, **changes)


SUBMISSION = tuple(name for name in Submission.__struct_fields__ if name not in {"screening", "parties"})
"""What is kept in the letter's row: everything but the clock and the people."""

submission_values = attrgetter(*SUBMISSION)
"""A letter's values in the order of `SUBMISSION`."""


def filing_capacity(who: Principal, unit: str, *, anonymous: bool) -> str:
    """In which role somebody hands in a letter: an officer of the unit, nobody we know, or a citizen who is known."""
    for role in COUNTER:
        if role in who.roles and who.may_act_for(unit):
            return role
    if anonymous:
        return ANONYMOUS
    if not who.has("citizen"):
        raise Forbidden(unit=unit)
    if who.recipient is None:
        raise refusals.IdentityUnknown
    return "citizen"


def check_letter(letter: Letter, *, people: int, at: datetime, counter: bool) -> None:
    """What a letter is refused for, field by field; `counter`: an officer of the unit enters it."""
    if letter.anonymous and people:
        raise refusals.AnonymousWithPeople(field="/parties")
    if not letter.anonymous and not people:
        raise refusals.SenderMissing(field="/parties")
    if letter.channel != "online" and not counter:
        raise refusals.CounterOnly(field="/channel")
    if letter.received_at is not None:
        _check_receipt(letter.received_at, at, counter=counter)


def _check_receipt(received_at: datetime, at: datetime, *, counter: bool) -> None:
    if not counter:
        raise refusals.ReceivedAtCounterOnly(field="/received_at")
    if received_at > at:
        raise refusals.InTheFuture(field="/received_at")
    if received_at < at - LONGEST_BACKLOG:
        raise refusals.TooLongAgo(field="/received_at", days=LONGEST_BACKLOG.days)


def register(
    letter: Letter, *, id: UUID, receipt_no: str, parties: Sequence[UUID], verifier: str, at: datetime, office: Office
) -> tuple[Submission, facts.SubmissionRegistered]:  # fmt: skip
    """Take a letter in; it is read within the shortest limit it may fall under."""
    received_at, about = letter.received_at or at, letter.about
    screening = begin(SCREENING, received_at, office, received_at=received_at)
    due_at, due_on = due_of(screening)
    submission = Submission(
        id=id, receipt_no=receipt_no, unit=letter.unit, channel=letter.channel, anonymous=letter.anonymous, state=Stage.REGISTERED,
        recipient=parties[0] if parties else None, received_at=received_at, registered_at=at, due_at=due_at, due_on=due_on,
        about_dossier=about.dossier, about_case=about.case, about_procedure=about.procedure, screening=screening, parties=frozenset(parties),
    )  # fmt: skip
    return submission, facts.SubmissionRegistered(
        occurred_at=at, submission=id, code=receipt_no, unit=letter.unit, channel=letter.channel, recipient=submission.recipient,
        anonymous=letter.anonymous, parties=len(parties), received_at=received_at, due_on=due_on, lookup_verifier=verifier,
    )  # fmt: skip


def letter_capacity(command: str, submission: Submission, who: Principal) -> str | None:
    """In which of their roles somebody may give this command: one of the letter's people, or an officer of the unit that has it."""
    ours = who.may_act_for(submission.unit)
    fits = {"citizen": is_sender(submission, who)}
    return next((role for role in LETTER_ROLES[command] if role in who.roles and fits.get(role, ours)), None)


def screening_capacity(submission: Submission, who: Principal) -> str | None:
    """In which role somebody screens this letter: a screener or the head of the unit that has it."""
    if not who.may_act_for(submission.unit):
        return None
    return next((role for role in SCREENERS if role in who.roles), None)


def is_sender(submission: Submission, who: Principal) -> bool:
    """Whether this person is one of the letter's people."""
    return who.recipient is not None and who.recipient in submission.parties


def may_see_letter(submission: Submission, who: Principal) -> bool:
    """Its people, its screeners, and the province's inspectors know that a letter is there and where it stands."""
    return is_sender(submission, who) or _for_the_office(submission, who)


def _for_the_office(submission: Submission, who: Principal) -> bool:
    return screening_capacity(submission, who) is not None or sees_province(who)


def may_read_letter(submission: Submission, who: Principal) -> bool:
    """Its people read what they wrote; screeners only until it is classified, then each case has its own extract."""
    if is_sender(submission, who):
        return True
    return submission.state in UNREAD and screening_capacity(submission, who) is not None


def sees_province(who: Principal) -> bool:
    """The provincial inspectorate reads cases of every unit."""
    return who.has("inspector") and who.may_act_for(PROVINCE)


PROVINCE = TENANT
"""The province itself, as a unit."""


def submission_snapshot(submission: Submission, who: Principal) -> dict[str, Any]:
    """What this principal is shown of a letter: plain values, no clock, no people; which letter it is linked with may be another's."""
    shown = dict(zip(SUBMISSION, submission_values(submission), strict=True))
    shown["phase"] = submission.phase
    if not _for_the_office(submission, who):
        shown["linked_with"] = None
    shown["actions"] = [
        {"name": command, "needs": list(LETTER_NEEDS[command])}
        for command in LETTER_ARROWS[submission.state]
        if submission.source is None and letter_capacity(command, submission, who) is not None
    ]
    return shown
