"""The hand-in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from services.intake import domain, store
from services.intake.domain import Dossier, Procedure, Submission, Unit
from services.intake.handlers.desk import Desk, Filing, acting, state
from services.intake.handlers.files import attach, component_files
from services.intake.handlers.online import check_form, keep_form
from shared.kernel import Caller, Principal
from shared.law import ZONE
from shared.store import vault
from shared.store.lookups import lookup_secret, lookup_verifier
from shared.store.unit_of_work import Work
from shared.store.vault import PersonRow


class Hand(NamedTuple):
    """Whose inbox hears of a dossier, and where submitter and owner stand in the vault."""

    recipient: UUID
    person: PersonRow
    owner: UUID | None


@dataclass(frozen=True, slots=True)
class Alike:
    """The code of a dossier of the same person and procedure that has no result yet."""

    code: str
    name: str = "same-procedure-open"


async def submit_dossier(desk: Desk, who: Caller, filing: Filing) -> Dossier:
    """File a dossier."""
    return (await file_dossier(desk, who, filing))[0]


async def file_dossier(desk: Desk, who: Caller, filing: Filing) -> tuple[Dossier, tuple[Alike, ...]]:
    """File a dossier, and hear of those like it: row, code, facts, deadlines, people and the idempotent answer in one transaction."""
    asked = filing.submission
    unit, procedure = desk.shelf.unit(asked.unit), version_of(desk, asked)
    role = domain.filing_capacity(who.principal, unit.code)
    if filing.form is not None:
        check_form(procedure, filing.form)

    async def file(work: Work) -> tuple[Dossier, tuple[Alike, ...]]:
        domain.check_submission(asked, procedure, unit, at=work.now, counter=role == "clerk")
        recipient = recipient_of(work, filing.submitter)
        await _check_before(work, asked, recipient)
        hand = Hand(recipient, *keep_people(work, recipient, filing))
        alike = await alike_of(work, recipient, filing)
        return await enter(work, desk, filing, procedure, unit, hand, hints=alike), alike

    return await desk.together.do(acting(who, role), file)


def version_of(desk: Desk, asked: Submission) -> Procedure:
    """The version of its procedure that a dossier keeps: the one in force on the day of its receipt."""
    received_on = (asked.received_at or desk.works.clock()).astimezone(ZONE).date()
    return desk.shelf.procedure(asked.procedure, received_on)


async def enter(
    work: Work,
    desk: Desk,
    filing: Filing,
    procedure: Procedure,
    unit: Unit,
    hand: Hand,
    at: str = "",
    hints: Sequence[Alike] = (),
) -> Dossier:
    """Write a checked filing: its files, code, row, facts and deadlines, and what a repeat is answered; `at`: its place in the body."""
    asked, keys, id_ = filing.submission, desk.works.keys, work.new_id()
    if filing.form is not None:
        keep_form(work, id_, hand.person, filing.form)
    await attach(work, id_, component_files(asked.components, at), domain.COMPONENT)
    code = await store.next_code(work, unit.agency, work.now.astimezone(ZONE).date())
    dossier, stated = domain.submit(
        asked, procedure, id=id_, code=code, recipient=hand.recipient, verifier=lookup_verifier(keys, code, lookup_secret(keys, id_, 0)),
        at=work.now, office=desk.office_at(asked.received_at or work.now, unit.code), sets=filing.sets,
    )  # fmt: skip
    store.create(
        work,
        dossier,
        person=hand.person.id,
        owner=hand.owner,
        summary=filing.summary,
        components=asked.components,
        late_entry_reason=asked.late_entry_reason,
    )
    state(work, None, dossier, *stated, hints=hints)
    return dossier


async def _check_before(work: Work, asked: Submission, recipient: UUID) -> None:
    if asked.resubmits is None:
        return
    before, again = await store.resubmitted(work, asked.resubmits)
    domain.check_resubmission(before, again, procedure=asked.procedure, recipient=recipient)


async def find_alike(desk: Desk, who: Caller, filing: Filing) -> tuple[Alike, ...]:
    """The dossiers like one that is about to be filed, as far as its clerk may see them; `Repeated` where it was filed already."""
    if (number := filing.submitter.identity_no) is None:
        return ()
    async with desk.works.begin(who) as work:
        return await alike_of(work, vault.recipient_of(desk.works.keys.people, number), filing)


async def alike_of(work: Work, recipient: UUID, filing: Filing) -> tuple[Alike, ...]:
    """A clerk hears of their own units' dossiers, a person of all their own; of somebody without a number nothing is known."""
    if not filing.submitter.identity_no:
        return ()
    who = work.who
    units = None if who.recipient == recipient or who.has("admin") else who.units
    found = await store.open_alike(work, recipient, filing.submission.procedure, units)
    return tuple(Alike(code) for code in found)


def recipient_of(work: Work, submitter: vault.Details) -> UUID:
    """The inbox of the person the dossier is for; people without a number get a random one."""
    who: Principal = work.who
    if who.acting == "citizen" and who.recipient is not None:
        return who.recipient
    return vault.recipient_of(work.works.keys.people, submitter.identity_no) if submitter.identity_no else work.new_id()


def keep_people(work: Work, recipient: UUID, filing: Filing) -> tuple[PersonRow, UUID | None]:
    """Put submitter and owner into the vault, before the counter is locked: encryption takes its time."""
    person = vault.enclose(work.works.keys, work.new_id(), recipient, filing.submitter)
    work.keep(person)
    if filing.owner is None:
        return person, None
    owner = work.new_id()
    work.keep(vault.enclose(work.works.keys, owner, work.new_id(), filing.owner), contact=False)
    return person, owner
