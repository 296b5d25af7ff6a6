"""Letters: register, split, guide, file, ask for what is missing and take it, link, pass on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.complaints import domain
from services.complaints.domain import Case, Letter, Office, Part, Submission, refusals, screening
from services.complaints.handlers.desk import (
    Desk,
    acting,
    known_unit,
    nobody,
    state_case,
    state_letter,
    today,
)
from services.complaints.store import cases, people, reference, submissions
from services.complaints.store.people import Party
from services.complaints.store.submissions import LetterTexts
from shared.contracts.envelope import Fact
from shared.kernel import Caller, NotFound, Once, Principal, Stale
from shared.law import ZONE
from shared.store import vault
from shared.store.lookups import lookup_secret, lookup_verifier
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
            verifier=lookup_verifier(keys, receipt_no, lookup_secret(keys, id_, 0)), office=desk.office_at(asked.received_at or work.now),
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
        before = await _load(work, "split", id, seen)
        office = desk.office_at(before.received_at)
        submission, fact = screening.split(before, parts, at=_instant(work, before), office=office)
        await submissions.save(work, submission)
        state_letter(work, before, submission, [fact])
        opened = [await _open(work, submission, part, number, office) for number, part in enumerate(parts, 1)]
        work.answers(split_answer(submission, opened, work.who))
    return submission, opened


def split_answer(submission: Submission, opened: Sequence[Case], who: Principal) -> dict[str, Any]:
    """What a screener is told about a letter and its cases."""
    return domain.submission_snapshot(submission, who) | {"opened": [domain.brief(case) for case in opened]}


async def _open(work: Work, submission: Submission, part: Part, number: int, office: Office) -> Case:
    unit = await known_unit(work.db, part.unit, work.now, field=f"/parts/{number - 1}/unit")
    case, fact = domain.open_case(
        submission,
        part,
        unit,
        id=work.new_id(),
        number=number,
        at=work.now,
        office=office,
    )
    await cases.create(work, case, summary=part.summary)
    state_case(work, None, case, [fact])
    return case


async def guide_letter(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Submission:
    """Show the sender the right way; the text stays here, its class goes out."""
    async with desk.works.begin(who) as work:
        before = await _load(work, "guide", id, seen)
        office = desk.office_at(before.received_at)
        after, fact = screening.guide(before, reason_class=reason_class, at=_instant(work, before), office=office)
        await _close(work, before, after, fact, reason)
    return after


async def file_letter(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Submission:
    """Keep a letter that is not settled; the text stays here, its class goes out."""
    async with desk.works.begin(who) as work:
        before = await _load(work, "file", id, seen)
        office = desk.office_at(before.received_at)
        after, fact = screening.file_away(before, reason_class=reason_class, at=_instant(work, before), office=office)
        await _close(work, before, after, fact, reason)
    return after


async def _close(work: Work, before: Submission, after: Submission, fact: Fact, reason: str) -> None:
    await submissions.save(work, after, reason=reason)
    state_letter(work, before, after, [fact])


async def request_supplement(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason: str, respond_by: date | None
) -> Submission:
    """Ask the sender for what is missing; the screening stands still."""
    async with desk.works.begin(who) as work:
        before = await _load(work, "request-supplement", id, seen)
        office = desk.office_at(before.received_at)
        after, fact = screening.request_supplement(
            before, respond_by=respond_by, at=_instant(work, before), office=office
        )
        await _write(work, before, after, fact, {"command": "request-supplement", "text": reason})
    return after


async def supply_letter(desk: Desk, who: Caller, id: UUID, seen: int | None, *, text: str) -> Submission:
    """Take what was missing, from the sender or at the counter; the screening goes on."""
    async with desk.works.begin(who) as work:
        return await _supply(desk, work, await _load(work, "supply", id, seen), text)


async def supply_by_receipt(desk: Desk, once: Once | None, id: UUID, *, text: str) -> Submission:
    """Take what was missing from whoever showed the receipt's number and secret; nothing of a sign-in is kept."""
    async with desk.works.begin(nobody(once)) as work:
        return await _supply(desk, work, await submissions.load(work, id), text)


async def _supply(desk: Desk, work: Work, before: Submission, text: str) -> Submission:
    after, fact = screening.supply(before, at=_instant(work, before), office=desk.office_at(before.received_at))
    await _write(work, before, after, fact, {"command": "supply", "text": text})
    return after


async def transfer_letter(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, to_unit: str | None, to_body: str | None, reason_class: str, reason: str
) -> Submission:  # fmt: skip
    """Pass the letter on, to a unit of the province or to a body outside it."""
    async with desk.works.begin(who) as work:
        before = await _load(work, "transfer", id, seen)
        to = None if to_unit is None else await known_unit(work.db, to_unit, work.now, field="/to_unit")
        office = desk.office_at(before.received_at)
        after, fact = screening.transfer(
            before, to=to, reason_class=reason_class, at=_instant(work, before), office=office
        )
        said = {"command": "transfer", "text": reason, "to_unit": to_unit, "to_body": to_body}
        await _write(work, before, after, fact, said)
    return after


async def link_letter(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, with_submission: UUID, reason: str
) -> Submission:
    """Find by hand that a letter says what another one said; one that somebody may not screen is as unknown as none."""
    async with desk.works.begin(who) as work:
        before, other = await submissions.load_both(work, id, with_submission)
        _admit(work, "link", before, seen)
        if other is None or domain.screening_capacity(other, work.who) is None:
            raise refusals.UnknownLetter(field="/with_submission")
        followed, office = await submissions.is_followed(work, id), desk.office_at(before.received_at)
        after, fact = screening.link(before, other, followed=followed, at=_instant(work, before), office=office)
        await _write(work, before, after, fact, {"command": "link", "text": reason})
    return after


async def _write(work: Work, before: Submission, after: Submission, fact: Fact, said: Mapping[str, Any]) -> None:
    written = {"at": work.now.astimezone(ZONE).isoformat(), **said}
    await submissions.save(work, after, written=written)
    state_letter(work, before, after, [fact])


def _instant(work: Work, letter: Submission) -> datetime:
    """Now; a machine's clock that lags puts nothing before what happened last."""
    return work.now if letter.screening is None else max(work.now, letter.screening.last_at)


async def _load(work: Work, command: str, id: UUID, seen: int | None) -> Submission:
    """The letter a command is given on."""
    submission = await submissions.load(work, id)
    _admit(work, command, submission, seen)
    return submission


def _admit(work: Work, command: str, submission: Submission, seen: int | None) -> None:
    """Absent and not allowed look the same, and nothing is told before that."""
    role = domain.letter_capacity(command, submission, work.who)
    if role is None:
        raise NotFound
    work.caller = acting(work.caller, role)
    if seen is not None and seen != submission.version:
        raise Stale(seen=seen, version=submission.version)
