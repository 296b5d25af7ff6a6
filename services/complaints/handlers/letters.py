"""Letters: register, split, guide, file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.complaints import domain
from services.complaints.domain import Case, Letter, Part, Submission, refusals
from services.complaints.domain import submission as letters
from services.complaints.handlers.desk import (
    Desk,
    acting,
    known_unit,
    lookup_secret,
    lookup_verifier,
    nobody,
    office_at,
    state_case,
    state_letter,
    today,
)
from services.complaints.store import cases, people, reference, submissions
from services.complaints.store.people import Party
from services.complaints.store.submissions import LetterTexts
from shared.contracts.envelope import Fact
from shared.kernel import Caller, NotFound, Principal, Stale
from shared.store import vault
from shared.store.unit_of_work import Work


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """One of a letter's people, as written in it."""

    role: str
    details: vault.Details


@dataclass(frozen=True, slots=True, repr=False)
class Filing:
    """A letter with its text and its people."""

    letter: Letter
    body: str
    people: Sequence[Person] = ()
    late_reason: str | None = None

    def texts(self) -> LetterTexts:
        """What stands in the letter's row and never leaves."""
        about = self.letter.about
        return LetterTexts(self.body, about.project, about.decision_no, self.late_reason)


async def register_letter(desk: Desk, who: Caller, filing: Filing) -> Submission:
    """Take a letter in: row, people, fact, limit and the idempotent answer in one transaction."""
    asked, keys = filing.letter, desk.works.keys
    role = domain.filing_capacity(who.principal, asked.unit, anonymous=asked.anonymous)
    counter = role not in {"citizen", domain.ANONYMOUS}
    async with desk.works.begin(nobody(who.once) if role == domain.ANONYMOUS else acting(who, role)) as work:
        domain.check_letter(asked, people=len(filing.people), at=work.now, counter=counter)
        await _check_reference(work, asked)
        id_, parties = work.new_id(), _keep_people(work, filing.people, counter=counter)
        receipt_no = await submissions.next_receipt(work, asked.unit, today(work.now))
        submission, fact = domain.register(
            asked, id=id_, receipt_no=receipt_no, parties=[party.recipient for party in parties], at=work.now,
            verifier=lookup_verifier(keys, receipt_no, lookup_secret(keys, id_, 0)), office=office_at(asked.received_at or work.now),
        )  # fmt: skip
        await submissions.create(work, submission, filing.texts())
        await people.add(work, id_, parties)
        state_letter(work, None, submission, [fact])
    return submission


async def _check_reference(work: Work, letter: Letter) -> None:
    await known_unit(work.db, letter.unit, work.now, field="/unit")
    procedure = letter.about.procedure
    if procedure is not None and not await reference.knows_procedure(work.db, procedure):
        raise refusals.UnknownProcedure(field="/about/procedure", procedure=procedure)


def _keep_people(work: Work, persons: Sequence[Person], *, counter: bool) -> list[Party]:
    """Put the people into the vault, before the receipt counter is locked: encryption takes its time."""
    first = None if counter else work.who.recipient
    return [
        _keep(work, person, first if number == 0 and first is not None else _inbox(work, person, proven=counter))
        for number, person in enumerate(persons)
    ]


def _inbox(work: Work, person: Person, *, proven: bool) -> UUID:
    """Whom a citizen names beside themselves is not proven: only an officer's word opens another's inbox."""
    identity_no = person.details.identity_no
    return vault.recipient_of(work.works.keys.people, identity_no) if proven and identity_no else work.new_id()


def _keep(work: Work, person: Person, recipient: UUID) -> Party:
    row = work.new_id()
    work.keep(vault.enclose(work.works.keys, row, recipient, person.details))
    return Party(work.new_id(), person.role, recipient, row)


async def split_letter(
    desk: Desk, who: Caller, id: UUID, seen: int | None, parts: Sequence[Part]
) -> tuple[Submission, Sequence[Case]]:
    """Open a case for each part of a letter, with the unit that is competent for it."""
    async with desk.works.begin(who) as work:
        before = await _load(work, id, seen)
        office = office_at(before.received_at)
        submission, fact = letters.split(before, parts, at=work.now, office=office)
        await submissions.save(work, submission)
        state_letter(work, before, submission, [fact])
        opened = [await _open(work, submission, part, number) for number, part in enumerate(parts, 1)]
        work.answers(split_answer(submission, opened, work.who))
    return submission, opened


def split_answer(submission: Submission, opened: Sequence[Case], who: Principal) -> dict[str, Any]:
    """What a screener is told about a letter and its cases."""
    return domain.submission_snapshot(submission, who) | {"opened": [domain.brief(case) for case in opened]}


async def _open(work: Work, submission: Submission, part: Part, number: int) -> Case:
    unit = await known_unit(work.db, part.unit, work.now, field=f"/parts/{number - 1}/unit")
    case, fact = domain.open_case(
        submission, part, unit, id=work.new_id(), number=number, at=work.now, office=office_at(submission.received_at)
    )
    await cases.create(work, case, summary=part.summary)
    state_case(work, None, case, [fact])
    return case


async def guide_letter(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Submission:
    """Show the sender the right way; the text stays here, its class goes out."""
    async with desk.works.begin(who) as work:
        before = await _load(work, id, seen)
        office = office_at(before.received_at)
        after, fact = letters.guide(before, reason_class=reason_class, at=work.now, office=office)
        await _close(work, before, after, fact, reason)
    return after


async def file_letter(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Submission:
    """Keep a letter that is not settled; the text stays here, its class goes out."""
    async with desk.works.begin(who) as work:
        before = await _load(work, id, seen)
        office = office_at(before.received_at)
        after, fact = letters.file_away(before, reason_class=reason_class, at=work.now, office=office)
        await _close(work, before, after, fact, reason)
    return after


async def _close(work: Work, before: Submission, after: Submission, fact: Fact, reason: str) -> None:
    await submissions.save(work, after, reason=reason)
    state_letter(work, before, after, [fact])


async def _load(work: Work, id: UUID, seen: int | None) -> Submission:
    """The letter somebody screens: absent and not allowed look the same, and nothing is told before that."""
    submission = await submissions.load(work, id)
    role = domain.screening_capacity(submission, work.who)
    if role is None:
        raise NotFound
    work.caller = acting(work.caller, role)
    if seen is not None and seen != submission.version:
        raise Stale(seen=seen, version=submission.version)
    return submission
